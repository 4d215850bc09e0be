package placement_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// TestPlacementAgreesWithScan drives a Cluster and the reference with the same
// offers, Apps and instances, and expects the same agent for every instance and
// nothing used twice.
func TestPlacementAgreesWithScan(t *testing.T) {
	t.Parallel()
	for p := placement.FirstFit; p <= placement.Spread; p++ {
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { newWorld(t, p).run() })
		})
	}
}

// world is both sides of the comparison.
type world struct {
	t       *rapid.T
	cfg     placement.Config
	cluster *placement.Cluster
	naive   naive
	demands []*placement.Demand
	models  []*naiveDemand
	placed  []placedInstance
	offers  int
}

type placedInstance struct {
	demand int
	at     placement.Assignment
}

func newWorld(t *rapid.T, policy placement.Policy) *world {
	cfg := placement.Config{Policy: policy, Rand: rand.New(rand.NewPCG(1, 2))}
	if rapid.Bool().Draw(t, "regions") {
		cfg.HomeRegion = "r0"
	}
	if rapid.Bool().Draw(t, "executor") {
		cfg.Executor = resource.Vector{CPUs: 100, Mem: resource.Units(32)}
	}
	w := &world{t: t, cfg: cfg, cluster: placement.NewCluster(cfg)}
	w.naive.cfg = cfg
	return w
}

func (w *world) run() {
	for range rapid.IntRange(0, 12).Draw(w.t, "agents") {
		w.offer()
	}
	for range rapid.IntRange(1, 4).Draw(w.t, "apps") {
		w.app()
	}
	w.t.Repeat(map[string]func(*rapid.T){
		"offer":   func(*rapid.T) { w.offer() },
		"place":   func(*rapid.T) { w.place() },
		"undo":    func(*rapid.T) { w.end(true) },
		"end":     func(*rapid.T) { w.end(false) },
		"remove":  func(*rapid.T) { w.removeAgent() },
		"drain":   func(*rapid.T) { w.drain() },
		"avoid":   func(*rapid.T) { w.avoid() },
		"adopt":   func(*rapid.T) { w.adopt() },
		"restart": func(*rapid.T) { w.restart() },
	})
}

// offer adds an offer of one of 16 agents.
func (w *world) offer() {
	n := rapid.IntRange(0, 15).Draw(w.t, "agent")
	w.offers++
	role := rapid.SampledFrom([]string{"web", "web", "web", "db"}).Draw(w.t, "role")
	o := &mesos.Offer{
		ID: mesos.OfferID("o" + strconv.Itoa(w.offers)), AgentID: mesos.AgentID("a" + strconv.Itoa(n)),
		Hostname: "h" + strconv.Itoa(n/rapid.SampledFrom([]int{1, 1, 1, 2}).Draw(w.t, "hosts")), Role: role,
	}
	if n%5 != 0 {
		o.Domain = mesos.Domain{Region: "r" + strconv.Itoa(n%2), Zone: "z" + strconv.Itoa(n%3)}
	}
	if n%4 != 3 {
		o.Attributes = append(o.Attributes, mesos.Attribute{Name: "rack", Type: mesos.Text, Text: "k" + strconv.Itoa(n%4)})
	}
	o.Attributes = append(o.Attributes, mesos.Attribute{Name: "gen", Type: mesos.Scalar, Scalar: resource.Scalar(500 * (n % 3))})
	for _, reserved := range []bool{false, true} {
		if !reserved || n%3 == 0 {
			o.Resources = append(o.Resources, w.resources(role, reserved, w.offers)...)
		}
	}
	w.cluster.Add(o)
	w.naive.add(o)
}

func (w *world) resources(role string, reserved bool, n int) []mesos.Resource {
	var stack []mesos.Reservation
	begin := uint64(1000 * n)
	if reserved {
		stack = []mesos.Reservation{{Role: role}}
		begin += 500
	}
	scalar := func(name string, low, high int64) mesos.Resource {
		return mesos.Resource{
			Name: name, Type: mesos.Scalar, AllocationRole: role, Reservations: stack,
			Scalar: resource.Scalar(rapid.Int64Range(low, high).Draw(w.t, name)),
		}
	}
	return []mesos.Resource{
		scalar(mesos.CPUs, 10, 4000), scalar(mesos.Mem, 32000, 4096000),
		{
			Name: mesos.Ports, Type: mesos.RangeSet, AllocationRole: role, Reservations: stack,
			Ranges: resource.Ranges{{Begin: begin, End: begin + 2}, {Begin: begin + 10, End: begin + 10}},
		},
	}
}

