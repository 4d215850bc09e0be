package allocator

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// Quota is what a role gets at least and at most. A name missing from Limits is not limited.
type Quota struct {
	Guarantees Quantities
	Limits     Quantities
}

// SetQuota sets the quota of a role; an empty one removes it.
func (a *Allocator) SetQuota(role string, q Quota) {
	if len(q.Guarantees) == 0 && len(q.Limits) == 0 {
		delete(a.quotas, role)
		return
	}
	a.quotas[role] = q
}

// quotaRun is the quota part of one run.
type quotaRun struct {
	// consumed is by role with quota: allocated unreserved resources and all reservations of the role and those below.
	consumed map[string]Quantities
	// headroom is what must stay free of unreserved resources for guarantees not yet met; nil before stage 2.
	headroom Quantities
	// spare is what is unreserved and free now.
	spare Quantities
}

// limited returns the role with quota that a role belongs to: itself or the nearest above.
func (r *run) limited(role string) (string, bool) {
	nearest, found := "", false
	for q := range r.quotas {
		if (q == role || resources.IsSubrole(role, q)) && len(q) >= len(nearest) {
			nearest, found = q, true
		}
	}
	return nearest, found
}

func (r *run) prepareQuota() {
	r.consumed = make(map[string]Quantities, len(r.quotas))
	for role := range r.quotas {
		r.consumed[role] = make(Quantities)
	}
	for _, ag := range r.agents {
		for i := range ag.total {
			res := &ag.total[i]
			if role, ok := r.limited(resources.Role(res)); ok && resources.Reserved(res) && res.Revocable == nil {
				ag.total[i:i+1].Quantities(r.consumed[role], 1)
			}
		}
	}
	for _, fw := range r.frameworks {
		for _, roles := range fw.allocated {
			for role, list := range roles {
				if q, ok := r.limited(role); ok {
					unreserved(list).Quantities(r.consumed[q], 1)
				}
			}
		}
	}
}

func unreserved(list resources.List) resources.List {
	return list.Filter(func(r *mesos.Resource) bool { return !resources.Reserved(r) && r.Revocable == nil })
}

// guarantee is stage 1: agents go to roles whose guarantees are not met.
func (r *run) guarantee(ag *agent) {
	for _, role := range r.tree.sorted() {
		q, ok := r.limited(role)
		if !ok || q != role || r.met(role) {
			continue
		}
		for _, fw := range r.frameworksOf(r.tree.nodes[role]) {
			available := ag.free.Filter(func(res *mesos.Resource) bool { return resources.ForRole(res, role) })
			if len(available) == 0 || r.met(role) {
				break
			}
			r.offer(fw, ag, role, r.limit(role, available, false))
		}
	}
}

func (r *run) met(role string) bool {
	for name, v := range r.quotas[role].Guarantees {
		if r.consumed[role][name] < v {
			return false
		}
	}
	return true
}

// prepareHeadroom sums up what stage 2 must leave.
func (r *run) prepareHeadroom() {
	r.headroom, r.spare = make(Quantities), make(Quantities)
	for role, q := range r.quotas {
		for name, v := range q.Guarantees {
			if missing := v - r.consumed[role][name]; missing > 0 {
				r.headroom[name] += missing
			}
		}
	}
	for _, ag := range r.agents {
		unreserved(ag.free).Quantities(r.spare, 1)
	}
}

// limit cuts the unreserved scalars to the limits of the role and, if asked, to what the headroom allows.
func (r *run) limit(role string, list resources.List, keepHeadroom bool) resources.List {
	quotaRole, hasQuota := r.limited(role)
	quota := r.quotas[quotaRole]
	out := make(resources.List, 0, len(list))
	for _, res := range list {
		if resources.Reserved(&res) || res.Revocable != nil || res.Scalar == nil {
			out = append(out, res)
			continue
		}
		most := resources.Milli(res.Scalar.Value)
		if bound, ok := quota.Limits[res.Name]; hasQuota && ok {
			most = min(most, bound-r.consumed[quotaRole][res.Name])
		}
		if keepHeadroom && r.headroom[res.Name] > 0 {
			most = min(most, r.spare[res.Name]-r.headroom[res.Name])
		}
		if most <= 0 {
			continue
		}
		res.Scalar = &mesos.Value_Scalar{Value: resources.FromMilli(most)}
		out = append(out, res)
	}
	return out
}

// charge keeps the sums of the run after an allocation.
func (r *run) charge(role string, list resources.List) {
	if len(r.quotas) == 0 {
		return
	}
	free := unreserved(list)
	if q, ok := r.limited(role); ok {
		free.Quantities(r.consumed[q], 1)
	}
	if r.spare != nil {
		free.Quantities(r.spare, -1)
	}
}
