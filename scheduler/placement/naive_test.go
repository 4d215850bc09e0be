package placement_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// naive is the reference: it looks at every agent for every instance and
// recounts every constraint from the list of instances.
type naive struct {
	cfg    placement.Config
	agents []*naiveAgent
}

type naiveAgent struct {
	id       mesos.AgentID
	site     placement.Site
	offers   []*mesos.Offer
	draining bool
	// free maps role and reserved or not to what is left.
	free  map[class]resource.Vector
	ports map[class]map[uint16]bool
}

type class struct {
	role     string
	reserved bool
}

// naiveDemand is an App and the sites of its instances.
type naiveDemand struct {
	spec      *app.Spec
	policy    placement.Policy
	instances []placement.Site
	avoid     map[mesos.AgentID]int
}

func (n *naive) add(o *mesos.Offer) {
	var a *naiveAgent
	for _, have := range n.agents {
		if have.id == o.AgentID {
			a = have
		}
	}
	if a == nil {
		a = &naiveAgent{id: o.AgentID, free: map[class]resource.Vector{}, ports: map[class]map[uint16]bool{}}
		n.agents = append(n.agents, a)
	}
	a.site = placement.Site{Agent: o.AgentID, Hostname: o.Hostname, Domain: o.Domain, Attributes: o.Attributes}
	a.offers = append(a.offers, o)
	for _, r := range o.Resources {
		c := class{o.Role, len(r.Reservations) > 0}
		v := a.free[c]
		switch r.Name {
		case mesos.CPUs:
			v.CPUs += r.Scalar
		case mesos.Mem:
			v.Mem += r.Scalar
		case mesos.Disk:
			v.Disk += r.Scalar
		case mesos.GPUs:
			v.GPUs += r.Scalar
		case mesos.Ports:
			if a.ports[c] == nil {
				a.ports[c] = map[uint16]bool{}
			}
			for _, rs := range r.Ranges {
				for p := rs.Begin; p <= rs.End; p++ {
					a.ports[c][uint16(p)] = true
				}
			}
		}
		a.free[c] = v
	}
}

// removeAgent takes all offers of an agent away.
func (n *naive) removeAgent(id mesos.AgentID) {
	for _, a := range n.agents {
		if a.id == id {
			a.offers, a.free, a.ports = nil, map[class]resource.Vector{}, map[class]map[uint16]bool{}
		}
	}
}

// classes returns what the App may use, reserved first.
func (n *naive) classes(s *app.Spec) []class {
	role := s.Role
	var out []class
	accepts := s.AcceptedResourceRoles
	if len(accepts) == 0 {
		accepts = []string{role, "*"}
	}
	if slices.ContainsFunc(accepts, func(r string) bool { return r != "*" }) {
		out = append(out, class{role, true})
	}
	if slices.Contains(accepts, "*") {
		out = append(out, class{role, false})
	}
	return out
}

func (a *naiveAgent) sum(classes []class) (v resource.Vector, ports map[uint16]bool) {
	ports = map[uint16]bool{}
	for _, c := range classes {
		v = v.Add(a.free[c])
		for p := range a.ports[c] {
			ports[p] = true
		}
	}
	return v, ports
}

func (n *naive) fits(a *naiveAgent, s *app.Spec) bool {
	if len(a.offers) == 0 || a.draining {
		return false
	}
	hasRole := slices.ContainsFunc(a.offers, func(o *mesos.Offer) bool { return o.Role == s.Role })
	free, ports := a.sum(n.classes(s))
	if !hasRole || !s.Resources.Add(n.cfg.Executor).Fits(free) || len(s.Ports) > len(ports) {
		return false
	}
	for _, p := range s.Ports {
		if s.RequirePorts && p.ServicePort != 0 && !ports[uint16(p.ServicePort)] {
			return false
		}
	}
	return true
}

// value is a field's text.
func value(s placement.Site, field string) (string, bool) {
	switch field {
	case "hostname":
		return s.Hostname, s.Hostname != ""
	case "@region":
		return s.Domain.Region, s.Domain.Region != ""
	case "@zone":
		return s.Domain.Zone, s.Domain.Zone != ""
	}
	for _, a := range s.Attributes {
		if a.Name == field {
			if a.Type == mesos.Scalar {
				return strconv.FormatFloat(a.Scalar.Float(), 'f', -1, 64), true
			}
			return a.Text, true
		}
	}
	return "", false
}

