package ui

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// shell is an App that runs a command as a plain process.
func shell(id, cmd string, instances string, more string) string {
	return `{"id": ` + quote(id) + `, "cmd": ` + quote(cmd) + `, "instances": ` + instances + `, "cpus": 0.1, "mem": 32, "backoffSeconds": 1` + more + `}`
}

const forever = "exec sleep 100000"

// populated is a mini cluster with something of everything: Apps that run, one that
// can never be placed, one that fails again and again, quotas.
func populated(t *testing.T) gantry {
	t.Helper()
	g, _ := mini(t, "--agents", "3")
	g.must(http.MethodPut, "/v3/queues/prod", `{"weight": 2, "guarantee": {"cpus": 2}, "limit": {"cpus": 6}}`)
	g.must(http.MethodPost, "/v2/apps", shell("/prod/web", "echo hello from the web; "+forever, "3", `, "labels": {"tier": "front"}`))
	g.must(http.MethodPost, "/v2/apps", shell("/prod/api/users", forever, "2", ""))
	g.must(http.MethodPost, "/v2/apps", shell("/batch/reports", forever, "4", ""))
	g.must(http.MethodPost, "/v2/apps", shell("/dev/broken", "echo cannot open the database >&2; exit 3", "1", ""))
	g.must(http.MethodPost, "/v2/apps", `{"id": "/batch/huge", "cmd": "sleep 1", "instances": 2, "cpus": 64, "mem": 32}`)
	g.settled("/prod/web", 3)
	g.settled("/prod/api/users", 2)
	g.settled("/batch/reports", 4)
	return g
}

// place is a page, and what it must show of a populated cluster.
type place struct {
	path  string
	shows []string
}

var places = []place{
	{"", []string{"Overview", "Instances running", "live", "/prod", "/batch", "What waits", "/batch/huge", "needs 64", "Mesos master", "Deployments under way"}},
	{"apps", []string{"Apps", "5 apps", "prod", "web", "users", "reports", "3 / 3", "deploying"}},
	{"apps/prod/web", []string{"/prod/web", "3 of 3 running", "tier=front", "running", "127.0.0.", "Instances (3)"}},
	{"apps/prod/web?tab=timeline", []string{"status update", "running on 127.0.0.", "deployment success"}},
	{"apps/prod/web?tab=configuration", []string{`"cmd": "echo hello from the web`, "(current)"}},
	{"apps/prod/web?tab=logs", []string{"hello from the web", "followed live", "Download all"}},
	{"apps/batch/huge", []string{"Why 2 instances wait", "needs 64", "insufficient cpus", "None fits", "3 agents too small", "step 2 of 2"}},
	{"apps/dev/broken", []string{"Last failure", "Command exited with status 3", "cannot open the database"}},
	{"deployments", []string{"Under way", "scale /batch/huge", "0 of 2 running", "done", "What has been"}},
	{"agents", []string{"3 agents", "127.0.0.2", "active", "others and executors", "/prod"}},
	{"sharing", []string{"Sharing", "Jain's index", "dominant resource fairness", "/prod", "2 cpus", "6 cpus"}},
	{"events?q=huge", []string{"Events", "/batch/huge", "instance changed", "scheduled"}},
	{"new", []string{"New app", "Create", "As YAML"}},
	{"edit/prod/web", []string{"Edit /prod/web", "Deploy"}},
	{"nothing/here", []string{"There is no such page"}},
	{"apps/none", []string{"There is no such app"}},
}

