package view

import (
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/pkg/why"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// TestWhy goes through what may keep an App waiting, each said in a sentence.
func TestWhy(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	four := resource.Vector{CPUs: 4000, Mem: resource.Units(64)}
	prod := func(quota fairshare.Quota, cpus int64) Sharing {
		used := resource.Vector{CPUs: resource.Units(cpus)}
		return Sharing{Queues: []fairshare.Share{{Queue: "/", Used: used}, {Queue: "/prod", Quota: quota, Used: used}, {Queue: "/prod/x"}}}
	}
	online := Framework{Subscribed: true, LastOffer: now.Add(-10 * time.Second)}
	misfit := why.Misfit{Miss: &why.Miss{Resource: why.CPUs, Need: 4000, Largest: 3500}, Facts: []why.Fact{{Kind: why.TooSmall, Agents: 12}}}
	crowded := why.Misfit{Miss: misfit.Miss, Facts: []why.Fact{{Kind: why.TooSmall, Agents: 1}, {Kind: why.Held, Agents: 2}}}
	home := why.Home{Instance: "i1", Task: "x", Agent: "a1", Hostname: "h1", Paths: []string{"data"}, Made: true, Lack: why.HomeSilent, Wipe: true}
	const small = "needs 4 cpus; the largest free agent has 3.5: 12 agents too small"
	const homesick = "instance i1 waits for agent a1 (h1), which holds its volume data: it offers nothing at present"
	for _, c := range []struct {
		name    string
		fw      Framework
		queue   Queue
		failure *instance.TaskFailure
		sharing Sharing
		want    string
	}{
		{"no master", Framework{LastOffer: now}, Queue{Cause: misfit, LastUnused: now}, nil, Sharing{}, "the scheduler is not connected to a Mesos master"},
		{"back-off", online, Queue{DelayUntil: now.Add(12 * time.Second)}, &instance.TaskFailure{State: mesos.TaskFailed, Message: "Command exited with status 1\nmore"}, Sharing{},
			"backs off for 12s after TASK_FAILED: Command exited with status 1"},
		{"back-off after a normal end", online, Queue{DelayUntil: now.Add(90 * time.Second)}, nil, Sharing{},
			"backs off for 1m30s: its last task ended by itself and without an error; an app's command has to go on running"},
		{"home for a moment", online, Queue{Cause: home, Since: now.Add(-59 * time.Second), LastUnused: now}, nil, Sharing{},
			homesick},
		{"home for long", online, Queue{Cause: home, Since: now.Add(-time.Minute), LastUnused: now}, nil, Sharing{},
			homesick + "; to start without the data, kill task x with wipe"},
		{"limit", online, Queue{Cause: misfit, LastUnused: now}, nil, prod(fairshare.Quota{Limit: resource.Vector{CPUs: 10_000}}, 8),
			"the limit of queue /prod is reached: 8 of 10 cpus are in use, an instance needs 4"},
		{"limit below the need", online, Queue{}, nil, prod(fairshare.Quota{Limit: resource.Vector{CPUs: 2000}}, 0),
			"needs 4 cpus, more than the limit of queue /prod, which is 2"},
		{"limit of nothing", online, Queue{}, nil, prod(fairshare.Quota{Limit: resource.Vector{Mem: fairshare.None}}, 0),
			"needs 64 MiB of memory, more than the limit of queue /prod, which is 0"},
		{"too small", online, Queue{Cause: misfit, LastUnused: now}, nil, prod(fairshare.Quota{Limit: resource.Vector{CPUs: 12_000}}, 8), small},
		{"too small, a while ago", online, Queue{Cause: misfit, LastUnused: now.Add(-5 * time.Minute)}, nil, Sharing{}, small + " (5m0s ago, when the last offers came)"},
		{"held for another", online, Queue{Cause: crowded, LastUnused: now}, nil,
			Sharing{Held: []Held{{App: "/a/large", Agent: "a1"}, {App: "/b/large", Agent: "a2"}}},
			"needs 4 cpus; the largest free agent has 3.5: 1 agent too small, 2 agents held for /a/large and /b/large"},
		{"held for another, of no interest", online, Queue{Cause: misfit, LastUnused: now}, nil, Sharing{Held: []Held{{App: "/a/large", Agent: "a1"}}}, small},
		{"held for it", online, Queue{Cause: misfit, LastUnused: now}, nil, Sharing{Held: []Held{{App: "/prod/web", Agent: "a1"}}},
			small + "; agent a1 is held for it until an instance fits there"},
		{"never an offer", Framework{Subscribed: true}, Queue{Since: now.Add(-time.Hour)}, nil, Sharing{}, "no agent has offered anything since the scheduler began: there is none, or others use all"},
		{"no offer since", online, Queue{Since: now.Add(-time.Hour)}, nil, Sharing{}, "no agent has offered anything for 10s: others may use all"},
		{"no offer yet", Framework{Subscribed: true}, Queue{Since: now.Add(-9 * time.Second)}, nil, Sharing{}, ""},
		{"no offer, and one held", online, Queue{Since: now}, nil, Sharing{Held: []Held{{App: "/prod/web", Agent: "a1"}}},
			"agent a1 is held for it until an instance fits there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.queue.Waiting = 1
			a := &App{Spec: &app.Spec{ID: "/prod/web", Run: runspec.Run{Resources: four, Labels: map[string]string{app.QueueLabel: "/prod/x"}}}, Queue: c.queue, LastFailure: c.failure}
			v := New(now, c.fw, []*App{a}, nil)
			v.Sharing = c.sharing
			if got := Why(v, a, now).Words(); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}
