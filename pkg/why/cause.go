package why

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Cause is what keeps instances of an App waiting: one of this package's types.
// It is never changed.
type Cause interface {
	// Words says the cause in a part of a sentence.
	Words() string
}

type (
	// Disconnected says that there is no Mesos master to get offers from.
	Disconnected struct{}
	// BackOff is the pause before the next launch after the end of a task.
	BackOff struct {
		// Left is how long it still takes.
		Left time.Duration
		// State is how the last task ended, zero if it ended by itself and without
		// an error; Message is what was said of it.
		State   mesos.TaskState
		Message string
	}
	// Limit is a queue's limit that keeps an instance out.
	Limit struct {
		Queue             string
		Resource          Resource
		Need, Used, Limit resource.Scalar
	}
	// NothingOffered says that at present there is no offer to look at.
	NothingOffered struct{}
	// NoOffers says that no offer has come For so long; zero means that none came
	// since the scheduler began.
	NoOffers struct{ For time.Duration }
	// Home is the agent with an instance's volumes, which the instance waits for.
	Home struct {
		Instance string
		Task     mesos.TaskID
		Agent    mesos.AgentID
		Hostname string
		// Paths are where the container sees the volumes, one at least. Made says
		// that they are known to exist.
		Paths []string
		Made  bool
		Lack  HomeLack
		// Wipe has it told how to go on without the data.
		Wipe bool
	}
	// Misfit says what was wrong with the agents, each of which is counted in one Fact.
	Misfit struct {
		// Miss is the nearest miss, nil if no agent lacks resources.
		Miss  *Miss
		Facts []Fact
		// HeldFor are the Apps for which agents are held, if it is known.
		HeldFor []app.ID
	}
)

// Resource is what an instance needs of an agent.
type Resource uint8

// The resources, in the order of the rejection funnel.
const (
	CPUs Resource = iota + 1
	Memory
	Disk
	GPUs
	HostPorts
)

// HomeLack is what an instance's home has not got at present.
type HomeLack uint8

// What a home may lack.
const (
	// HomeSilent says that it offers nothing.
	HomeSilent HomeLack = iota + 1
	// HomeDraining says that it is in or before maintenance.
	HomeDraining
	// HomeShort says that its offer is not enough.
	HomeShort
)

// Miss is the resource that most agents lack: what is needed and the most that
// there is of it.
type Miss struct {
	Resource Resource
	// Need and Largest are amounts, of host ports whole ones.
	Need, Largest resource.Scalar
	// Executor says that Need is more than the App's own because of the executor.
	Executor bool
	// Fixed are the host ports that have to be just these; with any of them
	// Largest says nothing.
	Fixed []uint16
}

// FactKind is what happened to agents.
type FactKind uint8

// What may have happened to agents.
const (
	// TooSmall agents lack the resource of the Miss, ShortOf ones that of the Fact.
	TooSmall FactKind = iota + 1
	ShortOf
	// PortsTaken is what TooSmall is for fixed host ports.
	PortsTaken
	// Excluded agents do not meet the Fact's constraint, those of OtherRegion the
	// rule that Apps stay in the scheduler's region.
	Excluded
	OtherRegion
	// OtherRole agents offered to another role only, NotAccepted ones nothing that
	// is reserved for the Fact's role, or, where that is "", nothing unreserved.
	OtherRole
	NotAccepted
	// NoReservation agents lack the instance's own reservation.
	NoReservation
	// Maintenance agents are in or before it.
	Maintenance
	// SparesGPUs agents are kept for Apps that need gpus.
	SparesGPUs
	// Held agents are held for other Apps.
	Held
)

// Fact is what happened to a number of agents.
type Fact struct {
	Kind   FactKind
	Agents int
	// Resource is that of ShortOf, Constraint that of Excluded, Role that of NotAccepted.
	Resource   Resource
	Constraint constraint.Constraint
	Role       string
}

// Wait is why an App's instances wait, with what is to be known about that.
type Wait struct {
	// Cause is nil if nothing is known to stand in the way.
	Cause Cause
	// Age is how old the offers are that the Cause is about, zero if they are not old.
	Age time.Duration
	// Kept names the agent that is held for the App, "" if none is.
	Kept string
}
