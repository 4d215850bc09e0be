package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/heap"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/test/workloads"
)

// traceFigures packs instances of heavy-tailed sizes until one is refused, and
// then runs the same Apps with arrivals and endings over time.
func traceFigures(s *session) error {
	w, err := workloads.Load("trace")
	if err != nil {
		return err
	}
	size := w.Sizes[len(w.Sizes)-1]
	if s.small {
		size = w.Sizes[0]
	}
	for _, p := range []placement.Policy{placement.FirstFit, placement.BestFit, placement.Spread} {
		k, err := pack(w, size, p)
		if err != nil {
			return err
		}
		s.report(fmt.Sprintf("utilisation/trace/%v/refused-at-95", p), 100*k.refusedAt95, "percent")
		s.report(fmt.Sprintf("utilisation/trace/%v", p), 100*k.atFirstRefusal, "percent")
		if p == placement.FirstFit {
			// The default stands for the whole.
			s.report("utilisation/trace", 100*k.atFirstRefusal, "percent")
		}
	}
	naive, err := packNaively(w, size)
	if err != nil {
		return err
	}
	s.report("utilisation/trace/naive-first-fit/refused-at-95", 100*naive.refusedAt95, "percent")
	s.report("utilisation/trace/naive-first-fit", 100*naive.atFirstRefusal, "percent")
	return traceOverTime(s, w, size)
}

// packed is how full a cluster became.
type packed struct {
	// atFirstRefusal is the part of the dominant resource in use when the first instance fitted nowhere.
	atFirstRefusal float64
	// refusedAt95 is the part of the instances refused until 95 % were in use.
	refusedAt95 float64
}

// arrivals returns the order in which the instances come: any App's next.
func arrivals(apps []workloads.App, rnd *rand.Rand) []int {
	var order []int
	for i, a := range apps {
		for range a.Spec.Instances {
			order = append(order, i)
		}
	}
	rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}

// total is what all agents offer.
func (s *scene) total() resource.Vector {
	var v resource.Vector
	for _, o := range s.offers {
		v = v.Add(resource.Vector{CPUs: o.Resources[0].Scalar, Mem: o.Resources[1].Scalar})
	}
	return v
}

// dominant is the part of the resource of which most is in use.
func dominant(used, total resource.Vector) float64 {
	return max(float64(used.CPUs)/float64(total.CPUs), float64(used.Mem)/float64(total.Mem))
}

// packing takes the instances in their order until 95 % of the dominant resource
// are in use and one was refused; place says whether one App's next has a place.
func (s *scene) packing(order []int, place func(app int) bool) packed {
	var k packed
	var used resource.Vector
	total := s.total()
	tried, refused := 0, 0
	for _, i := range order {
		now := dominant(used, total)
		if now < 0.95 {
			k.refusedAt95 = float64(refused) / float64(max(tried, 1))
		} else if refused > 0 {
			break
		}
		tried++
		if !place(i) {
			if refused++; refused == 1 {
				k.atFirstRefusal = now
			}
			continue
		}
		used = used.Add(s.apps[i].Spec.Resources)
	}
	if refused == 0 {
		k.atFirstRefusal = dominant(used, total)
	}
	return k
}

func pack(w *workloads.Workload, size workloads.Size, p placement.Policy) (packed, error) {
	sc, err := newScene(w, size, p)
	if err != nil {
		return packed{}, err
	}
	demands := make([]*placement.Demand, len(sc.apps))
	for i, a := range sc.apps {
		demands[i] = sc.cluster.Demand(&a.Spec.Run, nil)
	}
	k := sc.packing(arrivals(sc.apps, w.Rand()), func(i int) bool {
		a, ok := sc.cluster.Place(demands[i])
		if ok {
			sc.placed = append(sc.placed, a)
		}
		return ok
	})
	return k, sc.check()
}

// packNaively is what a scan of a plain list reaches, for comparison.
func packNaively(w *workloads.Workload, size workloads.Size) (packed, error) {
	sc, err := newScene(w, size, placement.FirstFit)
	if err != nil {
		return packed{}, err
	}
	free := make([]resource.Vector, len(sc.offers))
	for i, o := range sc.offers {
		free[i] = resource.Vector{CPUs: o.Resources[0].Scalar, Mem: o.Resources[1].Scalar}
	}
	return sc.packing(arrivals(sc.apps, w.Rand()), func(i int) bool {
		need := sc.apps[i].Spec.Resources
		for k := range free {
			if need.Fits(free[k]) {
				free[k] = free[k].Sub(need)
				return true
			}
		}
		return false
	}), nil
}

// ending is when a running instance ends; those of one time go in the order of their starts.
type ending struct {
	heap.Handle
	at    float64
	n     int
	app   int
	where placement.Assignment
}

// Before orders endings, the earliest first.
func (e *ending) Before(other *ending) bool {
	if e.at != other.at {
		return e.at < other.at
	}
	return e.n < other.n
}

// replay runs the trace: instances arrive evenly, wait in their tenant's queue,
// run for their time and make room.
type replay struct {
	*scene
	apps    []workloads.App
	tree    *fairshare.Tree
	demands map[app.ID]*placement.Demand
	index   map[app.ID]int
	running heap.Heap[*ending]
	started int
	// useSeconds is the integral of the dominant share in use over time.
	useSeconds, last float64
	used, size       resource.Vector
	// fair is the sum of Jain's index over the looks at the queues.
	fair    float64
	samples int
}

