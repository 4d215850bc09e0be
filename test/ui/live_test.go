package ui

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// The page follows what happens by itself, says when it cannot, and goes on when the
// scheduler is back.
func TestASchedulerThatRestartsUnderTheOpenPage(t *testing.T) {
	t.Parallel()
	dir := workDir(t)
	address := freeAddress(t)
	g, running := miniAt(t, address, "--agents", "1", "--work-dir", dir)
	g.must(http.MethodPost, "/v2/apps", shell("/web", forever, "1", ""))
	g.settled("/web", 1)
	p := visit(t, g.url, "apps")
	p.sees("live", "1 / 1")
	g.must(http.MethodPost, "/v2/apps", shell("/second", forever, "2", ""))
	p.sees("second", "2 / 2", "2 apps")
	g.must(http.MethodDelete, "/v2/apps/second", "")
	p.seesNot("second")

	running.kill() // so that nothing ends in an orderly way, which the page would show
	p.sees("stale for", "Not live since", "What you see may be old", "1 / 1")
	miniAt(t, address, "--agents", "1", "--work-dir", dir)
	p.sees("live")
	p.seesNot("Not live since")
	g.must(http.MethodPost, "/v2/apps", shell("/third", forever, "1", ""))
	p.sees("third")
}

// Where a proxy lets no stream through, the page looks now and then, and says so;
// behind a prefix it finds itself and the API.
func TestBehindAProxyWithAPrefixAndWithoutAStream(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	g, _ := miniAt(t, address, "--agents", "1", "--work-dir", workDir(t))
	target, err := url.Parse(g.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host }}
	front := httptest.NewServer(http.StripPrefix("/tools/gantry", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/events" {
			http.NotFound(w, r)
			return
		}
		proxy.ServeHTTP(w, r)
	})))
	t.Cleanup(front.Close)
	p := visit(t, front.URL+"/tools/gantry", "apps")
	p.sees("polling", "There is no app yet")
	g.must(http.MethodPost, "/v2/apps", shell("/deep/down/web", forever, "1", ""))
	p.sees("web", "1 / 1")
	p.press("web")
	p.at("apps/deep/down/web")
	p.open("apps/deep/down/web")
	p.sees("1 of 1 running")
	p.press("Scale…")
	p.fill("Instances", "2")
	p.press("Scale")
	p.sees("2 of 2 running")
	p.press("down")
	p.sees("1 app", "in /deep/down")

	res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(browserRequest(t, front.URL+"/tools/gantry/"))
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if to, err := res.Location(); err != nil || to.String() != front.URL+"/tools/gantry/ui/" {
		t.Errorf("the root leads to %v (%v)", to, err)
	}
}

func browserRequest(t *testing.T, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	return r
}

// A script in a text that a user controls stays text.
func TestTextsStayTexts(t *testing.T) {
	t.Parallel()
	g, _ := mini(t, "--agents", "1")
	const evil = `<img src=x onerror="window.broken=1"><script>window.broken=1</script>`
	g.must(http.MethodPost, "/v2/apps", shell("/evil/a", "echo '"+evil+"'; echo '"+evil+"' >&2; exit 1", "1",
		`, "labels": {`+quote(evil)+`: `+quote(evil)+`}, "env": {"X": `+quote(evil)+`}`))
	g.must(http.MethodPost, "/v2/apps", shell("/evil/b", forever, "1", `, "constraints": [["hostname", "LIKE", `+quote(evil[:10])+`]], "labels": {"x": `+quote(evil)+`}`))
	p := blank(t, g.url)
	for _, c := range []place{
		{"", []string{"/evil/b", "<img src=x"}},
		{"apps", []string{"2 apps"}},
		{"apps/evil/a", []string{"Last failure", "<script>window.broken=1</script>", evil}},
		{"apps/evil/a?tab=logs", []string{evil}},
		{"apps/evil/a?tab=configuration", []string{"window.broken=1"}},
		{"apps/evil/a?tab=timeline", []string{"status update"}},
		{"apps/evil/b", []string{"Why 1 instance waits", "<img src=x"}},
		{"edit/evil/b", []string{"Deploy"}},
		{"events?q=evil", []string{"instance changed"}},
		{"apps?q=" + url.QueryEscape(evil), []string{"No app fits"}},
		{"apps/" + url.PathEscape(evil[:10]), []string{"There is no such app", "<img src=x"}},
	} {
		p.open(c.path)
		p.sees(c.shows...)
		if eval[bool](p, `window.broken === 1 || document.querySelectorAll("img, iframe, object, body script, [onerror]").length > 0`) {
			t.Errorf("%s: a text became more than text", c.path)
		}
	}
	// What gets in all the same, the policy stops.
	if eval[bool](p, `new Promise((done) => { const s = document.createElement("div"); try { s.innerHTML = "<b>x</b>"; } catch { done(false); } done(s.children.length > 0); })`) {
		t.Error("the policy lets markup in")
	}
	p.forgive("TrustedHTML")
}

// A log goes on while it is looked at, and says when it ends.
func TestLogsAreFollowed(t *testing.T) {
	t.Parallel()
	g, _ := mini(t, "--agents", "1")
	g.must(http.MethodPost, "/v2/apps", shell("/loud", "n=0; while [ $n -lt 400 ]; do n=$((n+1)); echo line $n; done; echo wrong >&2; exec sleep 100000", "1", ""))
	task := g.settled("/loud", 1).Tasks[0].ID
	p := visit(t, g.url, "apps/loud?tab=logs")
	p.sees("line 400", "line 101", "followed live")
	p.seesNot("line 100\n")
	p.choose("File", "stderr")
	p.sees("wrong")
	p.until(`location.search.includes("file=stderr")`)
	p.choose("File", "stdout")
	p.sees("line 400")
	g.must(http.MethodDelete, "/v2/apps/loud/tasks/"+task+"?scale=true", "")
	p.sees("the task has ended: this is all")
	if !strings.Contains(eval[string](p, `document.querySelector("a[download]").href`), "/v3/tasks/"+task+"/files/content?path=stdout") {
		t.Error("the whole file is not offered")
	}
}