func tally(instances []placement.Site, field string) map[string]int {
	counts := map[string]int{}
	for _, s := range instances {
		if v, has := value(s, field); has {
			counts[v]++
		}
	}
	return counts
}

func (n *naive) admits(d *naiveDemand, s placement.Site) bool {
	aware := false
	for _, c := range d.spec.Constraints {
		aware = aware || strings.HasPrefix(c.Field, "@")
		if !admitsOne(c, d.instances, s) {
			return false
		}
	}
	return aware || n.cfg.HomeRegion == "" || s.Domain.Region == "" || s.Domain.Region == n.cfg.HomeRegion
}

func admitsOne(c constraint.Constraint, instances []placement.Site, s placement.Site) bool {
	v, has := value(s, c.Field)
	if !has {
		return c.Operator == constraint.Unlike
	}
	counts := tally(instances, c.Field)
	limit, _ := strconv.Atoi(c.Value)
	switch c.Operator {
	case constraint.Unique:
		return counts[v] == 0
	case constraint.MaxPer:
		return counts[v] < limit
	case constraint.Like:
		return regexp.MustCompile("^(?:" + c.Value + ")$").MatchString(v)
	case constraint.Unlike:
		return !regexp.MustCompile("^(?:" + c.Value + ")$").MatchString(v)
	case constraint.Is:
		return v == c.Value
	case constraint.Cluster:
		if c.Value != "" {
			return v == c.Value
		}
		return len(counts) == 0 || counts[v] > 0
	case constraint.GroupBy:
		low := 0
		for _, have := range counts {
			if low == 0 || have < low {
				low = have
			}
		}
		return counts[v] == 0 || len(counts) >= limit && counts[v] == low
	default:
		return false
	}
}

// key orders the agents that take an instance: the lowest is chosen. rank is
// what the policy compares, the same number for all of one class.
func (n *naive) key(d *naiveDemand, a *naiveAgent, rank int64) [4]int64 {
	if failures := d.avoid[a.id]; failures > 0 {
		return [4]int64{int64(failures)}
	}
	k := [4]int64{}
	for _, c := range d.spec.Constraints {
		if c.Operator == constraint.GroupBy {
			v, _ := value(a.site, c.Field)
			k[1] = int64(tally(d.instances, c.Field)[v])
			break
		}
	}
	if d.policy == placement.Spread {
		for _, s := range d.instances {
			if s.Agent == a.id {
				k[2]++
			}
		}
	}
	k[3] = rank
	return k
}

// place returns the index of the agent for one more instance, -1 for none.
func (n *naive) place(d *naiveDemand, rank func(resource.Vector) int64) int {
	best, low := -1, [4]int64{}
	for i, a := range n.agents {
		if !n.fits(a, d.spec) || !n.admits(d, a.site) {
			continue
		}
		free, _ := a.sum(n.classes(d.spec))
		if k := n.key(d, a, rank(free)); best < 0 || slices.Compare(k[:], low[:]) < 0 {
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
		c := class{s.Role, len(r.Reservations) > 0}
		if !slices.Contains(n.classes(s), c) {
			return "uses resources of a role that is not accepted"
		}
		v := resource.Vector{}
		switch r.Name {
		case mesos.CPUs:
			v.CPUs = r.Scalar
		case mesos.Mem:
			v.Mem = r.Scalar
		case mesos.Disk:
			v.Disk = r.Scalar
		case mesos.GPUs:
			v.GPUs = r.Scalar
		case mesos.Ports:
			for _, rs := range r.Ranges {
				for p := rs.Begin; p <= rs.End; p++ {
					if !a.ports[c][uint16(p)] {
						return "uses port " + strconv.Itoa(int(p)) + ", which is not free"
					}
					delete(a.ports[c], uint16(p))
				}
			}
		}
		if !v.Fits(a.free[c]) {
			return "uses more " + r.Name + " than is free"
		}
		a.free[c] = a.free[c].Sub(v)
		total = total.Add(v)
	}
	if total != s.Resources.Add(n.cfg.Executor) {
		return "uses another amount than it needs"
	}
	return ""
}

// giveBack returns what an assignment used.
func (n *naive) giveBack(got placement.Assignment) {
	for _, a := range n.agents {
		if a.id != got.Agent {
			continue
		}
		back := naive{}
		o := &mesos.Offer{AgentID: a.id, Role: got.Role, Resources: slices.Concat(got.Resources, got.Executor)}
		offers, site := a.offers, a.site
		back.agents = []*naiveAgent{a}
		back.add(o)
		a.offers, a.site = offers, site
	}
}
