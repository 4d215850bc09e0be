package allocator

import (
	"math/rand/v2"
	"slices"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// Run looks at the marked agents in random order and allocates all that can be offered, first to roles whose quota
// guarantees are not met, then to all in the order of their dominant shares. What it returns counts as allocated.
func (a *Allocator) Run(now time.Time, rnd *rand.Rand) []Allocation {
	candidates := a.candidates(rnd)
	if len(candidates) == 0 || len(a.frameworks) == 0 {
		return nil
	}
	r := &run{Allocator: a, now: now}
	if len(a.quotas) > 0 {
		r.prepareQuota()
		for _, ag := range candidates {
			r.guarantee(ag)
		}
		r.prepareHeadroom()
	}
	for _, ag := range candidates {
		r.share(ag)
	}
	return r.out
}

type run struct {
	*Allocator
	now time.Time
	out []Allocation
	quotaRun
}

// share gives what an agent has to roles in the order of fairness.
func (r *run) share(ag *agent) {
	if len(ag.free) == 0 {
		return
	}
	// The order may change with each allocation, but a role has at most one turn at an agent.
	for _, role := range slices.Clone(r.tree.sorted()) {
		if len(ag.free) == 0 {
			return
		}
		n := r.tree.nodes[role]
		if !r.wanted(n) {
			continue
		}
		for _, fw := range r.frameworksOf(n) {
			available := ag.free.Filter(func(res *mesos.Resource) bool { return resources.ForRole(res, role) })
			if len(available) == 0 {
				break
			}
			if len(r.quotas) > 0 {
				available = r.limit(role, available, true)
			}
			r.offer(fw, ag, role, available)
		}
	}
}

// wanted tells whether any framework of the role may get offers.
func (r *run) wanted(n *node) bool {
	for _, fw := range n.frameworks {
		if fw.active && !fw.roles[n.role].suppressed {
			return true
		}
	}
	return false
}

// frameworksOf returns the frameworks of a role in the order of their shares in it.
func (r *run) frameworksOf(n *node) []*framework {
	if len(n.frameworks) == 1 {
		return n.frameworks
	}
	type ranked struct {
		fw    *framework
		share float64
		count int
	}
	all := make([]ranked, len(n.frameworks))
	for i, fw := range n.frameworks {
		c := fw.client(n.role)
		all[i] = ranked{fw, r.Allocator.share(c.allocated, 1), c.count}
	}
	slices.SortFunc(all, func(x, y ranked) int {
		return compare(x.share, y.share, x.count, y.count, x.fw.id, y.fw.id)
	})
	sorted := make([]*framework, len(all))
	for i := range all {
		sorted[i] = all[i].fw
	}
	return sorted
}

// offer allocates the available resources to a framework, unless something speaks against it.
func (r *run) offer(fw *framework, ag *agent, role string, available resources.List) {
	if !fw.active || fw.roles[role].suppressed || !r.mayUse(fw, ag) {
		return
	}
	if fw.spec.Constraints != nil && !fw.spec.Constraints.Allows(role, &ag.place) {
		return
	}
	available = fw.acceptable(available)
	if len(available) == 0 || !r.allocatable(fw, role, available) || fw.filtered(ag.id, role, available, r.now) {
		return
	}
	available = arranged(available)
	given := available.Allocated(role)
	fw.take(ag.id, role, given)
	r.account(fw, role, given, 1)
	ag.allocated = ag.allocated.Plus(available)
	ag.free = ag.free.Minus(available)
	r.charge(role, available)
	r.out = append(r.out, Allocation{FrameworkID: fw.id, AgentID: ag.id, Role: role, Resources: given})
}

// arranged returns resources in the order in which Mesos offers them: reserved ones, then those that are not scalar.
func arranged(list resources.List) resources.List {
	rank := func(r *mesos.Resource) int {
		switch {
		case resources.Reserved(r):
			return 0
		case r.Scalar == nil:
			return 1
		}
		return 2
	}
	out := make(resources.List, 0, len(list))
	for want := range 3 {
		for i := range list {
			if rank(&list[i]) == want {
				out = append(out, list[i])
			}
		}
	}
	return out
}

// mayUse tells whether the framework's capabilities allow the agent at all.
func (r *run) mayUse(fw *framework, ag *agent) bool {
	if ag.gpus && r.opts.FilterGPU && !fw.spec.GPU {
		return false
	}
	remote := ag.place.Region != "" && r.opts.Region != "" && ag.place.Region != r.opts.Region
	return !remote || fw.spec.RegionAware
}

// allocatable tells whether the list reaches one of the least quantities.
func (r *run) allocatable(fw *framework, role string, list resources.List) bool {
	alternatives := r.opts.MinAllocatable
	if own, ok := fw.spec.MinAllocatable[role]; ok {
		alternatives = own
	}
	if len(alternatives) == 0 {
		return true
	}
	for _, least := range alternatives {
		enough := true
		for name, v := range least {
			enough = enough && list.Scalar(name) >= v
		}
		if enough {
			return true
		}
	}
	return false
}
