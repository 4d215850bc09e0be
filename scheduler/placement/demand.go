package placement

import (
	"slices"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Site is the agent that a counted instance runs on.
type Site struct {
	Agent      mesos.AgentID
	Hostname   string
	Domain     mesos.Domain
	Attributes []mesos.Attribute
}

// Demand is one version of an App prepared for placing. It belongs to the
// Cluster that made it and may be kept for as long as the Spec is current.
type Demand struct {
	spec    *app.Spec
	cluster *Cluster
	pool    *pool
	mode    mode
	// task and executor are taken apart, need is their sum.
	task, executor, need resource.Vector
	// hostPorts has an entry for each port with a host port, 0 for any number;
	// ports is their count, fixed the wanted numbers.
	hostPorts []uint16
	fixed     []uint16
	ports     int32
}

// Demand prepares an App. counted are the sites of the instances that its
// constraints count: active ones whose version is not older than the last
// configuration change ("Marathon, constraints").
func (c *Cluster) Demand(spec *app.Spec, counted []Site) *Demand {
	d := &Demand{spec: spec, cluster: c, pool: c.pool(spec.Role), task: spec.Resources}
	d.mode = c.acceptedMode(spec)
	if spec.Executor != "//cmd" {
		d.executor = c.cfg.Executor
		if spec.ExecutorResources != nil {
			d.executor = *spec.ExecutorResources
		}
	}
	d.need = d.task.Add(d.executor)
	for _, p := range spec.Ports {
		if n, has := hostPort(spec, p); has {
			d.hostPorts = append(d.hostPorts, n)
			d.ports++
			if n != 0 {
				d.fixed = append(d.fixed, n)
			}
		}
	}
	for _, site := range counted {
		d.Count(site)
	}
	return d
}

// acceptedMode translates acceptedResourceRoles.
func (c *Cluster) acceptedMode(spec *app.Spec) mode {
	if len(spec.AcceptedResourceRoles) == 0 {
		switch {
		case spec.HasPersistentVolumes(), c.cfg.Accepted == AcceptUnreserved:
			return unreserved
		case c.cfg.Accepted == AcceptReserved:
			return reserved
		default:
			return anyClass
		}
	}
	var m mode
	if slices.Contains(spec.AcceptedResourceRoles, "*") {
		m |= unreserved
	}
	if slices.ContainsFunc(spec.AcceptedResourceRoles, func(r string) bool { return r != "*" }) {
		m |= reserved
	}
	return m
}

// hostPort returns the host port that p asks for, 0 for any; has is false
// when it needs none. With host networking every port is on the host, and its
// number counts only with requirePorts.
func hostPort(spec *app.Spec, p app.Port) (n uint16, has bool) {
	if !spec.HostNetworking() {
		if p.HostPort == nil {
			return 0, false
		}
		return uint16(*p.HostPort), true
	}
	if !spec.RequirePorts {
		return 0, true
	}
	if p.HostPort != nil && *p.HostPort != 0 {
		return uint16(*p.HostPort), true
	}
	return uint16(p.ServicePort), true
}

// Count adds an instance to those that the constraints count, for one that
// Place did not place: adopted, or back from being unreachable.
func (d *Demand) Count(Site) {}

// Uncount takes an instance that ended, or that became inactive, off again.
func (d *Demand) Uncount(Site) {}

// Rejections tells why no agent takes one more instance. It looks at every
// agent once, about ten nanoseconds each: ask when somebody wants to know.
func (d *Demand) Rejections() Rejections {
	var r Rejections
	for i := range d.pool.slots {
		if s := &d.pool.slots[i]; len(s.offers) > 0 {
			r.LastOffers.reject(d.reject(int32(i)))
		}
	}
	return r
}

// reject returns the first reason of the funnel against an agent, 0 for none.
func (d *Demand) reject(i int32) Reason {
	s := &d.pool.slots[i]
	free, n := s.available(d.mode)
	switch {
	case d.cluster.agents[i].draining:
		return AgentMaintenance
	case d.need.CPUs > free.CPUs:
		return InsufficientCpus
	case d.need.Mem > free.Mem:
		return InsufficientMemory
	case d.need.Disk > free.Disk:
		return InsufficientDisk
	case d.need.GPUs > free.GPUs:
		return InsufficientGpus
	case d.ports > n, !s.fits(d):
		return InsufficientPorts
	default:
		return 0
	}
}
