package master

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

func TestARepeatedRegistrationGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4")
	a.conn.Send(link.Register{AgentRecord: a.record})
	got := awaitMessage[link.Registered](a)
	if got.AgentID.Value != a.id || got.MasterID != r.m.Info().ID || got.PingTimeout != 75*time.Second {
		t.Errorf("got %+v, want id %s and 75 s", got, a.id)
	}
}

func TestAgentsAreIgnoredBeforeTheMasterServes(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	a := r.newAgent(t, "cpus:4")
	a.dial()
	a.conn.Send(link.Register{AgentRecord: a.record})
	r.view(t, func(*State) {})
	r.lead(t)
	a.conn.Send(link.Register{AgentRecord: a.record})
	awaitMessage[link.Registered](a)
	r.view(t, func(st *State) {
		if n := len(st.Agents); n != 1 {
			t.Errorf("agents: got %d, want 1", n)
		}
	})
}

func TestDisconnectedAgent(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), `,"suppressed_roles":["test"]`)
	careless := r.subscribe(t, "", strings.Replace(frameworkInfo(""), `"checkpoint":true`, `"checkpoint":false`, 1), "")
	careless.running(a, "c")
	careless.call(`"type":"SUPPRESS"`)
	s.call(`"type":"REVIVE"`)
	offer := s.offer()
	a.conn.Close()
	if got := s.want(scheduler.Event_RESCIND).Rescind.OfferID; got != offer.ID {
		t.Errorf("rescinded: got %v, want %v", got, offer.ID)
	}
	got := careless.status()
	if got.GetState() != mesos.TASK_LOST || got.GetReason() != mesos.REASON_AGENT_DISCONNECTED || got.GetMessage() != "Agent host disconnected" {
		t.Errorf("task without checkpointing: got %s %s %q", got.GetState(), got.GetReason(), got.GetMessage())
	}
	a.reregister(s)
	awaitMessage[link.Reregistered](a)
	if got := s.offer().AgentID.Value; got != a.id {
		t.Errorf("offer after the return: got one of %s, want %s", got, a.id)
	}
}

func TestUnreachableAgentAndItsReturn(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config, _ *Deps) {
		c.AgentPingTimeout, c.MaxAgentPingTimeouts = 20*time.Millisecond, 3
	}).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	other := r.subscribe(t, "", `{"user":"u","name":"other","failover_timeout":60}`, "")
	s.running(a, "t")
	var seen []string
	cancel, err := r.m.Observe(context.Background(), func(*State) {}, func(e Event) { seen = append(seen, fmt.Sprintf("%T", e)) }, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	r.network.Freeze(a.addr)
	got := s.status()
	if got.GetState() != mesos.TASK_UNREACHABLE || got.GetReason() != mesos.REASON_AGENT_REMOVED || got.UUID != nil ||
		got.UnreachableTime == nil || got.GetMessage() != "health check timed out" {
		t.Errorf("status: got %v", got)
	}
	for _, each := range []*sched{s, other} {
		if f := each.want(scheduler.Event_FAILURE).Failure; f.AgentID.GetValue() != a.id || f.ExecutorID != nil {
			t.Errorf("failure: got %v", f)
		}
	}
	s.call(`"type":"RECONCILE","reconcile":{}`)
	s.call(`"type":"RECONCILE","reconcile":{"tasks":[{"task_id":{"value":"t"},"agent_id":{"value":%q}}]}`, a.id)
	if got := s.status(); got.GetState() != mesos.TASK_UNREACHABLE || got.GetReason() != mesos.REASON_RECONCILIATION {
		t.Errorf("reconciliation: got %s %s, want only the explicit answer", got.GetState(), got.GetReason())
	}
	r.network.Thaw(a.addr)
	r.network.Break(a.addr)
	a.reregister(s, "t")
	awaitMessage[link.Reregistered](a)
	back := s.status()
	if back.GetState() != mesos.TASK_RUNNING || back.GetReason() != mesos.REASON_AGENT_REREGISTERED || back.UUID != nil {
		t.Errorf("after the return: got %v", back)
	}
	r.view(t, func(st *State) {
		if len(st.Frameworks[s.id].Unreachable) > 0 || st.Frameworks[s.id].Tasks["t"] == nil || len(st.UnreachableAgents) > 0 {
			t.Error("the task is still among the unreachable ones")
		}
		want := []string{"master.TaskUpdated", "master.TaskAdded", "master.AgentAdded"}
		if diff := cmp.Diff(seen, want); diff != "" {
			t.Errorf("events: -got +want:\n%s", diff)
		}
	})
}