// looks is how often the shares of the tenants are looked at.
const looks = 200

// load is how much work arrives, in relation to what the cluster can do in the
// same time: a little more, so that queues form.
const load = 1.1

// span is the time over which the instances arrive, in seconds: that in which
// they ask for load times what the cluster has. Most of the work is that of few
// long instances, of which only the part until the end of the span counts.
func (s *scene) span() (float64, error) {
	total := s.total()
	asked := func(span float64) float64 {
		var cpus, mem float64
		for _, a := range s.apps {
			runs := a.Seconds * (1 - a.Seconds/(2*span))
			if a.Seconds > span {
				runs = span / 2
			}
			n := runs * float64(a.Spec.Instances)
			cpus += n * a.Spec.Resources.CPUs.Float()
			mem += n * a.Spec.Resources.Mem.Float()
		}
		return max(cpus/total.CPUs.Float(), mem/total.Mem.Float()) / span
	}
	least, most := 1.0, 1e9
	if asked(least) < load {
		return 0, fmt.Errorf("the instances ask for %.2f of the cluster even if all arrive at once, want %v", asked(least), load)
	}
	for most/least > 1.001 {
		if middle := math.Sqrt(least * most); asked(middle) < load {
			most = middle
		} else {
			least = middle
		}
	}
	return most, nil
}

// traceOverTime reports the time that scheduling the trace takes, on a third of
// the agents, so that the work is more than they can do.
func traceOverTime(s *session, w *workloads.Workload, size workloads.Size) error {
	size.Agents /= 3
	var span float64
	var r *replay
	took, err := s.best(func() (func(), func() error, error) {
		sc, err := newScene(w, size, placement.BestFit)
		if err != nil {
			return nil, nil, err
		}
		r = newReplay(sc)
		order := arrivals(sc.apps, w.Rand())
		if span, err = sc.span(); err != nil {
			return nil, nil, err
		}
		return func() { r.run(order, span) }, func() error {
			if r.started == 0 || r.samples == 0 {
				return fmt.Errorf("%d instances started, %d looks at the queues while they were backlogged", r.started, r.samples)
			}
			return nil
		}, nil
	})
	if err != nil {
		return err
	}
	s.report("trace/replay", took.Seconds(), "s")
	s.report("trace/replay/virtual", span/3600, "h")
	s.report("trace/replay/started", float64(r.started)/took.Seconds(), "placements/s")
	s.report("trace/replay/utilisation", 100*r.useSeconds/span, "percent")
	s.report("trace/replay/jain", r.fair/float64(r.samples), "index")
	return nil
}

func newReplay(sc *scene) *replay {
	r := &replay{scene: sc, apps: sc.apps, tree: fairshare.New(fairshare.Config{}), demands: map[app.ID]*placement.Demand{}, index: map[app.ID]int{}, size: sc.total()}
	r.tree.SetTotal(sc.total())
	for i, a := range sc.apps {
		r.demands[a.Spec.ID] = sc.cluster.Demand(&a.Spec.Run, nil)
		r.index[a.Spec.ID] = i
	}
	return r
}

func (r *replay) run(order []int, span float64) {
	for k, i := range order {
		now := span * float64(k) / float64(len(order))
		for r.running.Len() > 0 && r.running.First().at <= now {
			r.end()
		}
		r.advance(now)
		s := r.apps[i].Spec
		waiting := 0
		if it := r.tree.Waiting(s.ID); it != nil {
			waiting = it.Count
		}
		r.tree.Set(fairshare.Request{App: s.ID, Queue: string(s.ID.Tenant()), Need: s.Resources, Count: waiting + 1}, time.Time{})
		r.start(now)
		if k%max(1, len(order)/looks) == 0 {
			r.look()
		}
	}
	r.advance(span)
}

// look takes Jain's index of the weighted dominant shares of the tenants that
// want more than they have, if there are some.
func (r *replay) look() {
	var shares []float64
	for _, q := range r.tree.Shares() {
		if q.Queue != "/" && q.Waiting > 0 {
			shares = append(shares, q.Weighted)
		}
	}
	if len(shares) > 1 {
		r.fair += fairshare.Jain(shares)
		r.samples++
	}
}

// advance counts what was in use until now.
func (r *replay) advance(now float64) {
	r.useSeconds += (now - r.last) * dominant(r.used, r.size)
	r.last = now
}

func (r *replay) end() {
	e := r.running.First()
	r.running.Remove(e)
	r.advance(e.at)
	s := r.apps[e.app].Spec
	r.cluster.Undo(e.where)
	r.tree.Refund(string(s.ID.Tenant()), s.Resources, 1)
	r.used = r.used.Sub(s.Resources)
	r.tree.Wake()
	r.start(e.at)
}

// start places what waits in the order of the queues.
func (r *replay) start(now float64) {
	for {
		it, ok := r.tree.Next()
		if !ok {
			return
		}
		i := r.index[it.App]
		a, ok := r.cluster.Place(r.demands[it.App])
		if !ok {
			r.tree.Skip(it)
			continue
		}
		r.started++
		r.used = r.used.Add(it.Need)
		r.running.Set(&ending{at: now + r.apps[i].Seconds, n: r.started, app: i, where: a})
		r.tree.Placed(it, time.Time{})
	}
}
