package placement

import (
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Reason is why an offer was not used for an App, named as Marathon's queue
// shows it. The order is that of the funnel: an offer is counted for the first
// reason that applies ("Marathon, queue").
type Reason uint8

// The reasons.
const (
	UnfulfilledRole Reason = iota + 1
	UnfulfilledConstraint
	NoCorrespondingReservationFound
	AgentMaintenance
	InsufficientCpus
	InsufficientMemory
	InsufficientDisk
	InsufficientGpus
	InsufficientPorts
	DeclinedScarceResources
)

var reasonNames = [...]string{
	UnfulfilledRole:                 "UnfulfilledRole",
	UnfulfilledConstraint:           "UnfulfilledConstraint",
	NoCorrespondingReservationFound: "NoCorrespondingReservationFound",
	AgentMaintenance:                "AgentMaintenance",
	InsufficientCpus:                "InsufficientCpus",
	InsufficientMemory:              "InsufficientMemory",
	InsufficientDisk:                "InsufficientDisk",
	InsufficientGpus:                "InsufficientGpus",
	InsufficientPorts:               "InsufficientPorts",
	DeclinedScarceResources:         "DeclinedScarceResources",
}

// String returns Marathon's name, "" for the zero value.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return ""
}

// reasons is how many there are.
const reasons = int(DeclinedScarceResources)

// Funnel counts offers by the first reason against each.
type Funnel struct {
	// Processed is how many offers were looked at, Declined how many of them
	// each reason excluded, at index Reason-1; the rest could be used.
	Processed int
	Declined  [reasons]int
}

// Tally is one line of a funnel: of Processed offers that the reasons before
// it had left, Declined were excluded.
type Tally struct {
	Reason              Reason
	Declined, Processed int
}

// Tallies returns a line for each reason, in order.
func (f Funnel) Tallies() []Tally {
	out := make([]Tally, reasons)
	left := f.Processed
	for i, n := range f.Declined {
		out[i] = Tally{Reason(i + 1), n, left}
		left -= n
	}
	return out
}

// Refused is how many offers some reason excluded.
func (f Funnel) Refused() int {
	n := 0
	for _, declined := range f.Declined {
		n += declined
	}
	return n
}

// add counts n offers with the same reason; 0 means that they could be used.
func (f *Funnel) add(r Reason, n int) {
	f.Processed += n
	if r != 0 {
		f.Declined[r-1] += n
	}
}

// Rejections is why the agents do not take one more instance of an App.
type Rejections struct {
	// LastOffers counts the latest offer of each agent since the App began to
	// wait, as it was left; also one that was declined since.
	LastOffers Funnel
	// Attempt counts every offer that came while the App was waiting.
	Attempt Funnel
	// Constraints says which constraint excluded how many of the last offers, in the Spec's order.
	Constraints []ConstraintTally
	// Held counts those of the last offers that are of agents held for another
	// App, most of them as short of cpus: nothing there is free for this one.
	Held Funnel
	// Unaccepted is how many of the last offers hold nothing that the App's
	// acceptedResourceRoles accept: reserved for the role Wanted or, where that is
	// "", unreserved.
	Unaccepted int
	Wanted     string
	// Need is what one instance takes, its executor and volumes included.
	Need resource.Vector
	// Largest is, for each resource that was short, the most that one of those
	// agents had; zero where nothing was short.
	Largest resource.Vector
	// LargestPorts is the same for host ports.
	LargestPorts int
}

// ConstraintTally is how many agents a constraint excluded.
type ConstraintTally struct {
	Constraint constraint.Constraint
	Declined   int
}
