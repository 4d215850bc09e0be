package master

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/quota"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// actor is the state of a master with all that changes it. Its methods run in the goroutine of [Master.Run].
type actor struct {
	State
	m    *Master
	cfg  Config
	deps Deps
	log  *zap.Logger

	observers []*observer
}

type observer struct {
	sink  func(Event)
	ended func()
}

// framework is what only this package knows of a framework.
type framework struct{}

// agent is what only this package knows of an agent.
type agent struct {
	conn *link.Conn
}

func newActor(m *Master, now time.Time) *actor {
	info := m.info
	return &actor{
		m: m, cfg: m.cfg, deps: m.deps, log: m.log,
		State: State{
			Info:              info,
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
}

// Run serves until ctx is over or the master is deposed. Afterwards all streams and agent connections are closed.
func (m *Master) Run(ctx context.Context) error {
	defer close(m.done)
	for {
		select {
		case <-ctx.Done():
			return nil
		case f := <-m.inbox:
			f()
		case l := <-m.leads:
			m.status.Store(&status{leadership: l, recovered: l.Leading})
		}
	}
}

func (s *actor) observe(o *observer) { s.observers = append(s.observers, o) }

func (s *actor) unobserve(o *observer) {
	for i, p := range s.observers {
		if p == o {
			s.observers = append(s.observers[:i:i], s.observers[i+1:]...)
			o.ended()
			return
		}
	}
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
