package httpapi_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// machine is the scheduler's core behind the API, on a cluster of one agent. Its
// clock moves by a second with every command.
type machine struct {
	mu    sync.Mutex
	state *core.State
	now   time.Time
	// launched are tasks that have not been reported to run.
	launched []mesos.TaskID
	offers   int
	// meanwhile, unless nil, is done before the next command, once.
	meanwhile func()
}

// newMachine serves the API over a core.
func newMachine(tb testing.TB, rules app.Rules) (*machine, *service) {
	tb.Helper()
	cfg := core.DefaultConfig()
	cfg.Rand = rand.New(rand.NewPCG(1, 2))
	m := &machine{now: start}
	m.state = core.New(cfg, placement.NewCluster(placement.Config{Rand: cfg.Rand}), core.Stored{}, start)
	m.step(core.FromMesos{Event: mesos.Subscribed{FrameworkID: "framework"}})
	api, err := httpapi.New(httpapi.Config{Scheduler: m, Leadership: m, Rules: rules, Address: "leader.example:8080"})
	if err != nil {
		tb.Fatal(err)
	}
	server := httptest.NewServer(api)
	tb.Cleanup(server.Close)
	return m, &service{api: api, url: server.URL}
}

// Leader implements httpapi.Leadership.
func (m *machine) Leader() (self bool, address string) { return true, "leader.example:8080" }

// View implements httpapi.Scheduler.
func (m *machine) View() *view.View {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.View()
}

// Do implements httpapi.Scheduler.
func (m *machine) Do(_ context.Context, cmd core.Command) (core.Result, error) {
	if do := m.meanwhile; do != nil {
		m.meanwhile = nil
		do()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(time.Second)
	r := m.step(core.Asked{Command: cmd}).Replies[0]
	return r.Result, r.Err
}

// step takes one input and notes what is launched.
func (m *machine) step(ev core.Event) core.Effects {
	e := m.state.Step(m.now, ev)
	for _, c := range e.Calls {
		switch c := c.(type) {
		case *core.Launch:
			for _, t := range c.Tasks {
				m.launched = append(m.launched, t.Instance.TaskID())
			}
		case core.MesosCall:
			if kill, ok := c.SchedulerCall.(mesos.Kill); ok {
				defer m.report(kill.TaskID, mesos.TaskKilled)
			}
		}
	}
	return e
}

func (m *machine) report(t mesos.TaskID, state mesos.TaskState) {
	m.step(core.FromMesos{Event: mesos.Update{Status: mesos.TaskStatus{TaskID: t, State: state, AgentID: "agent", UUID: []byte("u")}}})
}

// run launches all that waits, and has it run, until nothing happens any more.
func (m *machine) run() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		m.offers++
		o := mesos.Offer{ID: mesos.OfferID(fmt.Sprintf("o%d", m.offers)), AgentID: "agent", Hostname: "agent.example", Role: "*", Resources: []mesos.Resource{
			{Name: mesos.CPUs, Type: mesos.Scalar, Scalar: resource.Units(1000), AllocationRole: "*"},
			{Name: mesos.Mem, Type: mesos.Scalar, Scalar: resource.Units(1_000_000), AllocationRole: "*"},
			{Name: mesos.Ports, Type: mesos.RangeSet, Ranges: resource.NewRanges(resource.Range{Begin: 31000, End: 31999}), AllocationRole: "*"},
		}}
		m.step(core.FromMesos{Event: mesos.Offers{Offers: []mesos.Offer{o}}})
		m.step(core.FromMesos{Event: mesos.Rescind{OfferID: o.ID}})
		running := m.launched
		if m.launched = nil; running == nil {
			return
		}
		for _, t := range running {
			m.report(t, mesos.TaskRunning)
		}
	}
}
