package master

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/quota"

	"github.com/gantry-mesos/gantry/pkg/minicluster/allocator"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// roles are the weights and quotas of roles.
type roles struct {
	*base
	registrar *registrar
	offers    *offers
}

func allocatorQuota(c quota.QuotaConfig) allocator.Quota {
	convert := func(in map[string]mesos.Value_Scalar) allocator.Quantities {
		if len(in) == 0 {
			return nil
		}
		out := make(allocator.Quantities, len(in))
		for name, v := range in {
			out[name] = resources.Milli(v.Value)
		}
		return out
	}
	return allocator.Quota{Guarantees: convert(c.Guarantees), Limits: convert(c.Limits)}
}

func invalidQuota(c quota.QuotaConfig) string {
	if err := resources.ValidateRole(c.Role); err != nil || c.Role == resources.Any {
		return fmt.Sprintf("Invalid role '%s'", c.Role)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Guarantees)) {
		g := c.Guarantees[name].Value
		if g < 0 {
			return fmt.Sprintf("Invalid guarantee for '%s': Negative values not supported", name)
		}
		if l, ok := c.Limits[name]; ok && resources.Milli(g) > resources.Milli(l.Value) {
			return fmt.Sprintf("Quota guarantees and limits are inconsistent for '%s'", name)
		}
	}
	for name, l := range c.Limits {
		if l.Value < 0 {
			return fmt.Sprintf("Invalid limit for '%s': Negative values not supported", name)
		}
	}
	return ""
}

func (s *roles) setWeight(role string, w float64) {
	s.Weights[role] = w
	s.alloc.SetWeight(role, w)
}

func (s *roles) weigh(principal *string, weights []mesos.WeightInfo) *CallError {
	for _, w := range weights {
		if err := resources.ValidateRole(w.GetRole()); err != nil {
			return refuse(http.StatusBadRequest, "Failed to validate update weights request JSON: Invalid role '%s': %s",
				w.GetRole(), err)
		}
		if w.Weight <= 0 {
			return refuse(http.StatusBadRequest, "Failed to validate update weights request JSON: Invalid weight '%v': "+
				"Weights must be positive", w.Weight)
		}
		if !s.authorized(principal, ActionUpdateWeights, w.GetRole()) {
			return forbidden()
		}
	}
	for _, w := range weights {
		s.setWeight(w.GetRole(), w.Weight)
	}
	saved := maps.Clone(s.Weights)
	s.registrar.update(func(r *Record) { r.Weights = saved })
	return nil
}

func (s *roles) limit(principal *string, force bool, configs []quota.QuotaConfig) *CallError {
	for _, c := range configs {
		if problem := invalidQuota(c); problem != "" {
			return refuse(http.StatusBadRequest, "Invalid QuotaConfig: %s", problem)
		}
		if !s.authorized(principal, ActionUpdateQuotas, c.Role) {
			return forbidden()
		}
	}
	if !force {
		if problem := s.overCapacity(configs); problem != "" {
			return refuse(http.StatusBadRequest, "%s", problem)
		}
	}
	for _, c := range configs {
		s.alloc.SetQuota(c.Role, allocatorQuota(c))
		if len(c.Guarantees) == 0 && len(c.Limits) == 0 {
			delete(s.Quotas, c.Role)
			continue
		}
		s.Quotas[c.Role] = c
		s.rescindForGuarantee(c)
	}
	saved := maps.Clone(s.Quotas)
	s.registrar.update(func(r *Record) { r.Quotas = saved })
	return nil
}

// overCapacity tells whether the guarantees exceed what the agents have.
func (s *roles) overCapacity(configs []quota.QuotaConfig) string {
	all := maps.Clone(s.Quotas)
	for _, c := range configs {
		all[c.Role] = c
	}
	need, have := make(allocator.Quantities), make(allocator.Quantities)
	for _, c := range all {
		for name, v := range c.Guarantees {
			need[name] += resources.Milli(v.Value)
		}
	}
	for _, a := range s.Agents {
		a.Total.Quantities(have, 1)
	}
	for _, name := range slices.Sorted(maps.Keys(need)) {
		if need[name] > have[name] {
			return fmt.Sprintf("Invalid quota configuration: total guarantees for '%s' exceed the cluster capacity "+
				"(use 'force' flag to bypass this check)", name)
		}
	}
	return ""
}

// rescindForGuarantee takes back offers of other roles until a guarantee could be met from them.
func (s *roles) rescindForGuarantee(c quota.QuotaConfig) {
	missing := allocatorQuota(c).Guarantees
	for _, o := range s.Offers {
		open := false
		for _, v := range missing {
			open = open || v > 0
		}
		if !open {
			return
		}
		if o.Role != c.Role {
			o.Resources.Quantities(missing, -1)
			s.offers.rescind(o)
		}
	}
}
