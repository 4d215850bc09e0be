package core

import (
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// Event is one input of a step.
type Event interface{ event() }

// The events.
type (
	// Asked is a command; its Reply carries the same number.
	Asked struct {
		Command Command
		Reply   uint64
	}
	// FromMesos is an event of the scheduler API, or mesos.Disconnected.
	FromMesos struct{ Event mesos.SchedulerEvent }
	// Tick says that the time of Effects.Wake has come.
	Tick struct{}
)

func (Asked) event()     {}
func (FromMesos) event() {}
func (Tick) event()      {}
