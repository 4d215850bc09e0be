package placement_test

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// naive is the reference: it looks at every agent for every instance and
// recounts every constraint from the list of instances.
type naive struct {
	cfg    placement.Config
	agents []*naiveAgent
	offers int
	// largest is, for each role, the most that one agent ever offered at a time.
	largest map[string]resource.Vector
}

type naiveAgent struct {
	id       mesos.AgentID
	site     mesos.Site
	offers   []*mesos.Offer
	draining bool
	// hasGPUs says that it ever offered some, used that something was taken of what it offers now.
	hasGPUs, used bool
	// free is what is left of each kind of resource object.
	free map[kindOf]*amount
	// last is the number of the latest offer to each role, gone what it left
	// when it was used or declined.
	last map[string]int
	gone map[string]*naiveAgent
}

// kindOf is what makes resource objects the same but for their amounts.
type kindOf struct {
	role string
	// reservedFor is the innermost reservation's role, "" for unreserved.
	reservedFor string
	// identity is everything else, such as "dynamic, by principal p".
	identity string
}

type amount struct {
	scalars resource.Vector
	ports   map[uint16]bool
}

// naiveDemand is an App and the sites of its instances.
type naiveDemand struct {
	spec      *app.Spec
	policy    placement.Policy
	instances []mesos.Site
	avoid     map[mesos.AgentID]int
	// begun maps roles to the number of the offer that its wait began with, nil before anybody asked.
	begun map[string]int
}

func (n *naive) add(o *mesos.Offer) {
	var a *naiveAgent
	for _, have := range n.agents {
		if have.id == o.AgentID {
			a = have
		}
	}
	if a == nil {
		a = &naiveAgent{id: o.AgentID, free: map[kindOf]*amount{}, last: map[string]int{}, gone: map[string]*naiveAgent{}}
		n.agents = append(n.agents, a)
	}
	a.site = o.Site()
	a.offers = append(a.offers, o)
	n.offers++
	a.last[o.Role], a.gone[o.Role] = n.offers, nil
	for i := range o.Resources {
		a.put(&o.Resources[i], 1)
	}
	sum := resource.Vector{}
	for k, v := range a.free {
		if k.role == o.Role && k.serves(o.Role) {
			sum = sum.Add(v.scalars)
		}
	}
	if n.largest == nil {
		n.largest = map[string]resource.Vector{}
	}
	n.largest[o.Role] = n.largest[o.Role].Max(sum)
	a.hasGPUs = a.hasGPUs || sum.GPUs > 0
}

// placeable reports whether anything may be placed on a resource object at all.
func placeable(r *mesos.Resource) bool {
	switch r.Name {
	case mesos.CPUs, mesos.Mem, mesos.GPUs, mesos.Ports, mesos.Disk:
		return !r.Revocable && !r.Shared && r.Disk == nil
	default:
		return false
	}
}

func kind(r *mesos.Resource) kindOf {
	k := kindOf{role: r.AllocationRole, identity: fmt.Sprint(r.Name, r.Reservations, r.ProviderID)}
	if len(r.Reservations) > 0 {
		k.reservedFor = r.Role()
	}
	return k
}

// put adds what a resource object holds (sign 1), or takes it off (-1).
func (a *naiveAgent) put(r *mesos.Resource, sign resource.Scalar) {
	if !placeable(r) {
		return
	}
	k := kind(r)
	if a.free[k] == nil {
		a.free[k] = &amount{ports: map[uint16]bool{}}
	}
	free := a.free[k]
	switch r.Name {
	case mesos.CPUs:
		free.scalars.CPUs += sign * r.Scalar
	case mesos.Mem:
		free.scalars.Mem += sign * r.Scalar
	case mesos.Disk:
		free.scalars.Disk += sign * r.Scalar
	case mesos.GPUs:
		free.scalars.GPUs += sign * r.Scalar
	case mesos.Ports:
		for _, rs := range r.Ranges {
			for p := rs.Begin; p <= rs.End; p++ {
				if sign > 0 {
					free.ports[uint16(p)] = true
				} else {
					delete(free.ports, uint16(p))
				}
			}
		}
	}
}

// remove takes an offer away of which nothing was used, removeAgent all offers of an agent.
func (a *naiveAgent) remove(o *mesos.Offer) {
	a.gone[o.Role] = nil
	a.offers = slices.DeleteFunc(a.offers, func(have *mesos.Offer) bool { return have == o })
	for i := range o.Resources {
		a.put(&o.Resources[i], -1)
	}
}

func (a *naiveAgent) removeAll(lost bool) {
	if lost {
		clear(a.gone)
	}
	a.offers, a.used, a.free = nil, false, map[kindOf]*amount{}
}

