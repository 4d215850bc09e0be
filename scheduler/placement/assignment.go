package placement

import (
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Assignment is where an instance goes and what it uses there. Slices are the
// caller's to keep and not to be written to.
type Assignment struct {
	// Site is the agent.
	*mesos.Site
	// Role is the one that the offers are allocated to.
	Role string
	// Offers are all offers of the agent to the role. One Accept names them all
	// and launches all that was assigned to the agent and role since they came.
	Offers []mesos.OfferID
	// HostPorts holds one number for each of the App's ports that has a host port, in their order.
	HostPorts []uint32
	// Resources is for TaskInfo.Resources: the offered objects cut in size, ports included.
	Resources []mesos.Resource
	// Executor is for ExecutorInfo.Resources, cut likewise; empty without an executor of Gantry's.
	Executor []mesos.Resource
	// Operations come before the Launch in the Accept: reservations and volumes of a new resident instance.
	Operations []mesos.Operation

	demand *Demand
	agent  int32
	epoch  uint32
	takes  []take
}

// Spot returns whose offers the assignment uses.
func (a *Assignment) Spot() Spot { return Spot{a.demand.pool, a.agent} }

// take is an amount that came from a piece of the slot.
type take struct {
	piece  int32
	amount resource.Scalar
}