func TestUnreachableAfterTheReregisterTimeout(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config, _ *Deps) { c.AgentReregisterTimeout = 30 * time.Millisecond }).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", `{"user":"u","name":"old","failover_timeout":60,"checkpoint":true}`, "")
	s.running(a, "t")
	a.conn.Close()
	if got := s.status(); got.GetState() != mesos.TASK_LOST || got.UnreachableTime == nil {
		t.Errorf("not partition-aware: got %s, unreachable time %v", got.GetState(), got.UnreachableTime)
	}
}

func TestReplacedAndUnregisteredAgents(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	s.running(a, "t")
	a.conn.Close()
	first := a.id
	a.dial()
	a.conn.Send(link.Register{AgentRecord: a.record})
	a.id = awaitMessage[link.Registered](a).AgentID.Value
	if a.id == first {
		t.Error("a new agent at the address of an old one gets its id")
	}
	if got := s.status(); got.GetState() != mesos.TASK_LOST || got.GetMessage() != "Agent host removed: a new agent registered at the same address" {
		t.Errorf("replaced: got %s %q", got.GetState(), got.GetMessage())
	}
	s.call(`"type":"REVIVE"`)
	s.running(a, "u")
	a.conn.Send(link.Unregister{AgentID: mesos.AgentID{Value: a.id}})
	if got := s.status(); got.GetState() != mesos.TASK_LOST || got.GetMessage() != "Agent host removed: the agent unregistered" {
		t.Errorf("unregistered: got %s %q", got.GetState(), got.GetMessage())
	}
}

func TestLostLaunchIsReconciledWithTheAgent(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	s.launch(s.offer(), 3600, commandTask("t", a.id, ""))
	awaitMessage[link.RunTask](a)
	a.conn.Close()
	a.reregister(s)
	got := awaitMessage[link.Reregistered](a).Reconciliations
	if len(got) != 1 || got[0].Framework.ID.GetValue() != s.id || got[0].TaskIDs[0].Value != "t" {
		t.Errorf("reconciliations: got %v, want task t", got)
	}
}

func TestMasterFailover(t *testing.T) {
	t.Parallel()
	registry := NewMemoryRegistry()
	shared := func(_ *Config, d *Deps) { d.Registry = registry }
	old := newRig(t, shared).lead(t)
	a, b := old.agent(t, "cpus:4;mem:4096"), old.agent(t, "cpus:4;mem:4096")
	s := old.subscribe(t, "", frameworkInfo(""), "")
	old.m.SetLeadership(Leadership{})
	if e := s.want(scheduler.Event_OFFERS); len(e.Offers.Offers) == 0 {
		t.Error("no offers")
	}
	for e := s.next(); e != nil; e = s.next() {
		continue
	}
	if err := old.m.View(context.Background(), func(*State) {}); !errors.Is(err, ErrStopped) {
		t.Errorf("view of a deposed master: got %v, want %v", err, ErrStopped)
	}
	fresh := newRig(t, func(c *Config, d *Deps) {
		shared(c, d)
		c.AgentReregisterTimeout = 200 * time.Millisecond
	}).lead(t)
	again := fresh.subscribe(t, s.id, frameworkInfo(fmt.Sprintf(`,"id":{"value":%q}`, s.id)), "")
	again.call(`"type":"RECONCILE","reconcile":{"tasks":[{"task_id":{"value":"t"},"agent_id":{"value":%q}}]}`, a.id)
	a.rig, a.record.Info.ID = fresh, nil
	a.reregister(again, "t")
	awaitMessage[link.Reregistered](a)
	again.call(`"type":"RECONCILE","reconcile":{"tasks":[{"task_id":{"value":"t"},"agent_id":{"value":%q}}]}`, a.id)
	if got := again.status(); got.GetState() != mesos.TASK_RUNNING || got.GetReason() != mesos.REASON_RECONCILIATION {
		t.Errorf("first answer: got %s %s, want silence until the agent is back", got.GetState(), got.GetReason())
	}
	if f := again.want(scheduler.Event_FAILURE).Failure; f.AgentID.GetValue() != b.id {
		t.Errorf("failure: got %v, want %s", f.AgentID, b.id)
	}
	fresh.view(t, func(st *State) {
		if len(st.RecoveredAgents) != 0 || len(st.UnreachableAgents) != 1 || len(st.Agents) != 1 {
			t.Errorf("recovered %d, unreachable %d, registered %d", len(st.RecoveredAgents), len(st.UnreachableAgents), len(st.Agents))
		}
	})
}

