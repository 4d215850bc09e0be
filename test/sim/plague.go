package sim

import (
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// plague plans the failures of agents, masters, subscriptions and schedulers.
func (w *world) plague() {
	w.repeat(w.faults.agent, func() {
		a := w.agents[w.rng.IntN(len(w.agents))]
		a.suffer()
	})
	w.repeat(w.faults.master, w.master.fail)
	w.repeat(w.faults.stream, w.sched.disconnect)
	w.repeat(w.faults.epidemic, w.epidemic)
	w.repeat(w.faults.scheduler, func() {
		if w.sched.state != nil {
			w.sched.crash("killed")
		}
	})
}

// repeat has something happen again and again, until it is calm.
func (w *world) repeat(mean time.Duration, do func()) {
	w.after(time.Duration(w.rng.ExpFloat64()*float64(mean)), func() {
		if w.user.idle {
			return
		}
		do()
		w.repeat(mean, do)
	})
}

// suffer lets one of the things happen that happen to agents.
func (a *agent) suffer() {
	w := a.w
	if a.dead {
		return
	}
	switch w.rng.IntN(7) {
	case 0, 1:
		d := w.between(5*time.Second, 20*time.Minute)
		w.logf("agent %s is cut off for %v", a.id, d)
		a.cut = true
		a.breaks(w.chance(0.5))
		w.after(d, func() { a.cut = false })
		a.registerSoon(d)
	case 2:
		d := w.between(time.Second, 70*time.Second)
		w.logf("agent %s stalls for %v", a.id, d)
		a.stalled = w.now.Add(d)
	case 3:
		w.logf("agent %s restarts", a.id)
		a.breaks(true)
		a.registerSoon(w.between(time.Second, 20*time.Second))
	case 4:
		w.logf("the host of agent %s reboots", a.id)
		a.breaks(w.chance(0.5))
		a.endAll()
		a.registerSoon(w.between(20*time.Second, 5*time.Minute))
	case 5:
		w.logf("agent %s loses its tasks and its id", a.id)
		a.breaks(true)
		a.loseAll()
		a.rename()
		a.registerSoon(w.between(20*time.Second, 15*time.Minute))
	case 6:
		a.vanish()
	}
}

// breaks ends the connection; the master notices at once, or by missing pings.
func (a *agent) breaks(noticed bool) {
	a.link = 0
	id := a.id
	d := time.Duration(0)
	if !noticed {
		d = a.w.between(0, 75*time.Second)
	}
	links := a.links
	a.w.after(d, func() {
		if a.links == links {
			a.w.master.broken(id)
		}
	})
}

// endAll ends all tasks, of which the agent tells once it is back.
func (a *agent) endAll() {
	for _, t := range a.sorted() {
		if t.live {
			a.report(t, mesos.TaskFailed)
		}
	}
}

// loseAll ends all tasks without a trace.
func (a *agent) loseAll() {
	for _, t := range a.sorted() {
		t.live = false
	}
	clear(a.tasks)
}

// vanish lets the host die; another one takes its place later, and an operator
// may mark it as gone.
func (a *agent) vanish() {
	w := a.w
	w.logf("the host of agent %s dies", a.id)
	a.breaks(w.chance(0.5))
	id := a.id
	if w.chance(0.5) {
		w.after(w.between(time.Minute, 20*time.Minute), func() { w.master.gone(id) })
	}
	a.die()
}

// die ends an agent for good and plans for another one.
func (a *agent) die() {
	if a.dead {
		return
	}
	w := a.w
	a.dead, a.link = true, 0
	a.loseAll()
	w.after(w.between(10*time.Second, 10*time.Minute), func() {
		next := newAgent(w, a.host+"x")
		w.agents = slices.Insert(w.agents, slices.Index(w.agents, a), next)
		w.agents = slices.DeleteFunc(w.agents, func(o *agent) bool { return o == a })
		next.begin()
	})
}

// heal mends the network of an agent.
func (a *agent) heal() {
	a.cut, a.stalled = false, time.Time{}
	a.registerSoon(a.w.between(0, time.Minute))
}

// unlinkIf ends the connection of the agent if it still has this id.
func (a *agent) unlinkIf(id mesos.AgentID) {
	if a.id == id && a.link != 0 {
		a.link = 0
		a.registerSoon(a.w.between(time.Second, 30*time.Second))
	}
}
