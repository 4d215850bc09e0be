package placement_test

import (
	"strconv"

	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// role is that of the Apps; offers come to others, too.
const role = "eng/web"

// stacks are the reservations of a role's resources: none, static ones for the
// role and its parent, a dynamic one, refined ones, and one that serves somebody else.
var stacks = [][]mesos.Reservation{
	nil,
	{{Role: role}},
	{{Role: "eng"}},
	{{Role: role, Dynamic: true, Principal: "p", Labels: []mesos.Label{{Key: "k", Value: "v"}}}},
	{{Role: "eng"}, {Role: role, Dynamic: true, Principal: "p"}},
	{{Role: "en"}},
}

// ofAgent returns the offer with the n-th number of all, of agent a<agent>.
func (w *world) ofAgent(agent, n int) *mesos.Offer {
	role := rapid.SampledFrom([]string{role, role, role, "db"}).Draw(w.t, "role")
	o := &mesos.Offer{
		ID: mesos.OfferID("o" + strconv.Itoa(n)), AgentID: mesos.AgentID("a" + strconv.Itoa(agent)),
		Hostname: "h" + strconv.Itoa(agent/rapid.SampledFrom([]int{1, 1, 1, 2}).Draw(w.t, "hosts")), Role: role,
	}
	if agent%5 != 0 {
		o.Domain = mesos.Domain{Region: "r" + strconv.Itoa(agent%2), Zone: "z" + strconv.Itoa(agent%3)}
	}
	if agent%4 != 3 {
		o.Attributes = append(o.Attributes,
			mesos.Attribute{Name: "rack", Type: mesos.Text, Text: "k" + strconv.Itoa(agent%4)},
			mesos.Attribute{Name: "rack", Type: mesos.Text, Text: "second"},
			mesos.Attribute{Name: "disks", Type: mesos.Set, Set: []string{"ssd", "d" + strconv.Itoa(agent%2)}})
	}
	o.Attributes = append(o.Attributes, mesos.Attribute{Name: "gen", Type: mesos.Scalar, Scalar: resource.Scalar(500 * (agent % 3))})
	if agent%2 == 0 {
		o.Attributes = append(o.Attributes, mesos.Attribute{Name: "vlans", Type: mesos.RangeSet, Ranges: resource.Ranges{{Begin: 1, End: 2}, {Begin: 5, End: uint64(6 + agent%4)}}})
	}
	for k := range rapid.IntRange(1, 3).Draw(w.t, "stacks") {
		stack := stacks[0]
		if role != "db" && (k > 0 || rapid.IntRange(0, 3).Draw(w.t, "reserved") == 0) {
			stack = rapid.SampledFrom(stacks).Draw(w.t, "stack")
		}
		o.Resources = append(o.Resources, w.resources(agent, role, stack, uint64(1000+400*n+100*k))...)
	}
	return o
}

// offer adds an offer of one of 16 agents.
func (w *world) offer() {
	w.offers++
	o := w.ofAgent(rapid.IntRange(0, 15).Draw(w.t, "agent"), w.offers)
	w.both(func(c *placement.Cluster, _ int) { c.Add(o) })
	w.naive.add(o)
}

// resources are those of one reservation, with ports from begin on, and some that nothing may be placed on.
func (w *world) resources(agent int, role string, stack []mesos.Reservation, begin uint64) []mesos.Resource {
	scalar := func(name string, low, high int64) mesos.Resource {
		return mesos.Resource{
			Name: name, Type: mesos.Scalar, AllocationRole: role, Reservations: stack,
			Scalar: resource.Scalar(rapid.Int64Range(low, high).Draw(w.t, name)),
		}
	}
	out := []mesos.Resource{
		scalar(mesos.CPUs, 10, 4000), scalar(mesos.Mem, 32000, 4096000), scalar(mesos.Disk, 0, 100),
		{
			Name: mesos.Ports, Type: mesos.RangeSet, AllocationRole: role, Reservations: stack,
			Ranges: resource.Ranges{{Begin: begin, End: begin + rapid.Uint64Range(0, 2).Draw(w.t, "length")}, {Begin: begin + 10, End: begin + 10}},
		},
	}
	if agent%7 == 0 && rapid.Bool().Draw(w.t, "gpus") {
		out = append(out, scalar(mesos.GPUs, 0, 2000))
	}
	if rapid.Bool().Draw(w.t, "useless") {
		revocable, shared, mount, other := scalar(mesos.CPUs, 1000, 9000), scalar(mesos.Mem, 1, 9), scalar(mesos.Disk, 1, 900), scalar("bandwidth", 1, 9)
		revocable.Revocable, shared.Shared = true, true
		mount.Disk = &mesos.DiskInfo{Source: &mesos.DiskSource{Type: mesos.DiskMount, Root: "/mnt"}}
		out = append(out, revocable, shared, mount, other)
	}
	return out
}

// app adds an App; half of them ask for nothing special, so that many agents
// suit them.
func (w *world) app() {
	s := &app.Spec{
		ID: app.ID("/app" + strconv.Itoa(len(w.demands))),
		Run: runspec.Run{
			Role:   role,
			Labels: map[string]string{},
			Resources: resource.Vector{
				CPUs: resource.Scalar(rapid.Int64Range(1, 1000).Draw(w.t, "cpus")),
				Mem:  resource.Scalar(rapid.Int64Range(0, 512000).Draw(w.t, "mem")),
			},
		},
	}
	if rapid.Bool().Draw(w.t, "special") {
		w.special(s)
	}
	m := &naiveDemand{spec: s, policy: w.cfg.Policy, avoid: map[mesos.AgentID]int{}}
	if w.cfg.Policy == placement.Spread && rapid.Bool().Draw(w.t, "own policy") {
		s.Labels[placement.PolicyLabel] = "best-fit"
		m.policy = placement.BestFit
	}
	if behavior := rapid.SampledFrom([]string{"", "", "restricted", "unrestricted"}).Draw(w.t, "behavior"); behavior != "" {
		s.Labels["GPU_SCHEDULING_BEHAVIOR"] = behavior
	}
	w.models = append(w.models, m)
	var twins [2]*placement.Demand
	w.both(func(c *placement.Cluster, n int) { twins[n] = c.Demand(&s.Run, nil) })
	w.demands = append(w.demands, twins)
}

// special gives an App ports, up to three constraints and other wishes.
func (w *world) special(s *app.Spec) {
	s.Resources.Disk = resource.Scalar(rapid.SampledFrom([]int64{0, 0, 10}).Draw(w.t, "disk"))
	s.Resources.GPUs = resource.Scalar(rapid.SampledFrom([]int64{0, 0, 0, 1000}).Draw(w.t, "gpus"))
	s.AcceptedResourceRoles = rapid.SampledFrom([][]string{nil, nil, {"*"}, {role}, {role, "*"}}).Draw(w.t, "accepted")
	s.RequirePorts = rapid.Bool().Draw(w.t, "require")
	if rapid.Bool().Draw(w.t, "with ports") {
		w.ports(s)
	}
	for range rapid.IntRange(0, 3).Draw(w.t, "constraints") {
		s.Constraints = append(s.Constraints, drawConstraint(w.t))
	}
}

// ports gives an App ports of either network mode, with numbers that some offers have.
func (w *world) ports(s *app.Spec) {
	bridge := rapid.Bool().Draw(w.t, "bridge")
	if bridge {
		s.Networks, s.RequirePorts = []app.Network{{Mode: app.Bridge}}, false
	}
	for k := range rapid.IntRange(1, 3).Draw(w.t, "ports") {
		// Numbers differ by k, since no port is given twice in one App.
		n := rapid.SampledFrom([]int{0, 0, 1400 + k, 1900 + k, 2210}).Draw(w.t, "port")
		if n == 2210 && k > 0 {
			n = 0
		}
		switch {
		case !bridge:
			s.Ports = append(s.Ports, app.Port{ServicePort: n})
		case rapid.Bool().Draw(w.t, "mapped"):
			s.Ports = append(s.Ports, app.Port{HostPort: &n, ServicePort: 9})
		default:
			s.Ports = append(s.Ports, app.Port{ContainerPort: 80})
		}
	}
}

func drawConstraint(t *rapid.T) constraint.Constraint {
	field := rapid.SampledFrom([]string{"hostname", "@hostname", "@region", "@zone", "rack", "gen", "disks", "vlans"}).Draw(t, "field")
	op := rapid.SampledFrom([]constraint.Operator{
		constraint.Unique, constraint.Cluster, constraint.GroupBy,
		constraint.Like, constraint.Unlike, constraint.MaxPer, constraint.Is,
	}).Draw(t, "operator")
	c := constraint.Constraint{Field: field, Operator: op}
	sample := map[string]string{
		"hostname": "h1", "@hostname": "h1", "@region": "r1", "@zone": "z1", "rack": "k1", "gen": "0.5", "disks": "{d0,ssd}", "vlans": "[1-2,5-6]",
	}[field]
	switch op {
	case constraint.Like, constraint.Unlike:
		c.Value = rapid.SampledFrom([]string{".*[02]", "[hrzk]1?[0-3]", `\{d1,.*`, `\[.*-8\]`, "second"}).Draw(t, "regex")
	case constraint.MaxPer:
		c.Value = strconv.Itoa(rapid.IntRange(1, 4).Draw(t, "max"))
	case constraint.GroupBy:
		c.Value = rapid.SampledFrom([]string{"", "2", "3"}).Draw(t, "groups")
	case constraint.Is:
		c.Value = rapid.SampledFrom([]string{sample, "0.50", "1.0", "-0"}).Draw(t, "literal")
	case constraint.Cluster:
		c.Value = rapid.SampledFrom([]string{"", sample}).Draw(t, "value")
	case constraint.Unique:
	}
	return c
}
