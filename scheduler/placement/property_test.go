package placement_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// TestPlacementAgreesWithScan drives two Clusters and the reference with the
// same offers, Apps and instances. It expects the reference's agent for every
// instance, nothing used twice, right counts at every moment, and that both
// Clusters answer alike down to the ports, whatever the order of Go's maps.
func TestPlacementAgreesWithScan(t *testing.T) {
	t.Parallel()
	for p := placement.FirstFit; p <= placement.Spread; p++ {
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { newWorld(t, p).run() })
		})
	}
}

// world is all sides of the comparison.
type world struct {
	t       *rapid.T
	cfg     placement.Config
	twins   [2]*placement.Cluster
	naive   naive
	demands [][2]*placement.Demand
	models  []*naiveDemand
	placed  []placedInstance
	offers  int
}

// placedInstance is an instance of an App, as both Clusters placed it.
type placedInstance struct {
	demand int
	at     [2]placement.Assignment
}

func newWorld(t *rapid.T, policy placement.Policy) *world {
	cfg := placement.Config{
		Policy:       policy,
		HomeRegion:   rapid.SampledFrom([]string{"", "r0"}).Draw(t, "home"),
		RestrictGPUs: rapid.Bool().Draw(t, "restrict gpus"),
		Accepted:     rapid.SampledFrom([]placement.Accepted{0, 0, 1, 2}).Draw(t, "accepted"),
	}
	if rapid.Bool().Draw(t, "executor") {
		cfg.Executor = resource.Vector{CPUs: 100, Mem: resource.Units(32), Disk: 1}
	}
	w := &world{t: t, cfg: cfg}
	for n := range w.twins {
		cfg.Rand = rand.New(rand.NewPCG(1, 2))
		w.twins[n] = placement.NewCluster(cfg)
	}
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
		"more":    func(*rapid.T) { w.place() },
		"undo":    func(*rapid.T) { w.end(true) },
		"end":     func(*rapid.T) { w.end(false) },
		"rescind": func(*rapid.T) { w.rescind() },
		"remove":  func(*rapid.T) { w.removeAgent() },
		"drain":   func(*rapid.T) { w.drain() },
		"avoid":   func(*rapid.T) { w.avoid() },
		"adopt":   func(*rapid.T) { w.adopt() },
		"restart": func(*rapid.T) { w.restart() },
		"decline": func(*rapid.T) { w.decline() },
		"accept":  func(*rapid.T) { w.accept() },
		"master":  func(*rapid.T) { w.master() },
		"":        func(*rapid.T) { w.check() },
	})
}

// both does the same to both Clusters.
func (w *world) both(do func(c *placement.Cluster, n int)) {
	for n, c := range w.twins {
		do(c, n)
	}
}

// check recounts what is kept ready.
func (w *world) check() {
	w.both(func(c *placement.Cluster, _ int) {
		if problem := c.Check(); problem != "" {
			w.t.Fatal(problem)
		}
	})
	for k, m := range w.models {
		for _, c := range m.spec.Constraints {
			got, ok := w.demands[k][0].Counts(c)
			if !ok {
				continue
			}
			if diff := cmp.Diff(got, tally(m.instances, c.Field)); diff != "" {
				w.t.Fatalf("%s: instances counted for %v (-got +want):\n%s", m.spec.ID, c, diff)
			}
		}
	}
}

