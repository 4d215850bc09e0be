package master

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// base64Of is the uuid that fakeAgent makes of a text, as JSON wants it.
func base64Of(text string) string {
	return base64.StdEncoding.EncodeToString(uuidOf(text))
}

func (s *sched) acknowledge(a *fakeAgent, task, id string) {
	s.tb.Helper()
	s.call(`"type":"ACKNOWLEDGE","acknowledge":{"agent_id":{"value":%q},"task_id":{"value":%q},"uuid":%q}`,
		a.id, task, base64Of(id))
}

func TestATaskIsForgottenWithTheAcknowledgementOfItsEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	s.running(a, "t")
	s.acknowledge(a, "t", "run-t")
	if ack := awaitMessage[link.StatusAcknowledgement](a); ack.TaskID.Value != "t" || len(ack.UUID) != 16 {
		t.Errorf("acknowledgement: got %v", ack)
	}
	a.update(s.id, "t", mesos.TASK_FINISHED, "end")
	s.status()
	s.acknowledge(a, "t", "wrong")
	awaitMessage[link.StatusAcknowledgement](a)
	r.view(t, func(st *State) {
		fw := st.Frameworks[s.id]
		if fw.Tasks["t"] == nil || len(st.Agents[a.id].Used) != 0 {
			t.Errorf("terminal and not acknowledged: task %v, used %v", fw.Tasks["t"], st.Agents[a.id].Used)
		}
	})
	s.acknowledge(a, "t", "end")
	awaitMessage[link.StatusAcknowledgement](a)
	r.view(t, func(st *State) {
		fw := st.Frameworks[s.id]
		if fw.Tasks["t"] != nil || len(fw.Completed) != 1 || len(fw.Completed[0].Statuses) != 2 {
			t.Errorf("acknowledged: task %v, completed %v", fw.Tasks["t"], fw.Completed)
		}
	})
}

func TestLatestStateFreesResourcesAheadOfTheStatus(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	s.running(a, "t")
	again := a.statusUpdate(s.id, "t", mesos.TASK_RUNNING, "run-t")
	again.LatestState = mesos.TASK_FINISHED
	a.conn.Send(again)
	s.status()
	r.view(t, func(st *State) {
		got := st.Frameworks[s.id].Tasks["t"]
		if got.GetState() != mesos.TASK_FINISHED || got.GetStatusUpdateState() != mesos.TASK_RUNNING || len(st.Agents[a.id].Used) > 0 {
			t.Errorf("got state %s, status state %s, used %v", got.GetState(), got.GetStatusUpdateState(), st.Agents[a.id].Used)
		}
	})
	s.call(`"type":"RECONCILE","reconcile":{}`)
	if got := s.status(); got.GetState() != mesos.TASK_RUNNING || got.GetReason() != mesos.REASON_RECONCILIATION || got.UUID != nil {
		t.Errorf("reconciliation: got %s %s, want the state that was sent last", got.GetState(), got.GetReason())
	}
}

func TestDuplicateTaskIDs(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	s.running(a, "t")
	for _, state := range []mesos.TaskState{mesos.TASK_RUNNING, mesos.TASK_FINISHED} {
		a.update(s.id, "t", state, state.String())
		s.status()
		s.call(`"type":"REVIVE"`)
		s.launch(s.offer(), 3600, commandTask("t", a.id, ""))
		if got := s.status().GetMessage(); got != "Task has duplicate ID: t" {
			t.Errorf("%s: got %q", state, got)
		}
	}
	s.acknowledge(a, "t", mesos.TASK_FINISHED.String())
	awaitMessage[link.StatusAcknowledgement](a)
	s.call(`"type":"REVIVE"`)
	s.launch(s.offer(), 3600, commandTask("t", a.id, ""))
	awaitMessage[link.RunTask](a)
}

func TestKill(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	s.running(a, "t")
	s.call(`"type":"KILL","kill":{"task_id":{"value":"t"},"agent_id":{"value":"other"}}`)
	s.call(`"type":"KILL","kill":{"task_id":{"value":"t"},"kill_policy":{"grace_period":{"nanoseconds":7}}}`)
	if m := awaitMessage[link.KillTask](a); m.KillPolicy.GetGracePeriod().GetNanoseconds() != 7 {
		t.Errorf("kill: got %v, want only the one for the right agent", m)
	}
	s.call(`"type":"KILL","kill":{"task_id":{"value":"nope"}}`)
	if got := s.status(); got.GetState() != mesos.TASK_UNKNOWN || got.AgentID != nil {
		t.Errorf("unknown task: got %s on %v", got.GetState(), got.AgentID)
	}
	a.conn.Close()
	await(t, "the disconnect", func() bool {
		connected := true
		r.view(t, func(st *State) { connected = st.Agents[a.id].Connected })
		return !connected
	})
	s.call(`"type":"KILL","kill":{"task_id":{"value":"t"}}`)
	a.reregister(s, "t")
	awaitMessage[link.Reregistered](a)
	if m := awaitMessage[link.KillTask](a); m.TaskID.Value != "t" || m.KillPolicy != nil {
		t.Errorf("remembered kill: got %v", m)
	}
}

