package httpapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

func TestRenderUnused(t *testing.T) {
	t.Parallel()
	number, text := 3.5, "k1"
	got := renderUnused([]view.UnusedOffer{{
		Reason: placement.InsufficientCpus,
		Offer: &mesos.Offer{
			ID: "o1", AgentID: "a1", Hostname: "h1",
			Resources: []mesos.Resource{
				{Name: "cpus", Type: mesos.Scalar, Scalar: 3500},
				{Name: "ports", Type: mesos.RangeSet, Ranges: resource.Ranges{{Begin: 1, End: 2}}, Reservations: []mesos.Reservation{{Role: "web"}}},
			},
			Attributes: []mesos.Attribute{{Name: "rack", Type: mesos.Text, Text: "k1"}},
		},
	}})
	want := []api.UnusedOffer{{
		Reason: []string{"InsufficientCpus"},
		Offer: api.Offer{
			ID: "o1", AgentID: "a1", Hostname: "h1",
			Resources: []api.OfferResource{
				{Name: "cpus", Role: "*", Scalar: &number},
				{Name: "ports", Role: "web", Ranges: []api.OfferRange{{Begin: 1, End: 2}}},
			},
			Attributes: []api.OfferAttribute{{Name: "rack", Text: &text}},
		},
	}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("offers (-got +want):\n%s", diff)
	}
}