func (w *world) place() {
	k := rapid.IntRange(0, len(w.demands)-1).Draw(w.t, "app")
	m := w.models[k]
	w.checkFits(k)
	var got [2]placement.Assignment
	var ok [2]bool
	// Apps that are alike may be placed by a demand that they share.
	together := len(m.avoid) == 0 && rapid.Bool().Draw(w.t, "together")
	w.both(func(c *placement.Cluster, n int) {
		d := w.demands[k][n]
		if plain := c.Plain(&m.spec.Run); together && plain != nil {
			d = plain
		}
		got[n], ok[n] = c.Place(d)
	})
	if ok[0] != ok[1] || !reflect.DeepEqual(visible(&got[0]), visible(&got[1])) {
		w.t.Fatalf("%s: equal calls were answered with\n%+v\nand\n%+v", m.spec.ID, got[0], got[1])
	}
	want := w.naive.place(m)
	d := w.demands[k][0]
	if !ok[0] {
		if want >= 0 {
			w.t.Fatalf("%s %v: got no agent, want %s; rejections %+v", m.spec.ID, m.spec.Constraints, w.naive.agents[want].id, d.Rejections())
		}
		w.explained(m, d)
		return
	}
	if want < 0 || w.naive.agents[want].id != got[0].AgentID {
		w.t.Fatalf("%s %v: got agent %s, want index %d of the reference", m.spec.ID, m.spec.Constraints, got[0].AgentID, want)
	}
	if problem := w.naive.take(want, m.spec, got[0]); problem != "" {
		w.t.Fatalf("%s on %s %s: %+v", m.spec.ID, got[0].AgentID, problem, got[0])
	}
	w.checkPorts(m.spec, got[0])
	m.instances = append(m.instances, w.naive.agents[want].site)
	w.placed = append(w.placed, placedInstance{k, got})
}

// visible is what a caller sees of an assignment.
func visible(a *placement.Assignment) []any {
	return []any{a.Site, a.Role, a.Offers, a.HostPorts, a.Resources, a.Executor, a.Operations}
}

// checkFits asks about every agent by itself.
func (w *world) checkFits(k int) {
	m := w.models[k]
	for _, a := range w.naive.agents {
		ref, known := w.twins[0].Ref(a.id)
		if !known {
			w.t.Fatalf("%s is not known", a.id)
		}
		if got, want := w.demands[k][0].Fits(ref), w.naive.takes(m, a); got != want {
			w.t.Fatalf("%s fits %s: got %v, want %v", m.spec.ID, a.id, got, want)
		}
	}
}

// explained compares the reasons with the reference's, and expects a sentence.
func (w *world) explained(m *naiveDemand, d *placement.Demand) {
	r := d.Rejections()
	if diff := cmp.Diff(r.LastOffers, w.naive.rejections(m)); diff != "" {
		w.t.Fatalf("%s %v: reasons (-got +want):\n%s", m.spec.ID, m.spec.Constraints, diff)
	}
	if placement.Explain(&m.spec.Run, r) == nil {
		w.t.Fatalf("nothing fits, and no sentence says so: %+v", r)
	}
}

func (w *world) checkPorts(s *app.Spec, got placement.Assignment) {
	wanted := hostPorts(s)
	if len(got.HostPorts) != len(wanted) {
		w.t.Fatalf("host ports: got %v for %v", got.HostPorts, wanted)
	}
	var used resource.Ranges
	for _, r := range got.Resources {
		used = used.Add(r.Ranges)
	}
	for i, p := range got.HostPorts {
		if wanted[i] != 0 && int(p) != wanted[i] {
			w.t.Fatalf("port %d: got %d, want %d", i, p, wanted[i])
		}
		if !used.Contains(uint64(p)) {
			w.t.Fatalf("port %d is not among the resources %v", p, used)
		}
	}
	if int(used.Len()) != len(got.HostPorts) {
		w.t.Fatalf("resources hold ports %v for %v", used, got.HostPorts)
	}
}

// end lets an instance go: undone, or ended with its offers gone.
func (w *world) end(undo bool) {
	if len(w.placed) == 0 {
		return
	}
	k := rapid.IntRange(0, len(w.placed)-1).Draw(w.t, "instance")
	p := w.placed[k]
	w.placed = append(w.placed[:k], w.placed[k+1:]...)
	m, at := w.models[p.demand], p.at[0]
	site := *at.Site
	if undo {
		current := fmt.Sprint(w.twins[0].Offers(at.AgentID, at.Role)) == fmt.Sprint(at.Offers)
		w.both(func(c *placement.Cluster, n int) { c.Undo(p.at[n]) })
		if current {
			w.naive.giveBack(at)
		}
	} else {
		w.both(func(_ *placement.Cluster, n int) { w.demands[p.demand][n].Uncount(site) })
	}
	for i, s := range m.instances {
		if reflect.DeepEqual(s, site) {
			m.instances = append(m.instances[:i], m.instances[i+1:]...)
			break
		}
	}
}