// app adds an App with up to three constraints.
func (w *world) app() {
	s := &app.Spec{
		ID: app.ID("/app" + strconv.Itoa(len(w.demands))), Role: "web",
		Resources: resource.Vector{
			CPUs: resource.Scalar(rapid.Int64Range(0, 1500).Draw(w.t, "cpus")),
			Mem:  resource.Scalar(rapid.Int64Range(0, 1024000).Draw(w.t, "mem")),
		},
		AcceptedResourceRoles: rapid.SampledFrom([][]string{nil, nil, {"*"}, {"web"}}).Draw(w.t, "accepted"),
		RequirePorts:          rapid.Bool().Draw(w.t, "require"),
	}
	for range rapid.IntRange(0, 2).Draw(w.t, "ports") {
		s.Ports = append(s.Ports, app.Port{ServicePort: rapid.SampledFrom([]int{0, 0, 1000, 2001}).Draw(w.t, "port") + len(s.Ports)})
	}
	for range rapid.IntRange(0, 3).Draw(w.t, "constraints") {
		s.Constraints = append(s.Constraints, drawConstraint(w.t))
	}
	if w.cfg.Policy == placement.Spread && rapid.Bool().Draw(w.t, "own policy") {
		s.Labels = map[string]string{placement.PolicyLabel: "best-fit"}
	}
	policy := w.cfg.Policy
	if s.Labels != nil {
		policy = placement.BestFit
	}
	w.models = append(w.models, &naiveDemand{spec: s, policy: policy, avoid: map[mesos.AgentID]int{}})
	w.demands = append(w.demands, w.cluster.Demand(s, nil))
}

func drawConstraint(t *rapid.T) constraint.Constraint {
	field := rapid.SampledFrom([]string{"hostname", "@region", "@zone", "rack", "gen"}).Draw(t, "field")
	op := rapid.SampledFrom([]constraint.Operator{
		constraint.Unique, constraint.Cluster, constraint.GroupBy,
		constraint.Like, constraint.Unlike, constraint.MaxPer, constraint.Is,
	}).Draw(t, "operator")
	c := constraint.Constraint{Field: field, Operator: op}
	sample := map[string]string{"hostname": "h1", "@region": "r1", "@zone": "z1", "rack": "k1", "gen": "0.5"}[field]
	switch op {
	case constraint.Like, constraint.Unlike:
		c.Value = rapid.SampledFrom([]string{sample, ".*[02]", "[hrzk]1?[0-3]"}).Draw(t, "regex")
	case constraint.MaxPer:
		c.Value = strconv.Itoa(rapid.IntRange(1, 4).Draw(t, "max"))
	case constraint.GroupBy:
		c.Value = rapid.SampledFrom([]string{"", "2", "3"}).Draw(t, "groups")
	case constraint.Is:
		c.Value = sample
	case constraint.Cluster:
		c.Value = rapid.SampledFrom([]string{"", sample}).Draw(t, "value")
	case constraint.Unique:
	}
	return c
}

func (w *world) place() {
	k := rapid.IntRange(0, len(w.demands)-1).Draw(w.t, "app")
	d, m := w.demands[k], w.models[k]
	got, ok := w.cluster.Place(d)
	want := w.naive.place(m, func(v resource.Vector) int64 {
		if m.policy == placement.FirstFit {
			return 0
		}
		return -d.Rank(v)
	})
	if !ok {
		if want >= 0 {
			w.t.Fatalf("%s %v: got no agent, want %s; rejections %+v", m.spec.ID, m.spec.Constraints, w.naive.agents[want].id, d.Rejections())
		}
		w.explained(d)
		return
	}
	if want < 0 || w.naive.agents[want].id != got.Agent {
		w.t.Fatalf("%s %v: got agent %s, want index %d of the reference", m.spec.ID, m.spec.Constraints, got.Agent, want)
	}
	if problem := w.naive.take(want, m.spec, got); problem != "" {
		w.t.Fatalf("%s on %s %s: %+v", m.spec.ID, got.Agent, problem, got)
	}
	w.checkPorts(m.spec, got)
	m.instances = append(m.instances, w.naive.agents[want].site)
	w.placed = append(w.placed, placedInstance{k, got})
}

