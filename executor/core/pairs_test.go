package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// events names one event of every kind, for the task t1.
func events() map[string]core.Event {
	t1 := core.Task{Info: mesos.TaskInfo{TaskID: "t1"}, Grace: 5 * time.Second, Checks: []core.Check{{Name: "TCP", MaxFailures: 1}}, Readiness: []string{"http-api"}, General: mesos.CheckTCP}
	return map[string]core.Event{
		"subscribed": core.Subscribed{KillingState: true}, "disconnected": core.Disconnected{}, "forgotten": core.Forgotten{Message: "m"},
		"launch": core.Launch{Task: t1}, "launch other": core.Launch{Task: core.Task{Info: mesos.TaskInfo{TaskID: "t2"}}},
		"kill": core.Kill{TaskID: "t1"}, "kill other": core.Kill{TaskID: "t2"}, "ack": core.Acknowledged{TaskID: "t1"},
		"shutdown": core.Shutdown{}, "tick": core.Tick{}, "pulling": core.Pulling{Message: "m"}, "created": core.Created{},
		"running": core.Running{}, "exited 0": core.Exited{}, "exited 1": core.Exited{Code: 1}, "oom": core.Exited{Code: 137, OOM: true},
		"failed": core.Failed{Reason: mesos.ReasonContainerLaunchFailed}, "invalid": core.Failed{Invalid: true},
		"probe ok": core.Probed{OK: true}, "probe failed": core.Probed{}, "ready": core.ReadinessProbed{Ready: true, Status: 200},
		"checked": core.Checked{Status: mesos.CheckStatus{Type: mesos.CheckTCP, Result: new(int64)}},
	}
}

// ways says which events lead to each phase.
func ways() map[core.Phase][]string {
	return map[core.Phase][]string{
		core.PhaseIdle:     {},
		core.PhaseStarting: {"launch"},
		core.PhasePulling:  {"launch", "pulling"},
		core.PhaseCreated:  {"launch", "created"},
		core.PhaseRunning:  {"launch", "running"},
		core.PhaseKilling:  {"launch", "running", "kill"},
		core.PhaseDone:     {"launch", "running", "exited 1"},
	}
}

// outcomes is the whole table: what an event does in a phase. A pair that is
// not in it changes nothing and has no effect.
func outcomes() map[string]string {
	table := map[string]string{
		"idle/launch": "starting STARTING start", "idle/launch other": "starting STARTING start",
		"idle/forgotten": "idle exit", "idle/shutdown": "idle exit",

		"starting/pulling": "pulling STARTING", "starting/created": "created",

		"running/probe ok": "running RUNNING", "running/probe failed": "running RUNNING", "running/ready": "running RUNNING", "running/checked": "running RUNNING",

		"killing/exited 0": "done KILLED", "killing/exited 1": "done KILLED", "killing/oom": "done KILLED",
		"killing/failed": "done KILLED", "killing/invalid": "done KILLED", "killing/launch other": "killing FAILED",

		"done/launch other": "done FAILED", "done/kill": "done STARTING RUNNING FAILED", "done/forgotten": "done exit",
	}
	for _, phase := range []string{"starting", "pulling", "created"} {
		table[phase+"/running"] = "running RUNNING probe"
		table[phase+"/kill"] = "killing KILLING stop"
		table[phase+"/exited 0"] = "done FINISHED"
		table[phase+"/exited 1"] = "done FAILED"
		table[phase+"/oom"] = "done FAILED"
		table[phase+"/failed"] = "done FAILED"
		table[phase+"/invalid"] = "done ERROR"
	}
	table["pulling/created"] = "created"
	for _, name := range []string{"exited 0", "exited 1", "oom", "failed", "invalid"} {
		table["running/"+name] = table["starting/"+name] + " stopprobes"
	}
	table["running/kill"] = "killing KILLING stopprobes stop"
	for _, phase := range []string{"starting", "pulling", "created", "running"} {
		table[phase+"/shutdown"] = table[phase+"/kill"]
		table[phase+"/forgotten"] = table[phase+"/kill"]
		table[phase+"/launch other"] = phase + " FAILED"
	}
	return table
}

func TestEvery_pair_of_phase_and_event(t *testing.T) {
	t.Parallel()
	table := outcomes()
	for phase, way := range ways() {
		for name, ev := range events() {
			key := phase.String() + "/" + name
			want, ok := table[key]
			if !ok {
				want = phase.String()
			}
			delete(table, key)
			t.Run(key, func(t *testing.T) {
				t.Parallel()
				if diff := cmp.Diff(outcome(t, phase, way, ev), want); diff != "" {
					t.Errorf("outcome (-got +want):\n%s", diff)
				}
			})
		}
	}
	for key := range table {
		t.Errorf("the table has %q, which is no pair", key)
	}
}

func outcome(t *testing.T, phase core.Phase, way []string, ev core.Event) string {
	t.Helper()
	s := core.New(config(), epoch)
	n := byte(0)
	step := func(ev core.Event) core.Effects {
		n++
		return s.Step(epoch.Add(time.Second), core.UUIDs{{n, 1}, {n, 2}, {n, 3}, {n, 4}}, ev)
	}
	step(core.Subscribed{KillingState: true})
	for _, name := range way {
		step(events()[name])
	}
	if s.Phase() != phase {
		t.Fatalf("the way %v leads to %s, not %s", way, s.Phase(), phase)
	}
	fx := step(ev)
	words := []string{s.Phase().String()}
	for _, st := range fx.Updates {
		words = append(words, strings.TrimPrefix(st.State.String(), "TASK_"))
	}
	for _, c := range fx.Commands {
		words = append(words, strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", c), "core.")))
	}
	if fx.Exit != nil {
		words = append(words, "exit")
	}
	return strings.Join(words, " ")
}
