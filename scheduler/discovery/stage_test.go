package discovery_test

import (
	"fmt"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/discovery"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

var began = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// stage is a table with one App whose instances a test moves about.
type stage struct {
	*discovery.Table
	now  time.Time
	spec *app.Spec
	is   map[int]*instance.Instance
}

func newStage(cfg discovery.Config) *stage {
	s := &stage{Table: discovery.New(cfg), now: began, is: map[int]*instance.Instance{}}
	s.spec = &app.Spec{ID: "/prod/web", Instances: 4, Version: began}
	s.spec.Ports = []app.Port{{Name: "http", Protocol: "tcp", ServicePort: 10000}, {Protocol: "udp"}}
	return s
}

// put makes instance n as change says, running if it is new, and shows it.
func (s *stage) put(n int, change func(*instance.Instance)) {
	next := instance.Instance{
		ID: instance.NewID(s.spec.ID, fmt.Sprintf("%04d", n)), App: s.spec.ID, Version: s.spec.Version, Goal: instance.GoalRunning,
		Condition: instance.Running, Since: s.now, Incarnation: 1, StagedAt: s.now, StartedAt: s.now,
		Site: mesos.Site{AgentID: "a1", Hostname: "agent1"}, HostPorts: []uint32{uint32(31000 + 2*n), uint32(31001 + 2*n)},
	}
	if was := s.is[n]; was != nil {
		next = *was
	}
	if change != nil {
		change(&next)
	}
	s.is[n] = &next
	s.show()
}

func (s *stage) drop(n int) {
	delete(s.is, n)
	s.show()
}

func (s *stage) show() {
	a := &view.App{Spec: s.spec, Versions: []*app.Spec{s.spec}}
	for n := range 100 {
		if i := s.is[n]; i != nil {
			a.Instances = append(a.Instances, i)
		}
	}
	s.Update(s.now, a)
}

func healthy(yes bool) func(*instance.Instance) {
	return func(i *instance.Instance) { i.Condition, i.Healthy = instance.Running, &yes }
}

// published are the numbers of the instances that are.
func (s *stage) published() (n int) {
	for _, endpoints := range s.Each {
		for _, e := range endpoints {
			if e.Published && e.PortIndex == 0 {
				n++
			}
		}
	}
	return n
}

// first returns the first endpoint of an instance, nil if it has none.
func (s *stage) first(n int) *endpoint.Endpoint {
	for _, endpoints := range s.Each {
		for _, e := range endpoints {
			if s.is[n] != nil && e.Instance == string(s.is[n].ID) {
				return e
			}
		}
	}
	return nil
}
