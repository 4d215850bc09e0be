package httpapi

import (
	"net/http"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
)

// listQueues tells what each tenant's queue has of the cluster.
func (s *Server) listQueues(w http.ResponseWriter, _ *http.Request) error {
	v := s.cfg.Scheduler.View()
	out := api.Queues{Jain: jain(v.Queues), Queues: make([]api.Share, len(v.Queues))}
	for i, q := range v.Queues {
		out.Queues[i] = renderShare(q)
	}
	return reply(w, http.StatusOK, out)
}

// jain is the fairness index over the queues in use, the whole left aside.
func jain(queues []fairshare.Share) float64 {
	var shares []float64
	for _, q := range queues {
		if q.Queue != "/" && (q.Instances > 0 || q.Waiting > 0) {
			shares = append(shares, q.Weighted)
		}
	}
	return fairshare.Jain(shares)
}

func renderShare(q fairshare.Share) api.Share {
	out := api.Share{
		Queue: q.Queue, Weight: q.Quota.Weight, Guarantee: bound(q.Quota.Guarantee), Limit: bound(q.Quota.Limit), Used: amounts(q.Used),
		Instances: q.Instances, Waiting: q.Waiting, AppsLimited: q.Limited,
	}
	if q.Resource != "" {
		out.Dominant = &api.Dominant{Resource: q.Resource, Share: q.Dominant, Weighted: q.Weighted}
	}
	return out
}

func amounts(v resource.Vector) api.Amounts {
	return api.Amounts{CPUs: v.CPUs.Float(), Mem: v.Mem.Float(), Disk: v.Disk.Float(), GPUs: v.GPUs.Float()}
}

// bound renders a guarantee or limit, nil when there is none.
func bound(v resource.Vector) *api.Amounts {
	if v.IsZero() {
		return nil
	}
	out := amounts(v)
	return &out
}

// renderUnused shows the offers that an App could not use ("Marathon, queue").
func renderUnused(offers []core.UnusedOffer) []api.UnusedOffer {
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
		out[i] = api.UnusedOffer{Offer: o, Reason: []string{u.Reason}, Timestamp: api.Time{Time: u.At}}
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
