package httpapi

import (
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
)

// TestWhy goes through what may keep an App waiting, each said in a sentence.
func TestWhy(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	four := resource.Vector{CPUs: 4000, Mem: resource.Units(64)}
	prod := func(quota fairshare.Quota, cpus int64) core.Sharing {
		used := resource.Vector{CPUs: resource.Units(cpus)}
		return core.Sharing{Queues: []fairshare.Share{{Queue: "/", Used: used}, {Queue: "/prod", Quota: quota, Used: used}, {Queue: "/prod/x"}}}
	}
	online := core.FrameworkView{Subscribed: true, LastOffer: now.Add(-10 * time.Second)}
	small := "needs 4 cpus; the largest free agent has 3.5: 12 agents too small, 3 excluded by hostname UNIQUE"
	for _, c := range []struct {
		name    string
		fw      core.FrameworkView
		queue   core.QueueView
		failure *core.TaskFailure
		sharing core.Sharing
		want    string
	}{
		{"no master", core.FrameworkView{LastOffer: now}, core.QueueView{Explanation: small, LastUnused: now}, nil, core.Sharing{}, "the scheduler is not connected to a Mesos master"},
		{"back-off", online, core.QueueView{DelayUntil: now.Add(12 * time.Second)}, &core.TaskFailure{State: mesos.TaskFailed, Message: "Command exited with status 1\nmore"}, core.Sharing{},
			"backs off for 12s after TASK_FAILED: Command exited with status 1"},
		{"back-off after a normal end", online, core.QueueView{DelayUntil: now.Add(90 * time.Second)}, nil, core.Sharing{},
			"backs off for 1m30s: its last task ended by itself and without an error; an app's command has to go on running"},
		{"home for a moment", online, core.QueueView{Explanation: "waits for agent a1" + core.WipeHint + ", kill task x with wipe", Since: now.Add(-59 * time.Second), LastUnused: now}, nil, core.Sharing{},
			"waits for agent a1"},
		{"home for long", online, core.QueueView{Explanation: "waits for agent a1" + core.WipeHint + ", kill task x with wipe", Since: now.Add(-time.Minute), LastUnused: now}, nil, core.Sharing{},
			"waits for agent a1" + core.WipeHint + ", kill task x with wipe"},
		{"limit", online, core.QueueView{Explanation: small, LastUnused: now}, nil, prod(fairshare.Quota{Limit: resource.Vector{CPUs: 10_000}}, 8),
			"the limit of queue /prod is reached: 8 of 10 cpus are in use, an instance needs 4"},
		{"limit below the need", online, core.QueueView{}, nil, prod(fairshare.Quota{Limit: resource.Vector{CPUs: 2000}}, 0),
			"needs 4 cpus, more than the limit of queue /prod, which is 2"},
		{"limit of nothing", online, core.QueueView{}, nil, prod(fairshare.Quota{Limit: resource.Vector{Mem: fairshare.None}}, 0),
			"needs 64 MiB of memory, more than the limit of queue /prod, which is 0"},
		{"too small", online, core.QueueView{Explanation: small, LastUnused: now}, nil, prod(fairshare.Quota{Limit: resource.Vector{CPUs: 12_000}}, 8), small},
		{"too small, a while ago", online, core.QueueView{Explanation: small, LastUnused: now.Add(-5 * time.Minute)}, nil, core.Sharing{}, small + " (5m0s ago, when the last offers came)"},
		{"held for another", online, core.QueueView{Explanation: "needs 4 cpus; the largest free agent has 3.5: 1 agent too small, 2 agents held for another App", LastUnused: now}, nil,
			core.Sharing{Held: []core.HeldView{{App: "/a/large", Agent: "a1"}, {App: "/b/large", Agent: "a2"}}},
			"needs 4 cpus; the largest free agent has 3.5: 1 agent too small, 2 agents held for /a/large and /b/large"},
		{"held for another, of no interest", online, core.QueueView{Explanation: small, LastUnused: now}, nil, core.Sharing{Held: []core.HeldView{{App: "/a/large", Agent: "a1"}}}, small},
		{"held for it", online, core.QueueView{Explanation: small, LastUnused: now}, nil, core.Sharing{Held: []core.HeldView{{App: "/prod/web", Agent: "a1"}}},
			small + "; agent a1 is held for it until an instance fits there"},
		{"never an offer", core.FrameworkView{Subscribed: true}, core.QueueView{Since: now.Add(-time.Hour)}, nil, core.Sharing{}, "no agent has offered anything since the scheduler began: there is none, or others use all"},
		{"no offer since", online, core.QueueView{Since: now.Add(-time.Hour)}, nil, core.Sharing{}, "no agent has offered anything for 10s: others may use all"},
		{"no offer yet", core.FrameworkView{Subscribed: true}, core.QueueView{Since: now.Add(-9 * time.Second)}, nil, core.Sharing{}, ""},
		{"no offer, and one held", online, core.QueueView{Since: now}, nil, core.Sharing{Held: []core.HeldView{{App: "/prod/web", Agent: "a1"}}},
			"agent a1 is held for it until an instance fits there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.queue.Waiting = 1
			a := &core.AppView{Spec: &app.Spec{ID: "/prod/web", Run: runspec.Run{Resources: four, Labels: map[string]string{app.QueueLabel: "/prod/x"}}}, Queue: c.queue, LastFailure: c.failure}
			v := core.NewView(now, c.fw, []*core.AppView{a}, nil)
			v.Sharing = c.sharing
			if got := why(v, a, now); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}
