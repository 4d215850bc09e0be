package placement

import (
	"fmt"
	"math/rand/v2"

	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Policy is how one of several fitting agents is chosen.
type Policy uint8

// The policies. The zero value is FirstFit.
const (
	// FirstFit takes the first agent in the order in which they became known.
	FirstFit Policy = iota
	// BestFit takes the agent with the least left, so that large gaps stay whole.
	BestFit
	// Spread takes the agent with the fewest instances of the App, among those the one with the most left.
	Spread
)

// String returns the name as the --placement flag spells it.
func (p Policy) String() string {
	switch p {
	case FirstFit:
		return "first-fit"
	case BestFit:
		return "best-fit"
	case Spread:
		return "spread"
	default:
		return ""
	}
}

// ParsePolicy is the inverse of String.
func ParsePolicy(name string) (Policy, error) {
	for p := FirstFit; p <= Spread; p++ {
		if p.String() == name {
			return p, nil
		}
	}
	return 0, fmt.Errorf("unknown placement policy %q; use first-fit, best-fit or spread", name)
}

// Accepted says which resources an App uses when its acceptedResourceRoles is
// not set ("Marathon, roles").
type Accepted uint8

// The defaults for acceptedResourceRoles. The zero value accepts both kinds.
const (
	// AcceptAny uses unreserved resources and those reserved for the App's role.
	AcceptAny Accepted = iota
	// AcceptUnreserved uses unreserved resources only.
	AcceptUnreserved
	// AcceptReserved uses resources reserved for the App's role only; for role
	// "*", for which nothing can be reserved, unreserved ones.
	AcceptReserved
)

// String returns the name as --accepted_resource_roles_default_behavior spells it.
func (a Accepted) String() string {
	switch a {
	case AcceptAny:
		return "any"
	case AcceptUnreserved:
		return "unreserved"
	case AcceptReserved:
		return "reserved"
	default:
		return ""
	}
}

// ParseAccepted is the inverse of String.
func ParseAccepted(name string) (Accepted, error) {
	for a := AcceptAny; a <= AcceptReserved; a++ {
		if a.String() == name {
			return a, nil
		}
	}
	return 0, fmt.Errorf("unknown default for acceptedResourceRoles %q; use any, unreserved or reserved", name)
}

// Config is how a Cluster places. The zero value is first-fit for role "*".
type Config struct {
	Policy Policy
	// Role is that of Apps without one; "" means "*".
	Role string
	// Accepted is used for Apps without acceptedResourceRoles.
	Accepted Accepted
	// HomeRegion is the master's region; agents of another one are only used by
	// Apps with an @region or @zone constraint. "" uses every region. A cluster
	// learns it anew with each master: see SetHomeRegion.
	HomeRegion string
	// RestrictGPUs keeps agents with GPUs for Apps that ask for them, unless an
	// App's label GPU_SCHEDULING_BEHAVIOR says otherwise.
	RestrictGPUs bool
	// Executor is what the executor of each instance needs beside the task,
	// unless the App says its own or runs on Mesos' built-in executors.
	Executor resource.Vector
	// BuiltIn says that Apps without an executor of their own run on Mesos'
	// built-in ones, as taskinfo.Options.BuiltIn does.
	BuiltIn bool
	// Principal is put into reservations and volumes; it must be the framework's.
	Principal string
	// Rand chooses dynamic host ports; with nil the lowest free ones are taken.
	Rand *rand.Rand
}