func TestFrameworksKnownFromAgentsAreRecovered(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.newAgent(t, "cpus:4;mem:4096")
	a.id = "old-S0"
	s := &sched{tb: t, rig: r, id: "old-0000"}
	a.reregister(s, "t")
	awaitMessage[link.Reregistered](a)
	r.view(t, func(st *State) {
		fw := st.Frameworks["old-0000"]
		if fw == nil || !fw.Recovered || fw.Connected || fw.Tasks["t"] == nil {
			t.Errorf("framework: got %+v, want a recovered one with the task", fw)
		}
	})
	back := r.subscribe(t, "old-0000", frameworkInfo(`,"id":{"value":"old-0000"},"principal":"p"`), "")
	if back.refused != "" {
		t.Fatalf("subscription refused: %s", back.refused)
	}
	if got := back.offer().Resources; len(got) == 0 {
		t.Error("no resources beside the task")
	}
	back.call(`"type":"TEARDOWN"`)
	awaitMessage[link.ShutdownFramework](a)
	a.conn.Close()
	a.reregister(s, "t")
	awaitMessage[link.ShutdownFramework](a)
}

func TestGoneAgents(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	s.running(a, "t")
	ctx := context.Background()
	id := mesos.AgentID{Value: a.id}
	wantRefusal(t, r.m.MarkAgentGone(ctx, nil, mesos.AgentID{Value: "nope"}), 404, "Agent 'nope' not found")
	for range 2 {
		if err := r.m.MarkAgentGone(ctx, nil, id); err != nil {
			t.Errorf("mark gone: %v", err)
		}
	}
	if got := s.status(); got.GetState() != mesos.TASK_GONE_BY_OPERATOR || got.GetReason() != mesos.REASON_AGENT_REMOVED_BY_OPERATOR {
		t.Errorf("status: got %s %s", got.GetState(), got.GetReason())
	}
	awaitMessage[link.ShutdownAgent](a)
	a.reregister(s, "t")
	awaitMessage[link.ShutdownAgent](a)
	r.view(t, func(st *State) {
		if len(st.Agents) != 0 {
			t.Error("an agent marked gone is admitted again")
		}
	})
}

func wantRefusal(t *testing.T, err error, code int, text string) {
	t.Helper()
	var refused *CallError
	if !errors.As(err, &refused) || refused.Status != code || !strings.Contains(refused.Message, text) {
		t.Errorf("got %v, want %d with %q", err, code, text)
	}
}

func TestDraining(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	s.running(a, "t")
	s.call(`"type":"REVIVE"`)
	offer := s.offer()
	ctx, id := context.Background(), mesos.AgentID{Value: a.id}
	wantRefusal(t, r.m.DrainAgent(ctx, nil, mesos.AgentID{Value: "nope"}, nil, false), 400, "Unknown agent")
	wantRefusal(t, r.m.ReactivateAgent(ctx, nil, id), 400, "Agent is not deactivated")
	grace := 7 * time.Second
	if err := r.m.DrainAgent(ctx, nil, id, &grace, false); err != nil {
		t.Fatal(err)
	}
	if got := s.want(scheduler.Event_RESCIND).Rescind.OfferID; got != offer.ID {
		t.Errorf("rescinded: got %v", got)
	}
	if m := awaitMessage[link.Drain](a); m.Config.MaxGracePeriod.GetNanoseconds() != grace.Nanoseconds() {
		t.Errorf("drain: got %v", m.Config)
	}
	wantRefusal(t, r.m.ReactivateAgent(ctx, nil, id), 400, "still in the DRAINING state")
	a.conn.Close()
	a.reregister(s, "t")
	if m := awaitMessage[link.Reregistered](a); m.Drain == nil {
		t.Error("a returning agent is not told that it drains")
	}
	a.update(s.id, "t", mesos.TASK_KILLED, "end")
	s.status()
	s.acknowledge(a, "t", "end")
	awaitMessage[link.StatusAcknowledgement](a)
	r.view(t, func(st *State) {
		if got := st.Agents[a.id].Drain.State; got != mesos.DrainState_DRAINED {
			t.Errorf("state: got %s, want DRAINED", got)
		}
	})
	if err := r.m.ReactivateAgent(ctx, nil, id); err != nil {
		t.Fatal(err)
	}
	awaitMessage[link.StopDraining](a)
	s.offer()
	if err := r.m.DrainAgent(ctx, nil, id, nil, true); err != nil {
		t.Fatal(err)
	}
	awaitMessage[link.ShutdownAgent](a)
	r.view(t, func(st *State) {
		if _, gone := st.GoneAgents[a.id]; !gone {
			t.Error("an empty agent drained with mark_gone is not gone")
		}
	})
}

