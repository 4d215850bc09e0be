package placement_test

import (
	"maps"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// offering reports whether the agent offers something to the role now.
func (a *naiveAgent) offering(role string) bool {
	return slices.ContainsFunc(a.offers, func(o *mesos.Offer) bool { return o.Role == role })
}

// reason is the first in Marathon's order that speaks against an agent which
// offers, or offered, something to the App's role; 0 for none.
func (n *naive) reason(d *naiveDemand, a *naiveAgent) placement.Reason {
	s := d.spec
	need := s.Resources.Add(n.cfg.Executor)
	free, ports := n.sum(a, s)
	wanted := hostPorts(s)
	lacks := func(p int) bool { return p != 0 && !ports[uint16(p)] }
	for _, row := range []struct {
		applies bool
		reason  placement.Reason
	}{
		{!n.hasAccepted(d, a), placement.UnfulfilledRole},
		{!n.admits(d, a.site), placement.UnfulfilledConstraint},
		{a.draining, placement.AgentMaintenance},
		{need.CPUs > free.CPUs, placement.InsufficientCpus},
		{need.Mem > free.Mem, placement.InsufficientMemory},
		{need.Disk > free.Disk, placement.InsufficientDisk},
		{need.GPUs > free.GPUs, placement.InsufficientGpus},
		{len(wanted) > len(ports) || slices.ContainsFunc(wanted, lacks), placement.InsufficientPorts},
		{n.spares(d) && a.hasGPUs, placement.DeclinedScarceResources},
	} {
		if row.applies {
			return row.reason
		}
	}
	return 0
}

// hasAccepted reports whether the agent's offers hold anything at all that the
// App accepts; it is true, too, if they hold nothing that anybody could use.
func (n *naive) hasAccepted(d *naiveDemand, a *naiveAgent) bool {
	useful := false
	for _, o := range a.offers {
		for i := range o.Resources {
			r := &o.Resources[i]
			if o.Role != d.spec.Role || !placeable(r) || r.Name != mesos.Ports && r.Scalar == 0 || !kind(r).serves(o.Role) {
				continue
			}
			if n.accepts(d.spec, kind(r)) {
				return true
			}
			useful = true
		}
	}
	return !useful
}

// spares reports whether the App leaves agents with GPUs to others.
func (n *naive) spares(d *naiveDemand) bool {
	restricted := n.cfg.RestrictGPUs
	switch d.spec.Labels["GPU_SCHEDULING_BEHAVIOR"] {
	case "restricted":
		restricted = true
	case "unrestricted":
		restricted = false
	}
	return restricted && d.spec.Resources.GPUs == 0
}

// giveUp takes the agent's offers to a role away, used or declined, and
// remembers what they left.
func (a *naiveAgent) giveUp(role string) {
	if !a.offering(role) {
		return
	}
	was := *a
	was.free = maps.Clone(a.free)
	for k, v := range was.free {
		was.free[k] = &amount{v.scalars, maps.Clone(v.ports)}
	}
	a.gone[role] = &was
	a.offers = slices.DeleteFunc(slices.Clone(a.offers), func(o *mesos.Offer) bool { return o.Role == role })
	maps.DeleteFunc(a.free, func(k kindOf, _ *amount) bool { return k.role == role })
	a.used = a.used && len(a.offers) > 0
}

// begin is when offers begin to count for a wait that begins now: with the
// first of those to the role that are there.
func (n *naive) begin(role string) int {
	first := n.offers + 1
	for _, a := range n.agents {
		if a.offering(role) {
			first = min(first, a.last[role])
		}
	}
	return first
}

// rejections counts the latest offer of each agent since the App's wait began.
func (n *naive) rejections(d *naiveDemand) placement.Funnel {
	if d.begun == nil {
		d.begun = map[string]int{}
		for _, r := range []string{role, "db"} {
			d.begun[r] = n.begin(r)
		}
	}
	var f placement.Funnel
	count := func(r placement.Reason) {
		f.Processed++
		if r != 0 {
			f.Declined[r-1]++
		}
	}
	for _, a := range n.agents {
		for _, r := range []string{role, "db"} {
			gone := a.gone[r]
			here, was := a.offering(r), gone != nil && a.last[r] >= d.begun[r]
			switch {
			case !here && !was:
			case r != d.spec.Role:
				count(placement.UnfulfilledRole)
			case here:
				count(n.reason(d, a))
			default:
				if why := n.reasonOfGone(d, a, gone); why != 0 {
					count(why)
				}
			}
		}
	}
	return f
}

// reasonOfGone goes by what the agent's last offer left and by what is known of
// the agent now. Which ports it had is not remembered, only how many.
func (n *naive) reasonOfGone(d *naiveDemand, a, gone *naiveAgent) placement.Reason {
	is := *gone
	is.site, is.draining, is.hasGPUs = a.site, a.draining, a.hasGPUs
	why := n.reason(d, &is)
	if fixed := slices.ContainsFunc(hostPorts(d.spec), func(p int) bool { return p != 0 }); fixed && (why == 0 || why > placement.InsufficientPorts) {
		return placement.InsufficientPorts
	}
	return why
}
