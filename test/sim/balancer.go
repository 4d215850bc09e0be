package sim

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/discovery"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

const (
	// registrationTTL is how long a balancer's registration holds: over the times in
	// which nothing happens, too.
	registrationTTL = 10 * time.Minute
	// reregistration is how long a new scheduler gives those who were registered before.
	reregistration = 15 * time.Second
)

// hub plays the shell around the table of endpoints and its gate, and the load
// balancers that follow them. It begins anew with each start of the scheduler.
type hub struct {
	w     *world
	limit app.Drain
	table *discovery.Table
	// shown are the Apps that the table has.
	shown map[app.ID]bool
	next  time.Time
	// began is when the scheduler did.
	began     time.Time
	balancers []*balancer
	// drained is when the draining of a task began, freed are those that the gate has
	// opened for, hurried are those that need not be
	// waited for: somebody was told to hurry, or their agent was out of sight.
	drained map[mesos.TaskID]time.Time
	freed   map[mesos.TaskID]bool
	hurried map[mesos.TaskID]bool
}

func newHub(w *world) *hub {
	limits := []app.Drain{{}, {Timeout: 20 * time.Second, MinDelay: 2 * time.Second}, {Timeout: time.Minute, MinDelay: 5 * time.Second}}
	h := &hub{w: w, limit: limits[w.rng.IntN(len(limits))], drained: map[mesos.TaskID]time.Time{}, freed: map[mesos.TaskID]bool{}, hurried: map[mesos.TaskID]bool{}}
	if w.chance(0.9) {
		h.limit = app.Drain{} // most seeds are about other things
		return h
	}
	for n := range 2 {
		h.balancers = append(h.balancers, &balancer{h: h, id: fmt.Sprintf("lb%d", n), busy: map[mesos.TaskID]time.Time{}})
	}
	return h
}

// begin starts the table of a new term, and the balancers with the first.
func (h *hub) begin(v *view.View) {
	h.table = discovery.New(discovery.Config{
		Term: uint64(h.w.sched.boot), GuardShare: 0.5,
		Gate: discovery.GateConfig{Began: h.w.now, Drain: h.limit, PublishTimeout: 5 * time.Second},
	})
	h.shown, h.next, h.began = map[app.ID]bool{}, time.Time{}, h.w.now
	h.update(v)
}

// update has the table show what the scheduler does.
func (h *hub) update(v *view.View) {
	if len(h.balancers) == 0 {
		return
	}
	for id := range h.shown {
		if _, ok := v.App(id); !ok {
			delete(h.shown, id)
			h.table.Remove(id)
		}
	}
	v.Apps(func(a *view.App) bool {
		h.shown[a.Spec.ID] = true
		h.table.Update(h.w.now, a)
		return true
	})
	h.release()
	h.stir()
}

// release has tasks killed that nobody sends to any more.
func (h *hub) release() {
	free, next := h.table.Gate.Release(h.w.now)
	for _, t := range free {
		h.freed[t] = true
		h.unused(t)
	}
	if len(free) > 0 {
		h.w.sched.ask(core.LetGo{Tasks: free})
	}
	if next.IsZero() || next.Equal(h.next) {
		return
	}
	h.next = next
	h.w.sched.later(max(0, next.Sub(h.w.now)), func() {
		if h.next.Equal(next) {
			h.next = time.Time{}
			h.release()
		}
	})
}

// note takes down from when on a task may be killed at the latest, and which need
// not be waited for.
func (h *hub) note(ev core.Event, persisted []core.Change) {
	if a, ok := ev.(core.Asked); ok {
		if k, ok := a.Command.(core.KillTasks); ok && (k.Force || k.Wipe) {
			for _, t := range k.Tasks {
				h.hurried[t] = true
			}
		}
	}
	for _, c := range persisted {
		if p, ok := c.(core.PutInstance); ok {
			switch i := p.Instance; {
			case i.Condition.OutOfSight():
				h.hurried[i.TaskID()] = true
			case i.Draining:
				h.drained[i.TaskID()] = i.Since
			}
		}
	}
}

// unused checks that nobody sends to a task that the gate opens for.
func (h *hub) unused(t mesos.TaskID) {
	for _, b := range h.balancers {
		if why := b.uses(t); why != "" && !h.hurried[t] {
			h.w.fail("%s is let go of though %s %s", t, b.id, why)
		}
	}
}

