package master

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/maintenance"
	"github.com/mesos/mesos-go/api/v1/lib/quota"
)

// Record is the durable part of the masters' knowledge. Everything else is rebuilt from agents and schedulers.
type Record struct {
	// Admitted are the agents in the cluster by id.
	Admitted map[string]AdmittedAgent
	// Unreachable and Gone are agent ids with the time of the change.
	Unreachable map[string]time.Time
	Gone        map[string]time.Time
	// Schedule and Machines hold the maintenance schedule; only machines not UP are listed.
	Schedule maintenance.Schedule
	Machines map[Machine]mesos.MachineInfo
	Weights  map[string]float64
	Quotas   map[string]quota.QuotaConfig
}

// AdmittedAgent is an agent in the registry.
type AdmittedAgent struct {
	Info        mesos.AgentInfo
	Drain       *mesos.DrainInfo
	Deactivated bool
}

// Registry keeps the record for all masters of a cluster.
type Registry interface {
	// Load returns the record; it blocks while the registry has no quorum.
	Load(ctx context.Context) (Record, error)
	// Update changes the record. It is called by the leading master only; change must be quick.
	Update(change func(r *Record)) error
}

// MemoryRegistry is a Registry in memory, shared by the masters it is given to. A master with one of its own forgets
// everything when it ends, as with --registry=in_memory.
type MemoryRegistry struct {
	mu     sync.Mutex
	record Record
	open   chan struct{} // closed while there is a quorum
}

// NewMemoryRegistry returns an empty registry that has a quorum.
func NewMemoryRegistry() *MemoryRegistry {
	open := make(chan struct{})
	close(open)
	return &MemoryRegistry{open: open, record: Record{
		Admitted:    make(map[string]AdmittedAgent),
		Unreachable: make(map[string]time.Time),
		Gone:        make(map[string]time.Time),
		Machines:    make(map[Machine]mesos.MachineInfo),
		Weights:     make(map[string]float64),
		Quotas:      make(map[string]quota.QuotaConfig),
	}}
}

// SetQuorum makes Load block (false) or work (true). It stands for replicas of the log that are missing.
func (r *MemoryRegistry) SetQuorum(ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.open:
		if !ok {
			r.open = make(chan struct{})
		}
	default:
		if ok {
			close(r.open)
		}
	}
}

// Load implements Registry.
func (r *MemoryRegistry) Load(ctx context.Context) (Record, error) {
	for {
		r.mu.Lock()
		open := r.open
		r.mu.Unlock()
		select {
		case <-open:
		case <-ctx.Done():
			return Record{}, ctx.Err()
		}
		r.mu.Lock()
		if open == r.open {
			record := r.record.clone()
			r.mu.Unlock()
			return record, nil
		}
		r.mu.Unlock()
	}
}

// Update implements Registry.
func (r *MemoryRegistry) Update(change func(*Record)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.record)
	return nil
}

// clone copies what may change; the messages inside are immutable.
func (r Record) clone() Record {
	r.Admitted = maps.Clone(r.Admitted)
	r.Unreachable = maps.Clone(r.Unreachable)
	r.Gone = maps.Clone(r.Gone)
	r.Schedule.Windows = slices.Clone(r.Schedule.Windows)
	r.Machines = maps.Clone(r.Machines)
	r.Weights = maps.Clone(r.Weights)
	r.Quotas = maps.Clone(r.Quotas)
	return r
}