// explained checks that every agent with an offer was counted with a reason.
func (w *world) explained(d *placement.Demand) {
	r := d.Rejections().LastOffers
	sum := 0
	for _, n := range r.Declined {
		sum += n
	}
	if sum != r.Processed {
		w.t.Fatalf("nothing fits, yet only %d of %d offers are explained", sum, r.Processed)
	}
}

func (w *world) checkPorts(s *app.Spec, got placement.Assignment) {
	if len(got.HostPorts) != len(s.Ports) {
		w.t.Fatalf("host ports: got %v for %d ports", got.HostPorts, len(s.Ports))
	}
	var used resource.Ranges
	for _, r := range got.Resources {
		used = used.Add(r.Ranges)
	}
	for i, p := range got.HostPorts {
		if s.RequirePorts && s.Ports[i].ServicePort != 0 && int(p) != s.Ports[i].ServicePort {
			w.t.Fatalf("port %d: got %d, want %d", i, p, s.Ports[i].ServicePort)
		}
		if !used.Contains(uint64(p)) {
			w.t.Fatalf("port %d is not among the resources %v", p, used)
		}
	}
	if int(used.Len()) != len(got.HostPorts) {
		w.t.Fatalf("resources hold ports %v for %v", used, got.HostPorts)
	}
}

// end lets the instance placed last go: undone, or ended with its offers gone.
func (w *world) end(undo bool) {
	if len(w.placed) == 0 {
		return
	}
	k := rapid.IntRange(0, len(w.placed)-1).Draw(w.t, "instance")
	p := w.placed[k]
	w.placed = append(w.placed[:k], w.placed[k+1:]...)
	m := w.models[p.demand]
	site := placement.Site{Agent: p.at.Agent, Hostname: p.at.Hostname, Domain: p.at.Domain, Attributes: p.at.Attributes}
	if undo {
		current := fmt.Sprint(w.cluster.Offers(p.at.Agent, "web")) == fmt.Sprint(p.at.Offers)
		w.cluster.Undo(p.at)
		if current {
			w.naive.giveBack(p.at)
		}
	} else {
		w.demands[p.demand].Uncount(site)
	}
	for i, s := range m.instances {
		if s.Agent == site.Agent && s.Hostname == site.Hostname {
			m.instances = append(m.instances[:i], m.instances[i+1:]...)
			break
		}
	}
}

func (w *world) removeAgent() {
	if len(w.naive.agents) == 0 {
		return
	}
	a := rapid.SampledFrom(w.naive.agents).Draw(w.t, "agent")
	for _, o := range a.offers {
		if !w.cluster.Remove(o.ID) {
			w.t.Fatalf("offer %s is not known", o.ID)
		}
	}
	w.naive.removeAgent(a.id)
}

func (w *world) drain() {
	if len(w.naive.agents) == 0 {
		return
	}
	a := rapid.SampledFrom(w.naive.agents).Draw(w.t, "agent")
	a.draining = !a.draining
	w.cluster.SetDraining(a.id, a.draining)
}

func (w *world) avoid() {
	k := rapid.IntRange(0, len(w.demands)-1).Draw(w.t, "app")
	id := mesos.AgentID("a" + strconv.Itoa(rapid.IntRange(0, 15).Draw(w.t, "agent")))
	failures := rapid.IntRange(0, 2).Draw(w.t, "failures")
	w.demands[k].Avoid(id, failures)
	w.models[k].avoid[id] = failures
}

// adopt counts an instance that was not placed here, maybe on an unknown agent.
func (w *world) adopt() {
	k := rapid.IntRange(0, len(w.demands)-1).Draw(w.t, "app")
	site := placement.Site{Agent: "elsewhere", Hostname: "h99", Domain: mesos.Domain{Region: "r1", Zone: "z9"}}
	if len(w.naive.agents) > 0 && rapid.Bool().Draw(w.t, "known") {
		site = rapid.SampledFrom(w.naive.agents).Draw(w.t, "agent").site
	}
	w.demands[k].Count(site)
	w.models[k].instances = append(w.models[k].instances, site)
}

// restart makes an App's demand anew from its instances.
func (w *world) restart() {
	k := rapid.IntRange(0, len(w.demands)-1).Draw(w.t, "app")
	m := w.models[k]
	for i := len(w.placed) - 1; i >= 0; i-- {
		if w.placed[i].demand == k {
			w.placed = append(w.placed[:i], w.placed[i+1:]...)
		}
	}
	w.demands[k] = w.cluster.Demand(m.spec, m.instances)
	for id, n := range m.avoid {
		w.demands[k].Avoid(id, n)
	}
}
