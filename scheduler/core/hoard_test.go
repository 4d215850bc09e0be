package core_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// busy is a State on a cluster whose agents are always full of small tasks that
// end after a while, each replaced at once by one that waits.
type busy struct {
	t      *testing.T
	state  *core.State
	random *rand.Rand
	now    time.Time
	wake   time.Time
	// free is what each agent has left in cpus, offered what of it is on offer.
	free, offered map[mesos.AgentID]int64
	ids           int
	ends          map[mesos.TaskID]end
	mean          time.Duration
}

// end is when a task ends by itself, on an agent of which it used so many cpus.
type end struct {
	at    time.Time
	agent mesos.AgentID
	cpus  int64
}

func newBusy(t *testing.T, mode fairshare.Mode, agents int, mean time.Duration, change func(*core.Config)) *busy {
	t.Helper()
	cfg := core.DefaultConfig()
	cfg.Rand, cfg.Fairness.Mode = rand.New(rand.NewPCG(1, 1)), mode
	if change != nil {
		change(&cfg)
	}
	b := &busy{
		t: t, state: core.New(cfg, placement.NewCluster(placement.Config{}), core.Stored{}, began), random: rand.New(rand.NewPCG(2, 2)), now: began,
		free: map[mesos.AgentID]int64{}, offered: map[mesos.AgentID]int64{}, ends: map[mesos.TaskID]end{}, mean: mean,
	}
	for i := range agents {
		b.free[mesos.AgentID(fmt.Sprintf("a%d", i))] = 8
	}
	b.step(core.FromMesos{mesos.Subscribed{FrameworkID: "fw"}})
	return b
}

func (b *busy) step(ev core.Event) {
	eff := b.state.Step(b.now, ev)
	b.wake = eff.Wake
	for _, c := range eff.Calls {
		switch c := c.(type) {
		case *core.Launch:
			b.launched(c)
		case core.MesosCall:
			if d, ok := c.SchedulerCall.(mesos.Decline); ok {
				for _, id := range d.OfferIDs {
					b.offered[agentOf(id)] = 0
				}
			}
		}
	}
}

// agentOf reads the agent out of an offer's id, "a3/17".
func agentOf(id mesos.OfferID) mesos.AgentID {
	for i := range id {
		if id[i] == '/' {
			return mesos.AgentID(id[:i])
		}
	}
	return ""
}

func (b *busy) launched(l *core.Launch) {
	for _, id := range l.OfferIDs {
		b.offered[agentOf(id)] = 0
	}
	for _, t := range l.Tasks {
		cpus := int64(t.Spec.Resources.CPUs / 1000)
		b.free[t.Instance.AgentID] -= cpus
		life := time.Duration(b.random.ExpFloat64() * float64(b.mean))
		b.ends[t.Instance.TaskID()] = end{at: b.now.Add(life), agent: t.Instance.AgentID, cpus: cpus}
	}
}

// second lets a second pass: tasks end, what is free is offered.
func (b *busy) second() {
	b.now = b.now.Add(time.Second)
	if !b.wake.IsZero() && !b.wake.After(b.now) {
		b.step(core.Tick{})
	}
	for _, id := range slices.Sorted(maps.Keys(b.ends)) {
		e := b.ends[id]
		if e.at.After(b.now) {
			continue
		}
		delete(b.ends, id)
		b.free[e.agent] += e.cpus
		b.step(core.FromMesos{mesos.Update{Status: mesos.TaskStatus{TaskID: id, State: mesos.TaskKilled, AgentID: e.agent, UUID: []byte("x")}}})
	}
	var offers []mesos.Offer
	for _, agent := range slices.Sorted(maps.Keys(b.free)) {
		n := b.free[agent]
		if n -= b.offered[agent]; n <= 0 {
			continue
		}
		b.offered[agent] += n
		b.ids++
		offers = append(offers, mesos.Offer{
			ID: mesos.OfferID(fmt.Sprintf("%s/%d", agent, b.ids)), AgentID: agent, Hostname: string(agent), Role: "*",
			Resources: []mesos.Resource{
				{Name: "cpus", Type: mesos.Scalar, Scalar: resource.Units(n), AllocationRole: "*"},
				{Name: "mem", Type: mesos.Scalar, Scalar: resource.Units(100_000), AllocationRole: "*"},
			},
		})
	}
	if offers != nil {
		b.step(core.FromMesos{mesos.Offers{Offers: offers}})
	}
}

func (b *busy) create(id app.ID, instances int, cpus int64) {
	spec := &app.Spec{
		ID:         id,
		Instances:  instances,
		Backoff:    app.Backoff{Initial: time.Second, Factor: 1, Max: time.Second},
		Upgrade:    app.UpgradeStrategy{MinimumHealthCapacity: 1},
		KillSelect: app.YoungestFirst,
		Run: runspec.Run{
			Cmd:       "run",
			Resources: resource.Vector{CPUs: resource.Units(cpus), Mem: resource.Units(1)},
			Networks:  []app.Network{{Mode: app.Host}},
		},
	}
	b.step(core.Asked{Command: core.ChangeApps{Changes: []core.AppChange{{Spec: spec}}}})
}

// until lets time pass until the condition holds, for a day at most, and returns how long it took.
func (b *busy) until(what string, done func() bool) time.Duration {
	b.t.Helper()
	for begin := b.now; ; b.second() {
		if done() {
			return b.now.Sub(begin)
		}
		if b.now.Sub(begin) > 24*time.Hour {
			b.t.Fatalf("after a day: not %s", what)
		}
	}
}