func TestAnUnreachableAgentDrainsWhenItReturns(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config, _ *Deps) { c.AgentReregisterTimeout = 20 * time.Millisecond }).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	s.running(a, "t")
	a.conn.Close()
	s.status()
	if err := r.m.DrainAgent(context.Background(), nil, mesos.AgentID{Value: a.id}, nil, false); err != nil {
		t.Fatal(err)
	}
	a.reregister(s, "t")
	if m := awaitMessage[link.Reregistered](a); m.Drain == nil {
		t.Error("the agent is not told that it drains")
	}
	r.view(t, func(st *State) {
		got := st.Agents[a.id]
		if got == nil || !got.Deactivated || got.Drain == nil || got.Drain.State != mesos.DrainState_DRAINING {
			t.Errorf("agent: got %+v, want it deactivated and DRAINING", got)
		}
	})
}

func TestDeactivation(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	offer := s.offer()
	ctx, id := context.Background(), mesos.AgentID{Value: a.id}
	if err := r.m.DeactivateAgent(ctx, nil, id); err != nil {
		t.Fatal(err)
	}
	if got := s.want(scheduler.Event_RESCIND).Rescind.OfferID; got != offer.ID {
		t.Errorf("rescinded: got %v", got)
	}
	r.view(t, func(st *State) {
		r.m.a.alloc.TriggerAll()
		r.m.a.offers.allocate()
		if len(st.Offers) > 0 {
			t.Error("a deactivated agent is offered")
		}
	})
	if err := r.m.ReactivateAgent(ctx, nil, id); err != nil {
		t.Fatal(err)
	}
	s.offer()
}

func TestOfferTimeout(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config, _ *Deps) { c.OfferTimeout = 20 * time.Millisecond }).lead(t)
	r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	offer := s.offer()
	if got := s.want(scheduler.Event_RESCIND).Rescind.OfferID; got != offer.ID {
		t.Errorf("rescinded: got %v, want %v", got, offer.ID)
	}
	if again := s.offer(); again.ID == offer.ID {
		t.Error("the same offer comes again")
	}
}

func TestObserversSeeTheSnapshotAndEverythingAfterIt(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config, _ *Deps) { c.MaxOperatorSubscribers = 1 }).lead(t)
	before := r.agent(t, "cpus:4;mem:4096")
	var events []string
	ended := make(chan struct{})
	_, err := r.m.Observe(context.Background(), func(st *State) {
		events = append(events, fmt.Sprintf("snapshot %v", st.Agents[before.id] != nil))
	}, func(e Event) { events = append(events, fmt.Sprintf("%T", e)) }, func() { close(ended) })
	if err != nil {
		t.Fatal(err)
	}
	s := r.subscribe(t, "", frameworkInfo(""), "")
	s.running(before, "t")
	s.call(`"type":"TEARDOWN"`)
	if _, err := r.m.Observe(context.Background(), func(*State) {}, func(Event) {}, func() {}); err != nil {
		t.Fatal(err)
	}
	<-ended
	want := []string{
		"snapshot true", "master.FrameworkAdded", "master.TaskAdded", "master.TaskUpdated", "master.TaskUpdated",
		"master.FrameworkRemoved",
	}
	if diff := cmp.Diff(events, want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

func TestConfigValidation(t *testing.T) {
	t.Parallel()
	_, err := New(Config{}, Deps{})
	for _, field := range []string{"IP", "Port", "HeartbeatInterval", "AllocationInterval", "MaxAgentPingTimeouts"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("error: got %v, want %s in it", err, field)
		}
	}
	cfg := DefaultConfig()
	cfg.IP, cfg.Port = "127.0.0.1", 5050
	if _, err := New(cfg, Deps{}); err == nil {
		t.Error("a master without network is made")
	}
}

func TestRegistryForgetsTheOldest(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config, _ *Deps) { c.RegistryMaxAgentCount = 2 }).lead(t)
	r.view(t, func(st *State) {
		now := time.Now()
		for i := range 4 {
			st.UnreachableAgents[strconv.Itoa(i)] = now.Add(time.Duration(i) * time.Second)
		}
		st.GoneAgents["ancient"] = now.Add(-15 * 24 * time.Hour)
		r.m.a.registrar.collect()
		if got := byAge(st.UnreachableAgents); !slices.Equal(got, []string{"2", "3"}) {
			t.Errorf("unreachable: got %v, want 2 and 3", got)
		}
		if len(st.GoneAgents) > 0 {
			t.Error("an agent gone for longer than two weeks is remembered")
		}
	})
}
