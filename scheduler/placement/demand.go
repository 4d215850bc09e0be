package placement

import (
	"slices"

	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// Demand is one version of an App, or of another owner of runs, prepared for placing. It belongs to the
// Cluster that made it and may be kept for as long as the Run is current.
type Demand struct {
	run     *runspec.Run
	cluster *Cluster
	pool    *pool
	policy  Policy
	mode    mode
	// task and executor are taken apart, need is their sum and word its bound.
	task, executor, need resource.Vector
	word                 word
	// hostPorts has an entry for each port with a host port, 0 for any number;
	// ports is their count, fixed the wanted numbers.
	hostPorts []uint16
	fixed     []uint16
	ports     int32
	// form is how the last instance was cut, if that can be done again.
	form *form
	// volumes are what a resident instance keeps on its agent, nil without any.
	volumes []volumeNeed

	// filter is what the constraints say apart from other instances, nil if
	// nothing, and region the one that it keeps the App to, "" for any.
	filter *filter
	region string
	// counters are the constraints that count instances; group is the first
	// GROUP_BY, which orders the agents.
	counters []*counter
	group    *counter
	// allow is the agents that filter and counters admit, unless there are no counters.
	allow bitset
	// cursor is where first-fit goes on; nil where the order of agents changes.
	cursor *cursor
	// chances is what BestFit knows of the agents.
	chances *chances

	// queue orders the agents for Spread once effort, the entries looked at
	// without it, makes that worth while.
	queue  *spreadQueue
	effort int
	ranks  *ranking
	// perAgent counts instances by agent, and empty is the agents without one; for Spread only.
	perAgent []int32
	empty    bitset

	avoid map[mesos.AgentID]int
	// avoided are agents that failed recently, unavoided all others; nil without any.
	avoided   []int32
	unavoided bitset
	// held are agents that nobody else may use.
	held []int32

	// upTo and changes say which agents allow and the counters' levels cover.
	upTo, changes int
	// seq is the number of the pool's journal, and world counts everything that
	// may make an agent fit that did not; deadAt is the world in which nothing fitted.
	seq           uint64
	world, deadAt uint64

	// attempt counts the offers seen while waiting, nil until somebody asks.
	attempt *attempt
}

// PolicyLabel is the label by which an App chooses another policy than the
// cluster's: "first-fit", "best-fit" or "spread".
const PolicyLabel = "GANTRY_PLACEMENT"

// gpuLabel overrides Config.RestrictGPUs for one App ("Marathon, offer matching").
const gpuLabel = "GPU_SCHEDULING_BEHAVIOR"

// Demand prepares an App. counted are the sites of the instances that its
// constraints count: active ones whose version is not older than the last
// configuration change ("Marathon, constraints").
func (c *Cluster) Demand(run *runspec.Run, counted []mesos.Site) *Demand {
	d := &Demand{
		run: run, cluster: c, pool: c.pool(run.Role), policy: c.cfg.Policy,
		mode: c.acceptedMode(run), task: run.Resources, executor: run.ExecutorCost(c.cfg.BuiltIn, c.cfg.Executor), world: 1,
	}
	if name := run.Labels[PolicyLabel]; name != "" {
		if p, err := ParsePolicy(name); err == nil {
			d.policy = p
		}
	}
	d.need = d.task.Add(d.executor)
	d.addVolumes()
	for _, p := range run.Ports {
		n, has := hostPort(run, p)
		if !has {
			continue
		}
		d.hostPorts = append(d.hostPorts, n)
		if d.ports++; n != 0 {
			d.fixed = append(d.fixed, n)
		}
	}
	d.word = pack(d.need, d.ports)
	d.refilter()
	d.addCounters()
	d.share()
	for _, site := range counted {
		d.Count(site)
	}
	return d
}

// refilter makes the filter for the region that the App is kept to.
func (d *Demand) refilter() {
	c := d.cluster
	d.region = c.homeRegion(d.run)
	d.filter = c.filter(d.run.Constraints, d.region, c.sparesGPUs(d.run))
}

// plainKey is what makes two Apps the same for placing.
type plainKey struct {
	shapeKey
	pool           *pool
	policy         Policy
	task, executor resource.Vector
}

// plainsMax bounds how many plain demands are kept for sharing.
const plainsMax = 8192

// Plain prepares an App together with all others that are like it for placing:
// the result is good for Place alone, whichever of them asks. It is nil for an
// App that needs a Demand of its own, because its instances count or keep
// something, or want ports of certain numbers.
func (c *Cluster) Plain(run *runspec.Run) *Demand {
	d := c.Demand(run, nil)
	if len(d.counters) > 0 || len(d.fixed) > 0 || d.volumes != nil || d.policy == Spread {
		return nil
	}
	key := plainKey{shapeKey{d.need, d.ports, d.mode, d.filter}, d.pool, d.policy, d.task, d.executor}
	if known := c.plains[key]; known != nil {
		return known
	}
	if len(c.plains) >= plainsMax {
		clear(c.plains)
	}
	c.plains[key] = d
	return d
}

func (d *Demand) addCounters() {
	for _, k := range d.run.Constraints {
		n := newCounter(k, d.cluster.field(k.Field))
		if n == nil {
			continue
		}
		if k.Operator == constraint.GroupBy && d.group == nil {
			d.group = n
			n.levels = newLevels(n.field)
		}
		d.counters = append(d.counters, n)
	}
}

// share lets demands that see the agents alike use what each of them learns.
func (d *Demand) share() {
	grouped := slices.ContainsFunc(d.counters, func(n *counter) bool { return n.constraint.Operator == constraint.GroupBy })
	var s *shape
	if len(d.counters) == 0 && len(d.fixed) == 0 && d.volumes == nil {
		s = d.pool.shape(shapeKey{d.need, d.ports, d.mode, d.filter})
	} else {
		s = &shape{}
	}
	d.chances = &s.chances
	if d.policy == FirstFit && !grouped {
		d.cursor = &s.cursor
	}
}

// homeRegion returns the region that the App is kept to, "" for any
// ("Marathon, constraints": region awareness).
func (c *Cluster) homeRegion(run *runspec.Run) string {
	for _, k := range run.Constraints {
		if k.Field == "@region" || k.Field == "@zone" {
			return ""
		}
	}
	return c.cfg.HomeRegion
}

// sparesGPUs reports whether the App must leave agents with GPUs to others.
func (c *Cluster) sparesGPUs(run *runspec.Run) bool {
	if run.Resources.GPUs > 0 {
		return false
	}
	switch run.Labels[gpuLabel] {
	case "restricted":
		return true
	case "unrestricted":
		return false
	default:
		return c.cfg.RestrictGPUs
	}
}

// acceptedMode translates acceptedResourceRoles ("Marathon, roles").
func (c *Cluster) acceptedMode(run *runspec.Run) mode {
	if len(run.AcceptedResourceRoles) == 0 {
		switch {
		case run.HasPersistentVolumes(), c.cfg.Accepted == AcceptUnreserved:
			return unreserved
		case c.cfg.Accepted == AcceptReserved && c.pool(run.Role).role != "*":
			return reserved
		case c.cfg.Accepted == AcceptReserved:
			return unreserved
		default:
			return anyClass
		}
	}
	var m mode
	if slices.Contains(run.AcceptedResourceRoles, "*") {
		m |= unreserved
	}
	if slices.ContainsFunc(run.AcceptedResourceRoles, func(r string) bool { return r != "*" }) {
		m |= reserved
	}
	return m
}

// hostPort returns the host port that p asks for, 0 for any; has is false
// when it needs none. With host networking every port is on the host, and its
// number counts only with requirePorts ("Marathon, ports").
func hostPort(run *runspec.Run, p runspec.Port) (n uint16, has bool) {
	switch {
	case !run.HasHostPort(p):
		return 0, false
	case !run.HostNetworking():
		return uint16(*p.HostPort), true
	case !run.RequirePorts:
		return 0, true
	case p.HostPort != nil && *p.HostPort != 0:
		return uint16(*p.HostPort), true
	default:
		return uint16(p.ServicePort), true
	}
}

// Need returns what one instance takes, its executor included.
func (d *Demand) Need() resource.Vector { return d.need }
