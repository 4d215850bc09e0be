package instance

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

func reported(number int, results ...checkup.Result) *checkup.Report {
	return &checkup.Report{Number: number, Health: results}
}

func TestReportsAreTakenInTheirOrder(t *testing.T) {
	t.Parallel()
	ok, bad := checkup.Result{}.Passed(now, 0), checkup.Result{}.Failed(now, 0, "refused")
	running := mesos.TaskStatus{State: mesos.TaskRunning}
	i := &Instance{ID: "web.instance-1", Incarnation: 1, Condition: Running}
	first, out := i.Apply(now, running, reported(1, checkup.Result{}))
	if out != Changed || first.Healthy != nil || first.Report().Number != 1 || i.Checks != nil {
		t.Fatalf("the first report: %d, %+v", out, first)
	}
	third, _ := first.Apply(now, running, reported(3, bad))
	if third.Healthy == nil || *third.Healthy {
		t.Errorf("a failure: healthy is %v", third.Healthy)
	}
	for name, row := range map[string]struct {
		st     mesos.TaskStatus
		report *checkup.Report
	}{
		"older":         {running, reported(2, ok)},
		"again":         {running, reported(3, ok)},
		"from a master": {mesos.TaskStatus{State: mesos.TaskRunning, Healthy: new(true)}, nil},
	} {
		if got, out := third.Apply(now, row.st, row.report); out != Unchanged || got != third {
			t.Errorf("%s: outcome %d, %+v", name, out, got)
		}
	}
	if fourth, out := third.Apply(now, running, reported(4, ok)); out != Changed || !*fourth.Healthy {
		t.Errorf("a newer one: outcome %d, %+v", out, fourth)
	}
	native, _ := i.Apply(now, mesos.TaskStatus{State: mesos.TaskRunning, Healthy: new(true)}, nil)
	if native.Healthy == nil || !*native.Healthy || native.Checks != nil {
		t.Errorf("an executor without reports: %+v", native)
	}
}

func TestAGeneralCheckIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	status := func(n int64) mesos.TaskStatus {
		return mesos.TaskStatus{State: mesos.TaskRunning, Check: &mesos.CheckStatus{Type: mesos.CheckHTTP, Result: &n}}
	}
	i := &Instance{ID: "web.instance-1", Incarnation: 1, Condition: Running}
	is, out := i.Apply(now, status(200), nil)
	if out != Changed || *is.Checks.General.Result != 200 {
		t.Fatalf("outcome %d, %+v", out, is.Checks)
	}
	if again, out := is.Apply(now, status(200), nil); out != Unchanged || again != is {
		t.Errorf("the same again: outcome %d", out)
	}
	if other, out := is.Apply(now, status(500), nil); out != Changed || *other.Checks.General.Result != 500 {
		t.Errorf("another one: outcome %d, %+v", out, other.Checks)
	}
}

func TestAnEndForBadHealthIsRememberedUntilTheNextTaskIsHealthy(t *testing.T) {
	t.Parallel()
	ok, bad := checkup.Result{}.Passed(now, 0), checkup.Result{Failures: 3, LastFailure: now}
	checks := []runspec.HealthCheck{{MaxConsecutiveFailures: 4}, {MaxConsecutiveFailures: 3}}
	i := &Instance{ID: "web.instance-1", Incarnation: 1, Condition: Running, Checks: &Checks{Report: reported(1, bad, bad)}}
	if c, r := i.Exhausted(checks); c != &checks[1] || r.Failures != 3 {
		t.Errorf("exhausted: %+v, %+v", c, r)
	}
	if c, _ := i.Exhausted(checks[:1]); c != nil {
		t.Errorf("a check with failures left is exhausted")
	}
	condemned := i.Condemn()
	if !condemned.Condemned() || i.Condemned() || condemned.Report() != i.Report() {
		t.Fatalf("condemned: %+v", condemned.Checks)
	}
	recovered, _ := condemned.Apply(now, mesos.TaskStatus{State: mesos.TaskRunning}, reported(2, ok, ok))
	over, _ := recovered.Apply(now, mesos.TaskStatus{State: mesos.TaskKilled}, nil)
	waits := over.Rescheduled(now, now)
	if !waits.Replaced() || waits.Condemned() || waits.Report() != nil {
		t.Fatalf("waits: %+v", waits.Checks)
	}
	next := waits.Launched(&Instance{}, now, now, &Place{Site: &mesos.Site{AgentID: "a1"}})
	crashed, _ := next.Apply(now, mesos.TaskStatus{State: mesos.TaskFailed}, nil)
	if again := crashed.Rescheduled(now, now); !next.Replaced() || !again.Replaced() {
		t.Errorf("launched: %+v, after a crash: %+v", next.Checks, again.Checks)
	}
	healthy, _ := next.Apply(now, mesos.TaskStatus{State: mesos.TaskRunning}, reported(1, ok, ok))
	if healthy.Replaced() || healthy.Rescheduled(now, now).Checks != nil {
		t.Errorf("healthy: %+v", healthy.Checks)
	}
}

func TestResultsGoOnWhileTheTaskRuns(t *testing.T) {
	t.Parallel()
	i := &Instance{Condition: Running, Since: now, Checks: &Checks{Report: reported(1, checkup.Result{}.Passed(now, 10*time.Second))}}
	if got, want := i.ResultsAt(now.Add(25 * time.Second))[0].LastSuccess, now.Add(20*time.Second); !got.Equal(want) {
		t.Errorf("running: got %v, want %v", got, want)
	}
	i.Condition, i.Since = Unreachable, now.Add(12*time.Second)
	if diff := cmp.Diff(i.ResultsAt(now.Add(time.Hour))[0].LastSuccess, now.Add(10*time.Second)); diff != "" {
		t.Errorf("out of sight (-got +want):\n%s", diff)
	}
	if (&Instance{}).ResultsAt(now) != nil {
		t.Error("results of nothing")
	}
}
