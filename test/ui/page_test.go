package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// page is a tab of the browser that shows the web page, with a profile of its own.
// When the test ends it must have sent nothing to another origin and must not have
// complained in the console.
type page struct {
	t    *testing.T
	ctx  context.Context
	base string
	mu   sync.Mutex
	// complaints are what the console and the policy had to say, strangers are
	// addresses of other origins that were asked.
	complaints, strangers []string
}

// visit opens a tab at a path below /ui/ of the address of a scheduler.
func visit(t *testing.T, base, path string) *page {
	t.Helper()
	p := blank(t, base)
	p.open(path)
	return p
}

// blank opens an empty tab for pages of a base.
func blank(t *testing.T, base string) *page {
	t.Helper()
	p := &page{t: t, base: base}
	ctx, cancel := newTab(chromedp.WithNewBrowserContext(), chromedp.WithListener(p.hear))
	p.ctx = ctx
	for _, enable := range []func() error{
		func() error { _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); return err },
		func() error { _, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{}); return err },
		// Tabs side by side all behave as the one that is looked at.
		func() error {
			_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
			return err
		},
		func() error { _, err := chromedp.Call(ctx, runtime.Enable, cdp.Empty{}); return err },
	} {
		if err := enable(); err != nil {
			t.Fatalf("open a tab: %v", err)
		}
	}
	t.Cleanup(func() {
		defer cancel()
		p.mu.Lock()
		complaints, strangers := p.complaints, p.strangers
		p.mu.Unlock()
		for _, text := range complaints {
			t.Errorf("console: %s", text)
		}
		for _, address := range strangers {
			t.Errorf("a request left the origin: %s", address)
		}
		if t.Failed() {
			p.keep()
		}
	})
	return p
}

// in is the same tab for a part of a test.
func (p *page) in(t *testing.T) *page {
	t.Helper()
	return &page{t: t, ctx: p.ctx, base: p.base}
}

// hear notes what must not be.
func (p *page) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.complaints = append(p.complaints, exception(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			data, _ := json.Marshal(e.Args) // what cannot be written is not interesting
			p.complaints = append(p.complaints, string(data))
		}
	case *cdplog.EventEntryAdded:
		// Answers of the API that are no good ones are the page's affair, and shown there.
		// A machine that starts containers has its network change, on which Chromium breaks
		// off all requests.
		api := e.Entry.Source == cdplog.EntrySourceNetwork && !strings.Contains(e.Entry.URL, "/ui/")
		changed := strings.Contains(e.Entry.Text, "ERR_NETWORK_CHANGED")
		if e.Entry.Level == cdplog.EntryLevelError && !api && !changed {
			p.complaints = append(p.complaints, e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, p.base+"/") && !strings.HasPrefix(e.Request.URL, "about:") {
			p.strangers = append(p.strangers, e.Request.URL)
		}
	}
}

// forgive takes back a complaint that the test has caused, which must be there.
func (p *page) forgive(text string) {
	p.t.Helper()
	eventually(p.t, func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		for n, c := range p.complaints {
			if strings.Contains(c, text) {
				p.complaints = slices.Delete(p.complaints, n, n+1)
				return nil
			}
		}
		return fmt.Errorf("nothing in the console says %s", text)
	})
}

// do carries out actions within the test's patience.
func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("browser: %v", err)
	}
}

// try evaluates an expression, for who wants the error.
func try[T any](p *page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// eval returns the value of an expression.
func eval[T any](p *page, expression string) T {
	p.t.Helper()
	v, err := try[T](p, expression)
	if err != nil {
		p.t.Fatalf("browser: %s: %v", expression, err)
	}
	return v
}

// command sends a command of the protocol.
func command[P, R any](p *page, c cdp.Command[P, R], params P) R {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	r, err := chromedp.Call(ctx, c, params)
	if err != nil {
		p.t.Fatalf("browser: %s: %v", c.Method, err)
	}
	return r
}

// open goes to a path below /ui/ as if its address had been entered.
func (p *page) open(path string) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		r := command(p, cdppage.Navigate, cdppage.NavigateParams{URL: p.base + "/ui/" + path})
		if r.ErrorText == "" && p.drawn(path) {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("open %s: %s; it shows:\n%s", path, r.ErrorText, p.text())
		}
	}
}