// rescind takes a single offer back, of an agent on which nothing was placed.
func (w *world) rescind() {
	for _, a := range w.naive.agents {
		if a.used || len(a.offers) == 0 {
			continue
		}
		o := rapid.SampledFrom(a.offers).Draw(w.t, "offer")
		w.both(func(c *placement.Cluster, _ int) {
			if !c.Remove(o.ID) || c.Remove(o.ID) {
				w.t.Fatalf("offer %s cannot be removed once", o.ID)
			}
		})
		a.remove(o)
		return
	}
}

// decline gives all offers back.
func (w *world) decline() {
	w.both(func(c *placement.Cluster, _ int) { c.RemoveUnheld() })
	for _, a := range w.naive.agents {
		a.giveUp(role)
		a.giveUp("db")
	}
}

// accept uses the offers that the last instance was placed on.
func (w *world) accept() {
	if len(w.placed) == 0 {
		return
	}
	p := w.placed[len(w.placed)-1]
	if len(w.twins[0].Offers(p.at[0].AgentID, role)) == 0 {
		return
	}
	w.both(func(c *placement.Cluster, n int) { c.RemoveSpot(p.at[n].Spot()) })
	for _, a := range w.naive.agents {
		if a.id == p.at[0].AgentID {
			a.giveUp(role)
		}
	}
}

func (w *world) removeAgent() {
	if len(w.naive.agents) == 0 {
		return
	}
	a := rapid.SampledFrom(w.naive.agents).Draw(w.t, "agent")
	lost := rapid.Bool().Draw(w.t, "lost")
	w.both(func(c *placement.Cluster, _ int) {
		if lost {
			c.RemoveAgent(a.id)
			return
		}
		for _, o := range a.offers {
			if !c.Remove(o.ID) {
				w.t.Fatalf("offer %s is not known", o.ID)
			}
		}
	})
	a.removeAll(lost)
}

func (w *world) drain() {
	if len(w.naive.agents) == 0 {
		return
	}
	a := rapid.SampledFrom(w.naive.agents).Draw(w.t, "agent")
	a.draining = !a.draining
	w.both(func(c *placement.Cluster, _ int) { c.SetDraining(a.id, a.draining) })
}

func (w *world) avoid() {
	k := rapid.IntRange(0, len(w.demands)-1).Draw(w.t, "app")
	id := mesos.AgentID("a" + strconv.Itoa(rapid.IntRange(0, 15).Draw(w.t, "agent")))
	failures := rapid.IntRange(0, 2).Draw(w.t, "failures")
	w.both(func(_ *placement.Cluster, n int) { w.demands[k][n].Avoid(id, failures) })
	w.models[k].avoid[id] = failures
}

// adopt counts an instance that was not placed here, maybe on an unknown agent.
func (w *world) adopt() {
	k := rapid.IntRange(0, len(w.demands)-1).Draw(w.t, "app")
	site := mesos.Site{AgentID: "elsewhere", Hostname: "h99", Domain: mesos.Domain{Region: "r1", Zone: "z9"}}
	if len(w.naive.agents) > 0 && rapid.Bool().Draw(w.t, "known") {
		site = rapid.SampledFrom(w.naive.agents).Draw(w.t, "agent").site
	}
	w.both(func(_ *placement.Cluster, n int) { w.demands[k][n].Count(site) })
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
	m.begun = nil
	w.both(func(c *placement.Cluster, n int) {
		w.demands[k][n] = c.Demand(&m.spec.Run, m.instances)
		for id, failures := range m.avoid {
			w.demands[k][n].Avoid(id, failures)
		}
	})
}

// master changes the region that Apps are kept to.
func (w *world) master() {
	w.naive.cfg.HomeRegion = rapid.SampledFrom([]string{"", "r0", "r1"}).Draw(w.t, "home")
	w.both(func(c *placement.Cluster, _ int) { c.SetHomeRegion(w.naive.cfg.HomeRegion) })
}