// reregister comes back with running tasks.
func (a *fakeAgent) reregister(s *sched, tasks ...string) {
	a.tb.Helper()
	a.dial()
	record := a.record
	record.Info.ID = &mesos.AgentID{Value: a.id}
	m := link.Reregister{AgentRecord: record}
	a.rig.view(a.tb, func(st *State) {
		if fw := st.Frameworks[s.id]; fw != nil {
			m.Frameworks = []mesos.FrameworkInfo{fw.Info}
		}
	})
	if m.Frameworks == nil {
		m.Frameworks = []mesos.FrameworkInfo{{
			User: "root", Name: "f", ID: &mesos.FrameworkID{Value: s.id}, Roles: []string{"test"},
			Capabilities: []mesos.FrameworkInfo_Capability{{Type: mesos.FrameworkInfo_Capability_MULTI_ROLE}},
		}}
	}
	role := "test"
	for _, id := range tasks {
		m.Tasks = append(m.Tasks, link.Task{Task: mesos.Task{
			Name: "t", TaskID: mesos.TaskID{Value: id}, FrameworkID: mesos.FrameworkID{Value: s.id},
			AgentID: mesos.AgentID{Value: a.id}, State: mesos.TASK_RUNNING.Enum(),
			Resources: []mesos.Resource{{
				Name: "cpus", Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: 1},
				AllocationInfo: &mesos.Resource_AllocationInfo{Role: &role},
			}},
		}})
	}
	a.conn.Send(m)
}

func TestReconciliation(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	s.running(a, "t")
	old := r.subscribe(t, "", `{"user":"u","name":"old","failover_timeout":60}`, "")
	r.view(t, func(st *State) {
		st.GoneAgents["gone"] = st.Started
		st.UnreachableAgents["lost"] = st.Started
	})
	ask := func(from *sched, task, agent string) string {
		t.Helper()
		id := ""
		if agent != "" {
			id = fmt.Sprintf(`,"agent_id":{"value":%q}`, agent)
		}
		from.call(`"type":"RECONCILE","reconcile":{"tasks":[{"task_id":{"value":%q}%s}]}`, task, id)
		got := from.status()
		return fmt.Sprintf("%s on %q %q %v", got.GetState(), got.AgentID.GetValue(), got.GetMessage(), got.UnreachableTime != nil)
	}
	for _, row := range []struct {
		from              *sched
		task, agent, want string
	}{
		{s, "t", "", fmt.Sprintf("TASK_RUNNING on %q %q false", a.id, "Reconciliation: Latest task state")},
		{s, "x", a.id, fmt.Sprintf("TASK_GONE on %q %q false", a.id, "Reconciliation: Task is unknown to the agent")},
		{s, "x", "lost", `TASK_UNREACHABLE on "lost" "Reconciliation: Task is unreachable" true`},
		{s, "x", "gone", `TASK_GONE_BY_OPERATOR on "gone" "Reconciliation: Task is gone" false`},
		{s, "x", "other", `TASK_UNKNOWN on "other" "Reconciliation: Task is unknown" false`},
		{s, "x", "", `TASK_UNKNOWN on "" "Reconciliation: Task is unknown" false`},
		{old, "x", a.id, fmt.Sprintf("TASK_LOST on %q %q false", a.id, "Reconciliation: Task is unknown to the agent")},
		{old, "x", "", `TASK_LOST on "" "Reconciliation: Task is unknown" false`},
	} {
		if diff := cmp.Diff(ask(row.from, row.task, row.agent), row.want); diff != "" {
			t.Errorf("task %s on %q: -got +want:\n%s", row.task, row.agent, diff)
		}
	}
	r.view(t, func(st *State) { st.RecoveredAgents["away"] = mesos.AgentInfo{} })
	s.call(`"type":"RECONCILE","reconcile":{"tasks":[{"task_id":{"value":"x"}},{"task_id":{"value":"x"},"agent_id":{"value":"away"}},{"task_id":{"value":"t"}}]}`)
	if got := s.status(); got.TaskID.Value != "t" {
		t.Errorf("while agents are recovering: got an answer for %s", got.TaskID.Value)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	s.call(`"type":"MESSAGE","message":{"agent_id":{"value":"nope"},"executor_id":{"value":"e"},"data":"AAAA"}`)
	s.call(`"type":"MESSAGE","message":{"agent_id":{"value":%q},"executor_id":{"value":"e"},"data":"AQID"}`, a.id)
	if m := awaitMessage[link.FrameworkToExecutor](a); string(m.Data) != "\x01\x02\x03" {
		t.Errorf("to the executor: got %x", m.Data)
	}
	s.call(`"type":"SHUTDOWN","shutdown":{"agent_id":{"value":%q},"executor_id":{"value":"e"}}`, a.id)
	awaitMessage[link.ShutdownExecutor](a)
	a.conn.Send(link.ExecutorToFramework{
		FrameworkID: mesos.FrameworkID{Value: s.id}, ExecutorID: mesos.ExecutorID{Value: "e"}, Data: []byte{4},
	})
	if m := s.want(scheduler.Event_MESSAGE).Message; string(m.Data) != "\x04" || m.AgentID.Value != a.id {
		t.Errorf("from the executor: got %v", m)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	var ts []*Task
	for i := range 5 {
		task := &Task{}
		task.TaskID.Value = strconv.Itoa(i)
		ts = trim(append(ts, task), 3)
	}
	if len(ts) != 3 || ts[0].TaskID.Value != "2" {
		t.Errorf("got %d tasks from %s on, want 3 from 2 on", len(ts), ts[0].TaskID.Value)
	}
}