// killed checks that a task which is killed was let go of, unless its time is over.
func (h *hub) killed(t mesos.TaskID) {
	since, drained := h.drained[t]
	if drained && !h.freed[t] && !h.hurried[t] && h.w.now.Before(since.Add(h.limit.Timeout)) {
		h.w.fail("%s is killed %v after it began to drain, and was not let go of", t, h.w.now.Sub(since))
	}
}

// balancer is a load balancer that follows the table, late and with breaks.
type balancer struct {
	h   *hub
	id  string
	set endpoint.Set
	// boot is the scheduler that it is registered with, until expires.
	boot    int
	expires time.Time
	// awake says that it will look again.
	awake bool
	// busy are the tasks that it has connections to, each up to a time.
	busy map[mesos.TaskID]time.Time
}

// stir has the balancers look again if there is something to see. They sleep while
// nothing happens: hours pass here in which nothing does.
func (h *hub) stir() {
	for _, b := range h.balancers {
		if !b.awake && (h.table.Index().String() != b.set.Index() || h.draining()) {
			b.wake()
		}
	}
}

// draining reports whether a task is being drained at present.
func (h *hub) draining() bool { return len(h.table.Gate.Drains(h.w.now, 0)) > 0 }

// wake has the balancer look again after a while; it stands still now and then.
func (b *balancer) wake() {
	w := b.h.w
	pause := w.between(50*time.Millisecond, 3*time.Second)
	if w.chance(w.faults.slow) {
		pause = w.between(time.Second, time.Minute)
	}
	b.awake = true
	w.after(pause, func() {
		b.awake = false
		b.follow()
		b.h.stir()
	})
}

// follow registers, takes what is new, and acknowledges what it did before.
func (b *balancer) follow() {
	w, h := b.h.w, b.h
	if w.sched.state == nil || w.chance(w.faults.lose) {
		return
	}
	if b.boot != w.sched.boot || !w.now.Before(b.expires) {
		b.boot = w.sched.boot
		if _, err := h.table.Register(w.now, b.id, endpoint.Registration{Kind: "sim", Acks: true, TTL: registrationTTL.String()}); err != nil {
			w.fail("%s is not registered: %v", b.id, err)
		}
		b.expires = w.now.Add(registrationTTL)
	}
	at, _ := endpoint.ParseIndex(b.set.Index())
	if w.chance(0.9) { // else it acknowledges only what it has carried out before
		b.set.Apply(h.table.Since(at, endpoint.Selector{}))
	}
	busy := map[mesos.TaskID]endpoint.Connections{}
	for _, s := range b.set.Services() {
		for _, e := range s.Endpoints {
			if e.State == endpoint.Ready && w.chance(0.2) {
				b.busy[e.Task] = w.now.Add(w.between(0, 30*time.Second))
			}
		}
	}
	for _, t := range slices.Sorted(maps.Keys(b.busy)) {
		if !w.now.Before(b.busy[t]) {
			delete(b.busy, t)
			continue
		}
		busy[t] = endpoint.Connections{Connections: 1}
	}
	w.logf("%s acknowledges %s, busy with %d tasks", b.id, b.set.Index(), len(busy))
	if err := h.table.Acknowledge(w.now, b.id, endpoint.Ack{Index: b.set.Index(), Draining: busy}); err == nil {
		b.expires = w.now.Add(registrationTTL)
	}
	h.release()
}

// uses says how the balancer uses a task, "" if it does not, or has given no sign of
// life for so long that nobody waits for it.
func (b *balancer) uses(t mesos.TaskID) string {
	now, h := b.h.w.now, b.h
	live := now.Before(b.expires)
	if b.boot != h.w.sched.boot {
		// A new scheduler gives those time to register who were with the one before.
		live = b.expires.After(h.began) && now.Before(h.began.Add(reregistration))
	}
	if !live {
		return ""
	}
	if until, busy := b.busy[t]; busy && now.Before(until) {
		return "has connections to it"
	}
	for _, s := range b.set.Services() {
		for _, e := range s.Endpoints {
			if e.Task == t && e.State == endpoint.Ready {
				return "sends to it"
			}
		}
	}
	return ""
}