// drawn waits for the heading of the page at a path. It gives up after a while, since
// a module that could not be fetched is not asked for again.
func (p *page) drawn(path string) bool {
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience / 3); time.Now().Before(deadline); <-tick.C {
		ok, err := try[bool](p, "document.readyState === 'complete' && location.href === "+quote(p.base+"/ui/"+path)+" && document.querySelector('h1') !== null")
		if err == nil && ok {
			return true
		}
	}
	return false
}

func quote(text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// until waits until an expression is true.
func (p *page) until(expression string) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := try[bool](p, "Boolean("+expression+")")
		if err == nil && ok {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("not within %v: %s (%v)\nthe page shows:\n%s", patience, expression, err, p.text())
		}
		<-tick.C
	}
}

// text is what the page shows.
func (p *page) text() string {
	text, err := try[string](p, "document.body.innerText")
	if err != nil {
		return err.Error()
	}
	return text
}

// sees waits until all texts are shown, in any case of letters.
func (p *page) sees(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.until("document.body.innerText.toLowerCase().includes(" + quote(strings.ToLower(text)) + ")")
	}
}

// seesNot waits until a text is not shown any more.
func (p *page) seesNot(text string) {
	p.t.Helper()
	p.until("!document.body.innerText.toLowerCase().includes(" + quote(strings.ToLower(text)) + ")")
}

// named is an expression for what can be pressed and has a name, in an open dialog
// if there is one.
func named(name string) string {
	return `[...(document.querySelector("dialog[open]") || document).querySelectorAll("button, a, summary, label")].find((e) => (e.getAttribute("aria-label") || e.textContent).replace(/\s+/g, " ").trim() === ` + quote(name) + `)`
}

// press presses a button or follows a link, by its name.
func (p *page) press(name string) {
	p.t.Helper()
	p.until(named(name))
	eval[chromedp.Void](p, named(name)+".click()")
}

// field is an expression for a field by its label.
func field(label string) string {
	return `(() => { const l = [...(document.querySelector("dialog[open]") || document).querySelectorAll("label")].find((e) => e.textContent.trim().startsWith(` + quote(label) +
		`)); return l && (l.control || l.querySelector("input, select, textarea")); })()`
}

// fill enters a text in a field, by its label, in place of what is there.
func (p *page) fill(label, text string) {
	p.t.Helper()
	p.until(field(label))
	eval[chromedp.Void](p, field(label)+".focus(), "+field(label)+".select()")
	p.insert(text)
}

// insert enters a text where the focus is.
func (p *page) insert(text string) {
	p.t.Helper()
	if text == "" {
		p.key(kb.Backspace)
		return
	}
	command(p, input.InsertText, input.InsertTextParams{Text: text})
}

// choose takes an option of a list, by its text's beginning.
func (p *page) choose(label, option string) {
	p.t.Helper()
	p.until(field(label) + " && [..." + field(label) + ".options].some((o) => o.text.startsWith(" + quote(option) + "))")
	eval[chromedp.Void](p, `{ const s = `+field(label)+`; s.value = [...s.options].find((o) => o.text.startsWith(`+quote(option)+`)).value; s.dispatchEvent(new Event("change", { bubbles: true })); }`)
}

// key presses a key, such as "Enter" or "ArrowDown", where the focus is.
func (p *page) key(keys string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys))
}

// at waits until the address is this path below /ui/, perhaps with a query.
func (p *page) at(path string) {
	p.t.Helper()
	u, err := url.Parse(p.base + "/ui/" + path)
	if err != nil {
		p.t.Fatal(err)
	}
	p.until("location.pathname === " + quote(u.Path))
}

// shot returns the picture of what is seen, as PNG.
func (p *page) shot() []byte {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Errorf("picture: %v", err)
	}
	return png
}

// keep writes a picture of a test that failed where its log can name it.
func (p *page) keep() {
	dir := os.Getenv("GANTRY_UI_SHOTS")
	if dir == "" {
		return
	}
	file := filepath.Join(dir, strings.ReplaceAll(p.t.Name(), "/", "_")+".png")
	if err := os.WriteFile(file, p.shot(), 0o600); err == nil {
		p.t.Logf("picture: %s", file)
	}
}

// exception is what an exception says.
func exception(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Text + " " + d.Exception.Description
	}
	return d.Text
}
