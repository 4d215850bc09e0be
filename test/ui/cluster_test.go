package ui

import (
	"net/http"
	"os"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/minitest"
)

// Weights, guarantees and limits are set and reset on the page of the shares.
func TestSharing(t *testing.T) {
	t.Parallel()
	g, _ := mini(t, "--agents", "1")
	g.must(http.MethodPost, "/v2/apps", shell("/prod/web", forever, "2", ""))
	g.must(http.MethodPost, "/v2/apps", shell("/batch/jobs", forever, "1", ""))
	g.settled("/prod/web", 2)
	g.settled("/batch/jobs", 1)
	p := visit(t, g.url, "sharing")
	p.sees("/prod", "/batch")
	p.press("Change the quota of /prod")
	p.fill("Weight", "3")
	p.fill("Limit: CPUs", "0.2")
	p.fill("Guarantee: Memory (MiB)", "64")
	p.sees("gantry queue set /prod --weight 3 --guarantee mem=64 --limit cpus=0.2")
	p.press("Set it")
	p.sees("The quota of /prod is set.", "64 MiB mem", "0.2 cpus")
	// The limit holds, and the overview says so.
	g.must(http.MethodPut, "/v2/apps/prod/web", `{"instances": 3}`)
	p.press("Overview")
	p.sees("the limit of queue /prod is reached")
	p.press("Sharing")
	p.press("Change the quota of /prod")
	p.fill("Limit: CPUs", "-1")
	p.press("Set it")
	p.until(`document.querySelector("dialog[open] input:invalid")`)
	p.fill("Limit: CPUs", "1e30")
	p.press("Set it")
	p.sees("Refused (422)", "/limit/cpus")
	p.press("Cancel")
	p.press("Reset the quota of /prod")
	p.sees("what the scheduler was started with holds again")
	p.press("Reset it")
	p.sees("The quota of /prod is reset.")
	g.settled("/prod/web", 3)
	p.press("Set a quota…")
	p.fill("Queue", "/later")
	p.fill("Weight", "5")
	p.press("Set it")
	p.sees("The quota of /later is set.")
	p.until(`[...document.querySelectorAll("table.queues tr")].some((r) => r.textContent.includes("/later") && r.textContent.includes("5"))`)
}

// An agent is drained, taken back and marked as gone on its page.
func TestAnAgentIsDrained(t *testing.T) {
	t.Parallel()
	g, _ := mini(t, "--agents", "2")
	g.must(http.MethodPost, "/v2/apps", shell("/web", forever, "2", ""))
	agent := g.settled("/web", 2).Tasks[0].SlaveID
	p := visit(t, g.url, "agents/"+agent)
	p.sees("active", "/web")
	p.press("Drain…")
	p.sees("All tasks on this agent will be ended")
	p.fill("Grace period at most", "soon")
	p.press("Drain")
	p.sees("Refused (422)", "maxGracePeriod")
	p.fill("Grace period at most", "1s")
	p.sees("gantry agent drain --yes --max-grace-period 1s " + agent)
	p.press("Drain")
	p.sees("is being drained", "drained", "No task of ours.")
	g.settled("/web", 2)
	p.press("Take back…")
	p.press("Take it back")
	p.sees("is taken back", "active")
	p.press("Mark as gone…")
	p.press("It is gone")
	p.sees("nothing was changed")
	p.press("This machine never comes back")
	p.press("It is gone")
	p.sees("is marked as gone")
	p.open("agents")
	p.sees("1 agent")
}

// What a store that lost something does not know is not killed until somebody
// confirms it.
func TestHeldKillsAreConfirmed(t *testing.T) {
	t.Parallel()
	cfg := minicluster.DefaultConfig(0)
	cfg.Simulated.Count, cfg.WorkDir = 3, t.TempDir()
	c := minitest.Run(t, cfg)
	run := func(dir string) (gantry, *program) {
		address := freeAddress(t)
		p := start(t, "scheduler", "--http-address", address, "--master", c.MasterURL(), "--state-dir", dir, "--executor-path", "/bin/true")
		g := gantry{t, "http://" + address}
		g.ready()
		return g, p
	}
	whole, old := t.TempDir(), t.TempDir()
	_, p := run(whole)
	p.stop()
	if err := os.CopyFS(old, os.DirFS(whole)); err != nil {
		t.Fatal(err)
	}
	g, p := run(whole)
	g.must(http.MethodPost, "/v2/apps", shell("/web", forever, "30", ""))
	g.settled("/web", 30)
	p.stop()
	g, _ = run(old) // it knows the framework, and no App
	tab := visit(t, g.url, "")
	tab.sees("Held back", "30 kills of unknown tasks")
	tab.press("Let it happen…")
	tab.sees("30 unknown tasks will be killed", "gantry kills confirm --yes")
	tab.press("Kill and destroy")
	tab.sees("30 kills confirmed")
	tab.seesNot("Held back")
}