// accepts reports whether an App may use resources of a kind: unreserved ones,
// and those reserved for its role or a parent of it.
func (n *naive) accepts(s *app.Spec, k kindOf) bool {
	unreserved, reserved := true, true
	if len(s.AcceptedResourceRoles) > 0 {
		unreserved = slices.Contains(s.AcceptedResourceRoles, "*")
		reserved = slices.Contains(s.AcceptedResourceRoles, s.Role)
	} else if n.cfg.Accepted != placement.AcceptAny {
		unreserved = n.cfg.Accepted == placement.AcceptUnreserved
		reserved = n.cfg.Accepted == placement.AcceptReserved
	}
	switch {
	case k.role != s.Role || !k.serves(s.Role):
		return false
	case k.reservedFor == "":
		return unreserved
	default:
		return reserved
	}
}

// serves reports whether the reservation, if any, is for the role or a parent of it.
func (k kindOf) serves(role string) bool {
	return k.reservedFor == "" || k.reservedFor == role || strings.HasPrefix(role, k.reservedFor+"/")
}

// sum is what the App may use of the agent.
func (n *naive) sum(a *naiveAgent, s *app.Spec) (v resource.Vector, ports map[uint16]bool) {
	ports = map[uint16]bool{}
	for k, free := range a.free {
		if !n.accepts(s, k) {
			continue
		}
		v = v.Add(free.scalars)
		for p := range free.ports {
			ports[p] = true
		}
	}
	return v, ports
}

// hostPorts returns an entry for each host port that an instance needs, 0 for any number.
func hostPorts(s *app.Spec) []int {
	var out []int
	for _, p := range s.Ports {
		switch {
		case !s.HostNetworking() && p.HostPort != nil:
			out = append(out, *p.HostPort)
		case !s.HostNetworking():
		case s.RequirePorts:
			out = append(out, p.ServicePort)
		default:
			out = append(out, 0)
		}
	}
	return out
}

// takes reports whether the agent takes one more instance.
func (n *naive) takes(d *naiveDemand, a *naiveAgent) bool {
	return a.offering(d.spec.Role) && n.reason(d, a) == 0
}

// rank is what the policy compares: best-fit takes the agent with the least
// room, spread the one with the most, in steps.
func (n *naive) rank(d *naiveDemand, a *naiveAgent) int64 {
	free, _ := n.sum(a, d.spec)
	largest := n.largest[d.spec.Role]
	part := func(free, largest resource.Scalar) int64 {
		// The largest agent is rounded up to a power of two.
		whole := int64(1) << bits.Len64(uint64(largest))
		return min(int64(free), whole) << 20 / whole
	}
	room := part(free.CPUs, largest.CPUs) + part(free.Mem, largest.Mem)
	switch d.policy {
	case placement.BestFit:
		return room / (1 << 20 / 128)
	case placement.Spread:
		return -(room / (1 << 20 / 16))
	case placement.FirstFit:
	}
	return 0
}

// key orders the agents that take an instance: the lowest is chosen.
func (n *naive) key(d *naiveDemand, a *naiveAgent) [4]int64 {
	if failures := d.avoid[a.id]; failures > 0 {
		return [4]int64{int64(failures)}
	}
	k := [4]int64{1: groupSize(d, a.site)}
	if d.policy == placement.Spread {
		for _, s := range d.instances {
			if s.AgentID == a.id {
				k[2]++
			}
		}
	}
	k[3] = n.rank(d, a)
	return k
}

// place returns the index of the agent for one more instance, -1 for none.
func (n *naive) place(d *naiveDemand) int {
	best, low := -1, [4]int64{}
	for i, a := range n.agents {
		if !n.takes(d, a) {
			continue
		}
		if k := n.key(d, a); best < 0 || slices.Compare(k[:], low[:]) < 0 {
			best, low = i, k
		}
	}
	return best
}

// take books what an assignment says it uses, and reports what it should not use.
func (n *naive) take(i int, s *app.Spec, got placement.Assignment) (problem string) {
	a := n.agents[i]
	total := resource.Vector{}
	for _, r := range slices.Concat(got.Resources, got.Executor) {
		k := kind(&r)
		free := a.free[k]
		if free == nil || !placeable(&r) {
			return "uses what was not offered: " + fmt.Sprint(r)
		}
		if !n.accepts(s, k) {
			return "uses resources of a role that is not accepted: " + fmt.Sprint(r)
		}
		for _, rs := range r.Ranges {
			for p := rs.Begin; p <= rs.End; p++ {
				if !free.ports[uint16(p)] {
					return "uses port " + strconv.Itoa(int(p)) + ", which is not free"
				}
			}
		}
		before := free.scalars
		a.put(&r, -1)
		if !free.scalars.Fits(before) || !(resource.Vector{}).Fits(free.scalars) {
			return "uses more " + r.Name + " than is free"
		}
		total = total.Add(before.Sub(free.scalars))
	}
	a.used = true
	if total != s.Resources.Add(n.cfg.Executor) {
		return fmt.Sprintf("uses %v, needs %v", total, s.Resources.Add(n.cfg.Executor))
	}
	return ""
}

// giveBack returns what an assignment used.
func (n *naive) giveBack(got placement.Assignment) {
	for _, a := range n.agents {
		if a.id != got.AgentID {
			continue
		}
		for _, r := range slices.Concat(got.Resources, got.Executor) {
			a.put(&r, 1)
		}
	}
}
