package instance

import (
	"slices"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// Home is the agent that holds a resident instance's data. It is kept over the
// instance's tasks, while it is stopped, and while its agent is away; only the
// end of the instance frees what is reserved there. A Home is immutable.
type Home struct {
	mesos.Site
	// Role is the one that the resources are reserved for.
	Role    string
	Volumes []Volume
	// Made says that the volumes are known to exist: a task that uses them was
	// seen, or an offer showed them. Until then the ACCEPT that makes them may have been lost.
	Made bool
}

// Volume is one persistent volume of a resident instance.
type Volume struct {
	ContainerPath string
	// PersistenceID is Mesos' name of the volume, unique on its agent and role.
	PersistenceID string
}

// At returns the record with another home, nil for none.
func (i *Instance) At(home *Home) *Instance {
	next := *i
	next.Home = home
	return &next
}

// Holds reports whether a volume of this name is one of the home's.
func (h *Home) Holds(persistenceID string) bool {
	return slices.ContainsFunc(h.Volumes, func(v Volume) bool { return v.PersistenceID == persistenceID })
}

// Confirmed returns the home as one whose volumes are known to exist on an
// agent. The agent's id changes when it registers as a new one with its old disk.
func (h *Home) Confirmed(on mesos.AgentID) *Home {
	if h.Made && h.AgentID == on {
		return h
	}
	next := *h
	next.AgentID, next.Made = on, true
	return &next
}

// confirm notes that a task which uses the volumes was seen by its agent, which
// makes them before that. Other states, TASK_STAGING too, may be the master's
// alone: what it has sent the agent may be lost with it.
func (h *Home) confirm(st mesos.TaskStatus) *Home {
	if h == nil || h.Made {
		return h
	}
	switch st.State { //nolint:exhaustive // all others say nothing
	case mesos.TaskStarting, mesos.TaskRunning, mesos.TaskKilling, mesos.TaskFinished, mesos.TaskFailed:
		return h.Confirmed(h.AgentID)
	default:
		return h
	}
}
