package core

import (
	"time"

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
	// Resumed is the first event of a State that was made anew of what is stored, in
	// the middle of a term: it goes on where the State before stood.
	Resumed struct{ Standing Standing }
	// Tick says that the time of Effects.Wake has come.
	Tick struct{}
)

// Standing is what no store has and the next State has to know, when another one
// goes on in the same subscription.
type Standing struct {
	// Since is when the subscription began, zero if there is none.
	Since  time.Time
	Master mesos.MasterInfo
	// LastOffer is when offers last came.
	LastOffer time.Time
	// Offers are those that the master holds out.
	Offers []mesos.OfferID
	// Quiet says that nothing is to be launched any more.
	Quiet bool
}

func (Asked) event()     {}
func (FromMesos) event() {}
func (Resumed) event()   {}
func (Tick) event()      {}
