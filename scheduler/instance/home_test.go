package instance

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

func TestAHomeIsKeptOverTasks(t *testing.T) {
	t.Parallel()
	home := &Home{Site: mesos.Site{AgentID: "a1"}, Role: "db", Volumes: []Volume{{"data", "db.1#data"}}}
	i := (&Instance{ID: "db.instance-1", Goal: GoalRunning, Condition: Scheduled}).Launched(&Instance{}, now, now, &Place{Site: &mesos.Site{AgentID: "a1"}, Home: home})
	for range 2 {
		i, _ = i.Apply(now, mesos.TaskStatus{State: mesos.TaskRunning}, nil)
		i, _ = i.Apply(now, mesos.TaskStatus{State: mesos.TaskFailed}, nil)
		i = i.WithGoal(GoalStopped).Rescheduled(now, now).WithGoal(GoalRunning).Launched(&Instance{}, now, now, &Place{Site: &mesos.Site{AgentID: "a1"}})
	}
	want := &Home{Site: mesos.Site{AgentID: "a1"}, Role: "db", Volumes: []Volume{{"data", "db.1#data"}}, Made: true}
	if d := cmp.Diff(i.Home, want); d != "" {
		t.Errorf("home after three launches (-got +want):\n%s", d)
	}
	if home.Made {
		t.Error("the first record's home was written to")
	}
}

func TestAHomeIsConfirmedByATaskThatItsAgentHasSeen(t *testing.T) {
	t.Parallel()
	for state, want := range map[mesos.TaskState]bool{
		mesos.TaskStaging: false, mesos.TaskStarting: true, mesos.TaskRunning: true, mesos.TaskKilling: true,
		mesos.TaskFinished: true, mesos.TaskFailed: true,
		mesos.TaskKilled: false, mesos.TaskError: false, mesos.TaskDropped: false, mesos.TaskGone: false,
		mesos.TaskGoneByOperator: false, mesos.TaskUnknown: false, mesos.TaskUnreachable: false, mesos.TaskLost: false,
	} {
		i := &Instance{ID: "db.instance-1", Goal: GoalRunning, Condition: Provisioned, Incarnation: 1, Home: &Home{Site: mesos.Site{AgentID: "a1"}}}
		next, _ := i.Apply(now, mesos.TaskStatus{State: state}, nil)
		if next.Home.Made != want {
			t.Errorf("after %v: made is %v, want %v", state, next.Home.Made, want)
		}
	}
}
