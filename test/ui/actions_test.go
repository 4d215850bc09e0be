package ui

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Every change goes through a dialog that says what will happen, and the server's
// verdict is shown.
func TestActions(t *testing.T) {
	t.Parallel()
	g, _ := mini(t, "--agents", "2")
	p := visit(t, g.url, "new")
	t.Run("create, after errors that stand at their lines", func(t *testing.T) {
		p := p.in(t)
		p.write("{\n  \"id\": \"/shop/web\",\n  \"cmd\": \n}\n")
		p.press("Create")
		p.sees("Line 4", "this is no JSON") // where the value should be
		p.write("{\n  \"id\": \"/shop/web\",\n  \"cmd\": \"exec sleep 100000\",\n  \"cpus\": -1,\n  \"healthChecks\": [\n    {\"protocol\": \"FTP\"}\n  ]\n}\n")
		p.press("Create")
		p.sees("Refused (422)", "Line 4", "/cpus: got -1", "Line 6", "/healthChecks(0)/protocol")
		if got := eval[[]string](p, `[...document.querySelectorAll(".gutter .bad")].map((e) => e.textContent)`); strings.Join(got, " ") != "4 6" {
			t.Errorf("lines %v are marked, want 4 and 6", got)
		}
		p.press("As YAML")
		p.until(`document.querySelector("textarea").value.includes("id: /shop/web\n")`)
		p.press("Create")
		p.sees("Line 3", "/cpus: got -1", "Line 5", "/healthChecks(0)/protocol")
		p.write("id: /shop/web\ncmd: exec sleep 100000\ncpus: 0.1\nmem: 32\ninstances: 1\nnonsense: 1\n")
		p.key(kb.Enter) // only a line
		eval[chromedp.Void](p, `document.querySelector("textarea").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true }))`)
		p.at("apps/shop/web")
		p.sees("/shop/web is being created", "Warning", "nonsense", "1 of 1 running")
		g.settled("/shop/web", 1)
	})
	t.Run("scale", func(t *testing.T) {
		p := p.in(t)
		p.open("apps/shop/web")
		p.press("Scale…")
		p.fill("Instances", "3")
		p.sees("From 1 to 3 instances: 2 instances will be started.", "gantry app scale /shop/web 3")
		p.press("Scale")
		p.sees("is being scaled to 3", "3 of 3 running", "Instances (3)")
		understood(t, "gantry app scale /shop/web 3 --force")
	})
	t.Run("kill", func(t *testing.T) {
		p := p.in(t)
		before := g.settled("/shop/web", 3)
		victim := before.Tasks[0].ID
		name := eval[string](p, `[...document.querySelectorAll("button")].find((b) => b.textContent === "Kill…").getAttribute("aria-label")`)
		p.press(name)
		p.sees(victim, "Another takes its place.")
		p.press("Scale the app down by one, so that it is not replaced")
		p.sees("then wants 2 instances", "--scale")
		p.press("Kill")
		p.sees("is being killed", "2 of 2 running")
		for _, left := range g.settled("/shop/web", 2).Tasks {
			if left.ID == victim {
				t.Errorf("task %s is still there", victim)
			}
		}
	})
	t.Run("edit, and back", func(t *testing.T) {
		p := p.in(t)
		first := g.settled("/shop/web", 2).Version
		p.press("Edit")
		p.at("edit/shop/web")
		p.until(`document.querySelector("textarea")`)
		p.write(strings.Replace(eval[string](p, `document.querySelector("textarea").value`), "sleep 100000", "sleep 200000", 1))
		// Somebody else is faster: the version that was read is replaced, and no other.
		g.must(http.MethodPut, "/v2/apps/shop/web?force=true", `{"labels": {"by": "another"}}`)
		g.settled("/shop/web", 2)
		p.press("Deploy")
		p.sees("Refused (412)", "read it again")
		p.open("edit/shop/web")
		p.until(`document.querySelector("textarea")?.value.includes("another")`)
		p.write(strings.Replace(eval[string](p, `document.querySelector("textarea").value`), "sleep 100000", "sleep 200000", 1))
		p.press("Deploy")
		p.at("apps/shop/web")
		p.sees("is being deployed", "2 of 2 running")
		second := g.settled("/shop/web", 2)
		p.open("apps/shop/web?tab=configuration")
		p.sees("2 lines differ", `−   "cmd": "exec sleep 100000"`, `+   "cmd": "exec sleep 200000"`)
		p.open("apps/shop/web?tab=configuration&version=" + first)
		p.press("Take it back to this version…")
		p.sees("becomes the newest version", "gantry app rollback /shop/web "+first)
		p.press("Take it back")
		p.sees("goes back to the version")
		eventually(t, func() error { return notVersion(g, second.Version) })
		g.settled("/shop/web", 2)
		p.open("apps/shop/web?tab=configuration")
		p.sees("exec sleep 100000")
	})
	t.Run("restart", func(t *testing.T) {
		p := p.in(t)
		old := g.settled("/shop/web", 2).Tasks[0].ID
		p.open("apps/shop/web")
		p.press("Restart…")
		p.sees("All 2 instances will be replaced", "gantry app restart /shop/web")
		p.press("Restart")
		p.sees("is being restarted")
		eventually(t, func() error { return notTask(g, old) })
		g.settled("/shop/web", 2)
	})
	t.Run("suspend and destroy", func(t *testing.T) {
		p := p.in(t)
		p.open("apps/shop/web")
		p.press("Suspend…")
		p.press("Suspend")
		p.sees("is being suspended", "0 of 0 running", "It has no task at present.")
		g.settled("/shop/web", 0)
		p.press("Destroy…")
		p.sees("This cannot be undone")
		p.fill("To confirm, enter its id", "/shop/we")
		p.press("Destroy")
		p.sees("nothing was destroyed")
		p.fill("To confirm, enter its id", "/shop/web")
		p.press("Destroy")
		p.at("apps")
		p.sees("is being destroyed", "There is no app yet")
	})
}

