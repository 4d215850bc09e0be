package httpapi

import (
	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// renderUnused shows the offers that an App could not use ("Marathon, queue").
func renderUnused(offers []view.UnusedOffer) []api.UnusedOffer {
	out := make([]api.UnusedOffer, len(offers))
	for i, u := range offers {
		o := api.Offer{
			ID: string(u.Offer.ID), Hostname: u.Offer.Hostname, AgentID: string(u.Offer.AgentID),
			Resources: make([]api.OfferResource, len(u.Offer.Resources)), Attributes: make([]api.OfferAttribute, len(u.Offer.Attributes)),
		}
		for k, r := range u.Offer.Resources {
			o.Resources[k] = api.OfferResource{Name: r.Name, Role: r.Role(), Scalar: scalar(r.Type, r.Scalar), Ranges: ranges(r.Ranges), Set: r.Set}
		}
		for k, a := range u.Offer.Attributes {
			o.Attributes[k] = api.OfferAttribute{Name: a.Name, Scalar: scalar(a.Type, a.Scalar), Ranges: ranges(a.Ranges), Set: a.Set}
			if a.Type == mesos.Text {
				o.Attributes[k].Text = &a.Text
			}
		}
		out[i] = api.UnusedOffer{Offer: o, Reason: []string{u.Reason.String()}, Timestamp: api.Time{Time: u.At}}
	}
	return out
}

func scalar(t mesos.ValueType, n resource.Scalar) *float64 {
	if t != mesos.Scalar {
		return nil
	}
	f := n.Float()
	return &f
}

func ranges(rs resource.Ranges) []api.OfferRange {
	var out []api.OfferRange
	for _, r := range rs {
		out = append(out, api.OfferRange{Begin: r.Begin, End: r.End})
	}
	return out
}
