package ui

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/minitest"
	"github.com/gantry-mesos/gantry/test/zktest"
)

// The browser asks for user and password, and the page's requests bring them.
func TestTheBrowserLogsIn(t *testing.T) {
	t.Parallel()
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("ops:s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	start(t, "mini", "--runtime", "process", "--agents", "1", "--http-address", address, "--mesos-address", freeAddress(t), "--work-dir", workDir(t),
		"--http-credentials-file", users, "--ui-read-only")
	g := gantry{t, "http://ops:s3cret@" + address}
	g.ready()
	g.must(http.MethodPost, "/v2/apps", shell("/web", forever, "1", ""))
	g.settled("/web", 1)
	p := blank(t, "http://"+address)
	asked := 0
	answer := func(event any) {
		switch e := event.(type) {
		case *fetch.EventRequestPaused:
			go func() {
				_, _ = chromedp.Call(p.ctx, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID})
			}() // the tab may be gone
		case *fetch.EventAuthRequired:
			asked++
			with := &fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseProvideCredentials, Username: "ops", Password: "s3cret"}
			go func() {
				_, _ = chromedp.Call(p.ctx, fetch.ContinueWithAuth, fetch.ContinueWithAuthParams{RequestID: e.RequestID, AuthChallengeResponse: with}) // likewise
			}()
		}
	}
	if err := chromedp.Listen(p.ctx, answer); err != nil {
		t.Fatal(err)
	}
	command(p, fetch.Enable, fetch.EnableParams{HandleAuthRequests: new(true)})
	p.open("apps/web")
	p.sees("1 of 1 running", "live", "read-only")
	if asked == 0 {
		t.Error("the browser was not asked for a password")
	}
	// A page that changes nothing has no button that does.
	for _, path := range []string{"", "apps", "apps/web", "apps/web?tab=configuration", "deployments", "agents", "sharing"} {
		p.open(path)
		p.sees("read-only")
		p.until(`document.querySelectorAll("main h1").length === 1`)
		for _, name := range eval[[]string](p, `[...document.querySelectorAll("main button, main .button")].map((b) => b.textContent).filter((t) => t.endsWith("…") || t === "New app" || t === "Edit")`) {
			t.Errorf("%q: the page that is read-only has a button %q", path, name)
		}
	}
	p.open("new")
	p.sees("--ui-read-only")
}

// A standby serves the page and passes on what it asks, the stream of events included.
func TestAStandbyServesThePage(t *testing.T) {
	t.Parallel()
	zk := zktest.Start(t)
	cfg := minicluster.DefaultConfig(0)
	cfg.Simulated.Count, cfg.WorkDir = 2, t.TempDir()
	c := minitest.Run(t, cfg)
	args := []string{"--master", c.MasterURL(), "--zk", "zk://" + zk.Addr() + "/gantry", "--executor-path", "/bin/true"}
	leader, standby := freeAddress(t), freeAddress(t)
	start(t, append([]string{"scheduler", "--http-address", leader}, args...)...)
	g := gantry{t, "http://" + leader}
	g.ready()
	start(t, append([]string{"scheduler", "--http-address", standby}, args...)...)
	behind := gantry{t, "http://" + standby}
	behind.ready()
	p := visit(t, behind.url, "apps")
	p.sees("live", "There is no app yet")
	g.must(http.MethodPost, "/v2/apps", shell("/web", forever, "2", ""))
	p.sees("2 / 2")
	p.press("web")
	p.press("Scale…")
	p.fill("Instances", "3")
	p.press("Scale")
	p.sees("is being scaled to 3", "3 of 3 running")
	p.open("")
	p.sees(leader)
}
