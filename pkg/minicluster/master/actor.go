package master

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/quota"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/allocator"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// actor is the state of a master with all that changes it. Its methods run in the goroutine of [Master.Run].
type actor struct {
	State
	m     *Master
	cfg   Config
	deps  Deps
	log   *zap.Logger
	alloc *allocator.Allocator
	rnd   *rand.Rand

	observers                           []*observer
	byPID                               map[string]*Agent
	byConn                              map[*link.Conn]*Agent
	nextFramework, nextAgent, nextOffer int
	deposed                             bool
	// held keeps what operators want of agents that are not registered now.
	held map[string]AdmittedAgent
}

type observer struct {
	sink  func(Event)
	ended func()
}

func newActor(m *Master, now time.Time) *actor {
	s := &actor{
		m: m, cfg: m.cfg, deps: m.deps, log: m.log,
		rnd:    rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
		byPID:  make(map[string]*Agent),
		byConn: make(map[*link.Conn]*Agent),
		held:   make(map[string]AdmittedAgent),
		State: State{
			Info:              m.info,
			Started:           now,
			Frameworks:        make(map[string]*Framework),
			Agents:            make(map[string]*Agent),
			RecoveredAgents:   make(map[string]mesos.AgentInfo),
			UnreachableAgents: make(map[string]time.Time),
			GoneAgents:        make(map[string]time.Time),
			Offers:            make(map[string]*Offer),
			InverseOffers:     make(map[string]*InverseOffer),
			Machines:          make(map[Machine]*MachineState),
			Weights:           make(map[string]float64),
			Quotas:            make(map[string]quota.QuotaConfig),
			Counters:          make(map[string]float64),
		},
	}
	s.alloc = allocator.New(s.allocatorOptions())
	s.allocator = s.alloc
	return s
}

func (s *actor) allocatorOptions() allocator.Options {
	opts := allocator.Options{
		Interval:          s.cfg.AllocationInterval,
		ExcludedFromShare: s.cfg.FairSharingExcluded,
		FilterGPU:         s.cfg.FilterGPUResources,
		Region:            region(s.cfg.Domain),
	}
	for _, least := range s.cfg.MinAllocatable {
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
	if m.a.deposed {
		return ErrDeposed
	}
	return nil
}

// run works until ctx is over or the master is deposed. Several triggers in one burst of messages make one allocation
// run.
func (s *actor) run(ctx context.Context) {
	s.m.box.Every(s.cfg.AllocationInterval, s.alloc.TriggerAll)
	s.m.box.Every(s.cfg.RegistryGCInterval, s.collectRegistry)
	s.m.box.Run(ctx, func() {
		if s.alloc.Triggered() {
			s.allocate()
		}
	})
}

// depose ends the master.
func (s *actor) depose() {
	s.deposed = true
	s.m.box.Stop()
}

func (s *actor) closeAll() {
	for _, fw := range s.Frameworks {
		if fw.stream != nil {
			fw.stream.end()
		}
	}
	for _, o := range s.observers {
		o.ended()
	}
}

func (s *actor) observe(o *observer) {
	if len(s.observers) >= s.cfg.MaxOperatorSubscribers && len(s.observers) > 0 {
		oldest := s.observers[0]
		s.observers = s.observers[1:]
		oldest.ended()
	}
	s.observers = append(s.observers, o)
}

func (s *actor) unobserve(o *observer) {
	for i, p := range s.observers {
		if p == o {
			s.observers = append(s.observers[:i:i], s.observers[i+1:]...)
			o.ended()
			return
		}
	}
}

func (s *actor) emit(e Event) {
	for _, o := range s.observers {
		o.sink(e)
	}
}

func (s *actor) count(name string) { s.Counters["master/"+name]++ }

func (s *actor) frameworkID() string {
	id := fmt.Sprintf("%s-%04d", s.cfg.ID, s.nextFramework)
	s.nextFramework++
	return id
}

func (s *actor) agentID() string {
	id := fmt.Sprintf("%s-S%d", s.cfg.ID, s.nextAgent)
	s.nextAgent++
	return id
}

func (s *actor) offerID() string {
	id := fmt.Sprintf("%s-O%d", s.cfg.ID, s.nextOffer)
	s.nextOffer++
	return id
}

func address(c Config) string { return fmt.Sprintf("%s:%d", c.IP, c.Port) }

// capabilityQuotaV2 is MasterInfo.Capability.Type QUOTA_V2, which mesos-go does not know yet.
const capabilityQuotaV2 mesos.MasterInfo_Capability_Type = 3

func masterInfo(c Config) mesos.MasterInfo {
	port := uint32(c.Port)
	var ip uint32
	if b := net.ParseIP(c.IP).To4(); b != nil {
		ip = binary.LittleEndian.Uint32(b) // network order, read on a little-endian host
	}
	pid := "master@" + address(c)
	version := Version
	return mesos.MasterInfo{
		ID: c.ID, IP: ip, Port: &port, PID: &pid, Hostname: &c.Hostname, Version: &version, Domain: c.Domain,
		Address: &mesos.Address{Hostname: &c.Hostname, IP: &c.IP, Port: int32(c.Port)},
		Capabilities: []mesos.MasterInfo_Capability{
			{Type: mesos.MasterInfo_Capability_AGENT_UPDATE}, {Type: mesos.MasterInfo_Capability_AGENT_DRAINING},
			{Type: capabilityQuotaV2},
		},
	}
}