func (b *busy) runs(id app.ID) int { return launched(b.t, b.state.View(), id) }

func (b *busy) holds() []view.Held { return b.state.View().Sharing.Held }

// A large instance starts, although small ones that wait would take each part
// of an agent that becomes free, in both orders and even when tasks last much
// longer than an agent is held at first. Without holding it would wait for ever.
func TestALargeInstanceStartsWhileSmallOnesKeepComing(t *testing.T) {
	t.Parallel()
	for _, mode := range []fairshare.Mode{fairshare.DRF, fairshare.FIFO} {
		for _, mean := range []time.Duration{2 * time.Minute, 30 * time.Minute} {
			t.Run(fmt.Sprintf("%v/%v", mode, mean), func(t *testing.T) {
				t.Parallel()
				b := newBusy(t, mode, 3, mean, nil)
				// The large one's tenant has most already, so it is last by shares.
				b.create("/a/many", 12, 1)
				b.create("/b/small", 100, 1)
				for range 60 {
					b.second()
				}
				b.create("/a/large", 1, 8)
				took := b.until("started the large instance", func() bool { return b.runs("/a/large") > 0 })
				if a, _ := b.state.View().App("/a/large"); !a.Queue.Since.IsZero() {
					t.Errorf("of the wait that is over is left: %v", a.Queue.Since)
				}
				if b.runs("/b/small") == 0 || len(b.holds()) > 0 {
					t.Errorf("small ones: got %d, held: %v", b.runs("/b/small"), b.holds())
				}
				t.Logf("after %v", took)

				without := newBusy(t, mode, 3, mean, func(c *core.Config) { c.StarveAfter = 1000 * time.Hour })
				without.create("/a/many", 12, 1)
				without.create("/b/small", 100, 1)
				for range 60 {
					without.second()
				}
				without.create("/a/large", 1, 8)
				for range int(took / time.Second) {
					without.second()
				}
				if without.runs("/a/large") > 0 {
					t.Error("it starts without holding, too: this proves nothing")
				}
			})
		}
	}
}

// An agent is given back at once when the App that it is held for is gone, is
// scaled to nothing, is changed so that it fits elsewhere, or the agent is lost.
func TestHeldAgentsAreGivenBack(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(b *busy){
		"the App is deleted": func(b *busy) { b.step(core.Asked{Command: core.DeleteApps{IDs: []app.ID{"/a/large"}, Force: true}}) },
		"the App is scaled to nothing": func(b *busy) {
			spec := *b.state.Spec("/a/large")
			spec.Instances = 0
			b.step(core.Asked{Command: core.ChangeApps{Changes: []core.AppChange{{Spec: &spec}}, Force: true}})
		},
		"the deployment is cancelled": func(b *busy) {
			for _, d := range b.state.View().Deployments {
				if d.Target["/a/large"] != nil {
					b.step(core.Asked{Command: core.CancelDeployment{ID: d.ID}})
				}
			}
		},
		"the instance becomes small": func(b *busy) {
			spec := *b.state.Spec("/a/large")
			spec.Resources.CPUs = 1000
			b.step(core.Asked{Command: core.ChangeApps{Changes: []core.AppChange{{Spec: &spec}}, Force: true}})
			b.until("started", func() bool { return b.runs("/a/large") > 0 })
		},
		"the agent is lost": func(b *busy) {
			agent := b.holds()[0].Agent
			delete(b.free, agent)
			for id, e := range b.ends {
				if e.agent == agent {
					delete(b.ends, id)
				}
			}
			b.step(core.FromMesos{mesos.Failure{AgentID: agent}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBusy(t, fairshare.DRF, 2, time.Hour, nil)
			b.create("/a/large", 0, 8)
			b.create("/b/small", 100, 1)
			b.second()
			spec := *b.state.Spec("/a/large")
			spec.Instances = 1
			b.step(core.Asked{Command: core.ChangeApps{Changes: []core.AppChange{{Spec: &spec}}, Force: true}})
			b.until("held an agent", func() bool { return len(b.holds()) > 0 })
			b.until("something free on the held agent", func() bool { return b.free[b.holds()[0].Agent] > 0 })
			agent := b.holds()[0].Agent
			act(b)
			if held := b.holds(); len(held) > 0 && held[0].Agent == agent {
				t.Fatalf("held: got %v, want the agent given back", held)
			}
			if b.free[agent] == 0 {
				return
			}
			// What has become free there goes to those who wait.
			if took := b.until("used what was held", func() bool { return b.free[agent] == 0 }); took > 5*time.Second {
				t.Errorf("used after %v", took)
			}
		})
	}
}

// Where a part of the agent never becomes free, holding is of no use: it is given up, and tried again
// after growing pauses.
func TestHoldingThatIsOfNoUseIsGivenUp(t *testing.T) {
	t.Parallel()
	b := newBusy(t, fairshare.DRF, 1, 30*time.Second, nil)
	b.create("/b/first", 1, 6)
	b.second()
	for id, e := range b.ends {
		e.at = b.now.Add(1000 * time.Hour)
		b.ends[id] = e
	}
	b.create("/b/small", 10, 1)
	b.create("/a/large", 1, 8)
	heldFor, last := time.Duration(0), false
	var pauses int
	for range 6 * 3600 {
		b.second()
		held := len(b.holds()) > 0
		if held {
			heldFor += time.Second
		}
		if last && !held {
			pauses++
		}
		last = held
	}
	if pauses < 3 || heldFor > 90*time.Minute {
		t.Errorf("in six hours: got %d holds of %v together, want some, for a quarter of the time at most", pauses, heldFor)
	}
}