func TestPages(t *testing.T) {
	t.Parallel()
	g := populated(t)
	p := blank(t, g.url)
	p.auditable()
	t.Run("every page shows what it is about, and is accessible", func(t *testing.T) {
		p := p.in(t)
		commands := map[string]bool{}
		for _, c := range places {
			p.open(c.path)
			p.sees(c.shows...)
			p.audit(c.path)
			for _, line := range eval[[]string](p, `[...document.querySelectorAll(".command code")].map((c) => c.textContent)`) {
				commands[line] = true
			}
			if got := eval[int](p, "document.querySelectorAll('h1').length"); got != 1 {
				t.Errorf("%s has %d headings of the first level, want 1", c.path, got)
			}
		}
		for line := range commands {
			understood(t, line)
		}
	})
	t.Run("in the dark, and narrow", func(t *testing.T) {
		p := p.in(t)
		eval[chromedp.Void](p, `localStorage.theme = "dark"`)
		for _, c := range places {
			p.open(c.path)
			p.sees(c.shows[0])
			p.until(`getComputedStyle(document.documentElement).colorScheme === "dark"`)
			p.audit("dark: "+c.path, "color-contrast")
		}
		eval[chromedp.Void](p, `localStorage.theme = "light"`)
		for _, width := range []int64{320, 3840} {
			p.do(chromedp.EmulateViewport(width, 800))
			for _, c := range places {
				p.open(c.path)
				p.sees(c.shows[0])
				if wide := eval[int64](p, "document.documentElement.scrollWidth"); wide > width {
					t.Errorf("%s is %d wide in a window of %d", c.path, wide, width)
				}
			}
		}
		p.do(chromedp.EmulateViewport(1280, 900))
		command(p, emulation.ClearDeviceMetricsOverride, struct{}{})
	})
	t.Run("filters are in the address", func(t *testing.T) {
		p := p.in(t)
		p.open("apps")
		p.sees("5 apps")
		// A key that makes a character, which the page keeps from being one.
		command(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "/", Text: "/"})
		p.until(`document.activeElement.type === "search"`)
		p.insert("web")
		p.until(`location.search.includes("q=web")`)
		p.sees("1 app")
		p.open("apps?label=tier%3D%3Dfront")
		p.sees("1 app")
		p.open("apps?label=tier%3D")
		p.sees("label selector: expected")
		p.open("apps?group=%2Fprod")
		p.sees("2 of 5 apps")
		p.open("apps?waiting=true")
		p.sees("huge")
		p.open("events?type=status_update_event&q=%2Fbatch%2Freports")
		p.sees("status update", "/batch/reports")
		p.seesNot("/prod/web")
		p.open("agents?q=127.0.0.3")
		p.sees("1 of 3 agents")
	})
	t.Run("by keyboard", func(t *testing.T) {
		p := p.in(t)
		p.open("apps")
		p.sees("5 apps")
		eval[chromedp.Void](p, `document.querySelector('.rows [role="row"][tabindex="0"]').focus()`)
		row := `document.activeElement.getAttribute("role") === "row" && document.activeElement.textContent.includes`
		p.key(kb.ArrowLeft)
		p.until(`document.activeElement.getAttribute("aria-expanded") === "false"`)
		p.key(kb.ArrowRight)
		p.until(`document.activeElement.getAttribute("aria-expanded") === "true"`)
		p.key(kb.ArrowDown)
		p.until(row + `("huge")`)
		p.key(kb.End)
		p.until(row + `("web")`)
		p.key(kb.Home)
		p.until(row + `("batch")`)
		p.key(kb.End)
		p.until(row + `("web")`)
		p.key(kb.Enter)
		p.at("apps/prod/web")
		p.until(`document.activeElement.tagName === "H1" && document.title === "/prod/web · Gantry"`)
		// The first stop leads past the navigation.
		p.open("apps/prod/web")
		p.key(kb.Tab)
		p.until(`document.activeElement.textContent === "To the content"`)
		p.key(kb.Enter)
		p.until(`document.activeElement.id === "main"`)
		p.key(kb.Tab) // the group's link
		p.key(kb.Tab)
		p.until(`document.activeElement.textContent === "Scale…"`)
		p.key(kb.Enter)
		p.until(`document.querySelector("dialog[open]") && document.activeElement.type === "number"`)
		p.key(kb.Escape)
		p.until(`!document.querySelector("dialog") && document.activeElement.textContent === "Scale…"`)
	})
	t.Run("links, back and forth", func(t *testing.T) {
		p := visit(t, p.base, "") // in a tab of its own: a browser keeps the last 50 pages of each
		p.press("Agents")
		p.at("agents")
		p.press("127.0.0.2")
		p.sees("Apps here", "Mesos 1.", "registered")
		p.audit("an agent")
		p.press("Deployments")
		p.at("deployments")
		eval[chromedp.Void](p, "history.back()")
		p.until(`location.pathname.startsWith("/ui/agents/")`)
		eval[chromedp.Void](p, "history.back()")
		p.at("agents")
		p.sees("3 agents")
	})
	t.Run("modules", func(t *testing.T) { modules(p.in(t)) })
}

// understood demands that the command line takes a command that the page shows: its
// words and its flags.
func understood(t *testing.T, line string) {
	t.Helper()
	words := strings.Fields(line)
	var path, flags []string
	for n, w := range words[1:] {
		switch {
		case strings.HasPrefix(w, "--"):
			flags = append(flags, w)
		case len(flags) == 0 && n < 2 && strings.ToLower(w) == w && !strings.ContainsAny(w, "/."):
			path = append(path, w)
		}
	}
	out, err := exec.Command(filepath.Join(bin, "gantry"), append(slices.Clone(path), "--help")...).CombinedOutput()
	if err != nil || words[0] != "gantry" || !strings.Contains(string(out), "gantry "+strings.Join(path, " ")) {
		t.Errorf("the page shows %q, which is no command: %v\n%s", line, err, out)
	}
	for _, f := range flags {
		if !strings.Contains(string(out), f) {
			t.Errorf("the page shows %q, but there is no %s", line, f)
		}
	}
}