// write puts a text in the editor in place of what is there.
func (p *page) write(text string) {
	p.t.Helper()
	p.until(`document.querySelector("textarea")`)
	eval[chromedp.Void](p, `document.querySelector("textarea").focus(), document.querySelector("textarea").select()`)
	p.insert(text)
	p.until(`document.querySelector("textarea").value === ` + quote(text))
}

// An App that nothing fits says why, its deployment can be cancelled, and what it
// holds says so.
func TestADeploymentThatCannotGoOn(t *testing.T) {
	t.Parallel()
	g, _ := mini(t, "--agents", "2")
	g.must(http.MethodPost, "/v2/apps", shell("/shop/db", forever, "1", ""))
	g.settled("/shop/db", 1)
	p := visit(t, g.url, "apps/shop/db")
	p.sees("1 of 1 running")
	g.must(http.MethodPut, "/v2/apps/shop/db", `{"cpus": 99}`)
	p.sees("Why 1 instance waits", "needs 99", "insufficient cpus", "None fits", "deploying", "1 of 1 running")
	// A change that is locked out names the deployment and the ways out.
	p.press("Scale…")
	p.fill("Instances", "2")
	p.press("Scale")
	p.sees("Refused (409)", "It is held by deployment", "override it with Force")
	p.press("Cancel")
	p.press("Deployments")
	p.sees("replace /shop/db", "needs 99")
	p.press("Cancel…")
	p.sees("a new deployment takes /shop/db back", "gantry deployment cancel")
	p.press("Cancel it")
	p.sees("It is being undone.", "failed")
	g.settled("/shop/db", 1)
	p.open("apps/shop/db")
	p.sees("1 of 1 running")
	p.seesNot("Why 1 instance")

	// Stopping leaves things as they are; then the way out by force.
	g.must(http.MethodPut, "/v2/apps/shop/db", `{"cpus": 99}`)
	p.sees("Why 1 instance waits")
	p.press("Stop…")
	p.press("Stop it")
	p.sees("is stopped")
	p.press("Scale…")
	p.fill("Instances", "0")
	p.press("Force: override deployments that hold it")
	p.press("Scale")
	p.sees("is being scaled to 0", "0 of 0 running")
}

// An App that fails again and again can be tried at once.
func TestABackOffEndsOnDemand(t *testing.T) {
	t.Parallel()
	g, _ := mini(t, "--agents", "1")
	g.must(http.MethodPost, "/v2/apps", `{"id": "/flaky", "cmd": "echo out of luck; exit 7", "instances": 1, "cpus": 0.1, "mem": 32, "backoffSeconds": 600}`)
	p := visit(t, g.url, "apps/flaky")
	p.sees("backs off for", "Command exited with status 7", "out of luck")
	p.press("Try now…")
	p.press("Try now")
	p.sees("backs off no more")
	p.open("apps/flaky?tab=timeline")
	p.until(`[...document.querySelectorAll(".timeline .tag.bad")].length >= 2`)
}
