package master

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/allocator"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
)

// base is what all parts of a master have in common. Each part is written by its own methods only; they run in the
// goroutine of [Master.Run].
type base struct {
	*State
	cfg      Config
	deps     Deps
	log      *zap.Logger
	box      *mailbox.Box
	alloc    *allocator.Allocator
	watchers *watchers
	ids      *ids
	// left is told of an agent that has less to do than before: its draining may be over.
	left func(a *Agent)
}

// actor is a master: its parts, each of which knows only those above it.
type actor struct {
	*base
	registrar  *registrar
	inverse    *inverse
	offers     *offers
	tasks      *tasks
	executors  *executors
	operations *operations
	agents     *agents
	drains     *drains
	frameworks *frameworks
	admission  *admission
	machines   *machines
	roles      *roles
	leadership *leadership
	accepting  *accepting
}

func newActor(m *Master, now time.Time) *actor {
	state := newState(m.info, now)
	b := &base{
		State: state, cfg: m.cfg, deps: m.deps, log: m.log, box: m.box, alloc: allocator.New(allocatorOptions(m.cfg)),
		watchers: &watchers{most: m.cfg.MaxOperatorSubscribers}, ids: &ids{prefix: m.cfg.ID},
	}
	state.allocator = b.alloc
	s := &actor{base: b}
	s.registrar = &registrar{base: b, held: make(map[string]AdmittedAgent)}
	s.inverse = &inverse{base: b}
	s.offers = &offers{base: b, inverse: s.inverse, rnd: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
	s.tasks = &tasks{base: b}
	s.executors = &executors{base: b}
	s.operations = &operations{base: b, offers: s.offers}
	s.agents = &agents{
		base: b, registrar: s.registrar, offers: s.offers, tasks: s.tasks, executors: s.executors, operations: s.operations,
		byPID: make(map[string]*Agent), byConn: make(map[*link.Conn]*Agent),
	}
	s.drains = &drains{base: b, registrar: s.registrar, offers: s.offers, agents: s.agents}
	b.left = s.drains.check
	s.frameworks = &frameworks{base: b, inverse: s.inverse, offers: s.offers, tasks: s.tasks, executors: s.executors}
	s.admission = &admission{
		base: b, registrar: s.registrar, tasks: s.tasks, executors: s.executors, operations: s.operations, agents: s.agents,
		drains: s.drains, frameworks: s.frameworks,
	}
	s.machines = &machines{base: b, registrar: s.registrar, offers: s.offers, agents: s.agents}
	s.roles = &roles{base: b, registrar: s.registrar, offers: s.offers}
	s.leadership = &leadership{base: b, registrar: s.registrar, agents: s.agents, roles: s.roles, status: &m.status}
	s.accepting = &accepting{base: b, offers: s.offers, tasks: s.tasks, executors: s.executors, operations: s.operations}
	return s
}

func allocatorOptions(c Config) allocator.Options {
	opts := allocator.Options{
		Interval:          c.AllocationInterval,
		ExcludedFromShare: c.FairSharingExcluded,
		FilterGPU:         c.FilterGPUResources,
		Region:            region(c.Domain),
	}
	for _, least := range c.MinAllocatable {
		opts.MinAllocatable = append(opts.MinAllocatable, quantities(least))
	}
	return opts
}

// Run serves until ctx is over or the master is deposed, then returns [ErrDeposed]. Afterwards all streams and agent
// connections are closed.
func (m *Master) Run(ctx context.Context) error {
	stop, err := m.deps.Network.Listen(m.Address(), func(*link.Conn) link.Receiver { return receiver{m} })
	if err != nil {
		return fmt.Errorf("run master %s: %w", m.info.ID, err)
	}
	m.a.run(ctx)
	stop()
	m.deps.Network.Break(m.Address())
	m.a.closeAll()
	m.box.Wait()
	if m.a.registrar.deposed {
		return ErrDeposed
	}
	return nil
}

// run works until ctx is over or the master is deposed. Several triggers in one burst of messages make one allocation
// run.
func (s *actor) run(ctx context.Context) {
	s.box.Every(s.cfg.AllocationInterval, s.alloc.TriggerAll)
	s.box.Every(s.cfg.RegistryGCInterval, s.registrar.collect)
	s.box.Run(ctx, func() {
		if s.alloc.Triggered() {
			s.offers.allocate()
		}
	})
}

func (s *actor) closeAll() {
	for _, fw := range s.Frameworks {
		if fw.stream != nil {
			fw.stream.end()
		}
	}
	s.watchers.end()
}

func (s *base) count(name string) { s.Counters["master/"+name]++ }
