package validation

import (
	"fmt"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Offer is what counts of an outstanding offer.
type Offer struct {
	Framework, Role, Agent string
}

// Offers checks the offers of an ACCEPT of a framework together and returns what is wrong with them, "" if nothing is.
// The function known finds an outstanding offer.
func Offers(framework string, ids []mesos.OfferID, known func(id string) (Offer, bool)) string {
	if len(ids) == 0 {
		return "No offers specified"
	}
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		if seen[id.Value] {
			return fmt.Sprintf("Duplicate offer %s in offer list", id.Value)
		}
		seen[id.Value] = true
	}
	offers := make([]Offer, len(ids))
	for i, id := range ids {
		var ok bool
		if offers[i], ok = known(id.Value); !ok {
			return fmt.Sprintf("Offer %s is no longer valid", id.Value)
		}
	}
	for i, o := range offers {
		if o.Framework != framework {
			return fmt.Sprintf("Offer %s has invalid framework %s while framework %s is expected",
				ids[i].Value, o.Framework, framework)
		}
	}
	for i, o := range offers {
		if o.Role != offers[0].Role {
			return fmt.Sprintf("Aggregated offers must be allocated to the same role. Offer %s uses role '%s' but "+
				"another is using role '%s'", ids[i].Value, o.Role, offers[0].Role)
		}
	}
	for i, o := range offers {
		if o.Agent != offers[0].Agent {
			return fmt.Sprintf("Aggregated offers must belong to one single agent. Offer %s uses agent %s and agent %s",
				ids[i].Value, o.Agent, offers[0].Agent)
		}
	}
	return ""
}
