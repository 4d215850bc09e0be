package instance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

var now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// want says what every state does to every condition: a condition's name for a
// change, "=" for no news, "kill" for a stray. The columns are the states.
const want = `
                    STAGING  STARTING RUNNING KILLING FINISHED FAILED KILLED ERROR DROPPED UNREACHABLE GONE GONE_BY_OPERATOR UNKNOWN LOST
Scheduled           kill     kill     kill    kill    =        =      =      =     =       =           =    =                =       =
Provisioned         Staging  Starting Running Killing Finished Failed Killed Error Dropped Unreachable Gone Gone             Unknown Gone
Staging             =        Starting Running Killing Finished Failed Killed Error Dropped Unreachable Gone Gone             Unreachable Gone
Starting            =        =        Running Killing Finished Failed Killed Error Dropped Unreachable Gone Gone             Unreachable Gone
Running             =        =        =       Killing Finished Failed Killed Error Dropped Unreachable Gone Gone             Unreachable Gone
Killing             =        =        =       =       Finished Failed Killed Error Dropped Unreachable Gone Gone             Unreachable Gone
Unreachable         Staging  Starting Running Killing Finished Failed Killed Error Dropped =           Gone Gone             =       Gone
UnreachableInactive Staging  Starting Running Killing Finished Failed Killed Error Dropped =           Gone Gone             =       Gone
Finished            kill     kill     kill    kill    =        =      =      =     =       =           =    =                =       =
`

func TestEveryUpdateInEveryCondition(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(want), "\n")
	states := strings.Fields(lines[0])
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		from := parseCondition(t, cells[0])
		if len(cells)-1 != len(states) {
			t.Fatalf("%v: %d cells for %d states", from, len(cells)-1, len(states))
		}
		for n, name := range states {
			state, ok := mesos.ParseTaskState("TASK_" + name)
			if !ok {
				t.Fatalf("no state %s", name)
			}
			if got := outcome(from, state); got != cells[n+1] {
				t.Errorf("%v on %v: got %s, want %s", name, from, got, cells[n+1])
			}
		}
	}
}

// outcome applies a status that carries no news but its state.
func outcome(from Condition, state mesos.TaskState) string {
	i := &Instance{ID: "web.instance-1", Condition: from, Goal: GoalRunning, Incarnation: 1, Forgotten: state == mesos.TaskUnknown}
	next, out := i.Apply(now, mesos.TaskStatus{TaskID: i.TaskID(), State: state}, nil)
	switch out {
	case Unchanged:
		if next != i {
			return "a new record without news"
		}
		return "="
	case Stray:
		return "kill"
	case Changed, Ended:
		if (out == Ended) != next.Condition.Terminal() {
			return fmt.Sprintf("%v as outcome %d", next.Condition, out)
		}
		return next.Condition.String()
	default:
		return fmt.Sprint(out)
	}
}

func parseCondition(t *testing.T, name string) Condition {
	t.Helper()
	for c := Scheduled; c <= Unknown; c++ {
		if c.String() == name {
			return c
		}
	}
	t.Fatalf("no condition %q", name)
	return 0
}

func TestTaskLostAfterALostRaceIsDropped(t *testing.T) {
	t.Parallel()
	i := &Instance{ID: "web.instance-1", Condition: Provisioned, Incarnation: 1}
	next, _ := i.Apply(now, mesos.TaskStatus{State: mesos.TaskLost, Reason: mesos.ReasonInvalidOffers}, nil)
	if next.Condition != Dropped {
		t.Errorf("got %v, want Dropped", next.Condition)
	}
}

func TestApplyKeepsTheRecordAndTakesTheFacts(t *testing.T) {
	t.Parallel()
	i := &Instance{ID: "web.instance-1", Condition: Starting, Incarnation: 1, Site: mesos.Site{AgentID: "a1"}}
	was := *i
	healthy := true
	started := now.Add(time.Second)
	next, out := i.Apply(now, mesos.TaskStatus{
		State: mesos.TaskRunning, Healthy: &healthy, Timestamp: started,
		Container: &mesos.ContainerStatus{Networks: []mesos.NetworkInfo{{IPAddresses: []string{"172.17.0.2"}}}},
	}, nil)
	want := was
	want.Condition, want.Since, want.StartedAt = Running, now, started
	want.Healthy, want.IPAddresses = &healthy, []string{"172.17.0.2"}
	if d := cmp.Diff(&want, next); d != "" || out != Changed {
		t.Errorf("outcome %d, record differs (-want +got):\n%s", out, d)
	}
	if d := cmp.Diff(&was, i); d != "" {
		t.Errorf("the old record was written to:\n%s", d)
	}
	unhealthy := false
	if _, out := next.Apply(now, mesos.TaskStatus{State: mesos.TaskRunning, Healthy: &unhealthy}, nil); out != Changed {
		t.Errorf("a change of health: got outcome %d, want Changed", out)
	}
	if again, out := next.Apply(now, mesos.TaskStatus{State: mesos.TaskRunning, Healthy: &healthy}, nil); out != Unchanged || again != next {
		t.Errorf("a repetition: got outcome %d, want Unchanged", out)
	}
}

func TestTaskIDsLeadBackToTheirInstance(t *testing.T) {
	t.Parallel()
	for task, want := range map[mesos.TaskID][2]string{
		"prod_web.instance-c1c7._app.2":      {"prod_web.instance-c1c7", "/prod/web"},
		"prod_v1.2_web.instance-c1c7._app.1": {"prod_v1.2_web.instance-c1c7", "/prod/v1.2/web"},
		"prod_web.marathon-c1c7":             {"prod_web.marathon-c1c7", "/prod/web"},
		"prod_web.c1c7":                      {"prod_web.c1c7", "/prod/web"},
	} {
		id, a, ok := OfTask(task)
		if !ok || string(id) != want[0] || string(a) != want[1] {
			t.Errorf("%s: got %s of %s (%v), want %s of %s", task, id, a, ok, want[0], want[1])
		}
	}
	for _, task := range []mesos.TaskID{"", "web", ".x", "web."} {
		if id, a, ok := OfTask(task); ok {
			t.Errorf("%q: got %s of %s, want none", task, id, a)
		}
	}
	id := NewID("/prod/v1.2/web", "c1c7")
	if back, a, ok := OfTask(id.TaskID(7)); !ok || back != id || a != "/prod/v1.2/web" {
		t.Errorf("round trip: got %s of %s (%v)", back, a, ok)
	}
}

func TestAnInstanceOwnsItsCurrentTaskOnly(t *testing.T) {
	t.Parallel()
	i := &Instance{ID: "prod_web.instance-c1c7", Incarnation: 2}
	if !i.Owns(i.TaskID()) {
		t.Errorf("%s: not owned", i.TaskID())
	}
	for _, task := range []mesos.TaskID{
		"", "prod_web.instance-c1c7", "prod_web.instance-c1c7._app.", "prod_web.instance-c1c7._app.1", "prod_web.instance-c1c7._app.02",
		"prod_web.instance-c1c7._app.+2", "prod_web.instance-c1c7._app.2x", "prod_web.instance-c1c77._app.2", "web.instance-c1c7._app.2",
	} {
		if i.Owns(task) {
			t.Errorf("%q: owned", task)
		}
	}
	if never := (&Instance{ID: "web.instance-c1c7"}); never.Owns("web.instance-c1c7._app.0") {
		t.Error("an instance without a task owns run 0")
	}
}
