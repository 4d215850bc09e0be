package sim

import (
	"maps"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// role is the only one there is: agents are offered to it, and reserved for it.
const role = "db"

// stock is what an agent, an offer or a task has, by the instance that it is
// reserved for; "" is for nobody. A stock is never written to.
type stock map[string]pile

// pile is a part of a stock.
type pile struct {
	v     resource.Vector
	ports resource.Ranges
	// volumes are by their persistence ids.
	volumes map[string]resource.Scalar
}

// stockOf adds up resources.
func stockOf(lists ...[]mesos.Resource) stock {
	s := stock{}
	for _, r := range slices.Concat(lists...) {
		owner, _ := placement.Owner(&r)
		p := s[owner]
		switch {
		case r.Disk != nil:
			if p.volumes == nil {
				p.volumes = map[string]resource.Scalar{}
			}
			p.volumes[r.Disk.PersistenceID] = r.Scalar
		case r.Name == mesos.Ports:
			p.ports = p.ports.Add(r.Ranges)
		default:
			p.v = p.v.Add(vectorOf(r))
		}
		s[owner] = p
	}
	return s
}

func vectorOf(r mesos.Resource) resource.Vector {
	switch r.Name {
	case mesos.CPUs:
		return resource.Vector{CPUs: r.Scalar}
	case mesos.Mem:
		return resource.Vector{Mem: r.Scalar}
	case mesos.Disk:
		return resource.Vector{Disk: r.Scalar}
	case mesos.GPUs:
		return resource.Vector{GPUs: r.Scalar}
	default:
		panic("unknown resource " + r.Name)
	}
}

// with returns the sum of both.
func (s stock) with(o stock) stock {
	out := maps.Clone(s)
	for owner, q := range o {
		p := out[owner]
		p.v, p.ports = p.v.Add(q.v), p.ports.Add(q.ports)
		if len(q.volumes) > 0 {
			p.volumes = maps.Clone(p.volumes)
			if p.volumes == nil {
				p.volumes = map[string]resource.Scalar{}
			}
			maps.Copy(p.volumes, q.volumes)
		}
		out[owner] = p
	}
	return out
}

// without returns what is left of s; what it does not have is left out.
func (s stock) without(all ...stock) stock {
	out := maps.Clone(s)
	for _, o := range all {
		for owner, q := range o {
			if p := out[owner].without(q); p.empty() {
				delete(out, owner)
			} else {
				out[owner] = p
			}
		}
	}
	return out
}

func (p pile) without(q pile) pile {
	p.v = p.v.Sub(q.v).Max(resource.Vector{})
	for _, port := range list(q.ports) {
		p.ports = p.ports.Without(uint64(port))
	}
	if len(p.volumes) > 0 && len(q.volumes) > 0 {
		p.volumes = maps.Clone(p.volumes)
		for id := range q.volumes {
			delete(p.volumes, id)
		}
	}
	return p
}

func (p pile) empty() bool {
	return p.v == (resource.Vector{}) && len(p.ports) == 0 && len(p.volumes) == 0
}

// has reports whether all of o is in s.
func (s stock) has(o stock) bool {
	for owner, q := range o {
		p := s[owner]
		if !q.v.Fits(p.v) {
			return false
		}
		for _, port := range list(q.ports) {
			if !p.ports.Contains(uint64(port)) {
				return false
			}
		}
		for id, size := range q.volumes {
			if p.volumes[id] != size {
				return false
			}
		}
	}
	return true
}

// volumes lists the persistence ids.
func (s stock) volumes() []string {
	var ids []string
	for _, p := range s {
		ids = slices.AppendSeq(ids, maps.Keys(p.volumes))
	}
	slices.Sort(ids)
	return ids
}

// ports lists all port numbers.
func (s stock) ports() []uint32 {
	var out []uint32
	for _, p := range s {
		out = append(out, list(p.ports)...)
	}
	return out
}

// resources returns the stock as an offer shows it.
func (s stock) resources(framework mesos.FrameworkID) []mesos.Resource {
	var out []mesos.Resource
	for _, owner := range slices.Sorted(maps.Keys(s)) {
		var stack []mesos.Reservation
		if owner != "" {
			stack = []mesos.Reservation{{Dynamic: true, Role: role, Labels: []mesos.Label{
				{Key: placement.InstanceLabel, Value: owner}, {Key: placement.FrameworkLabel, Value: string(framework)},
			}}}
		}
		add := func(r mesos.Resource) {
			r.AllocationRole, r.Reservations = role, stack
			out = append(out, r)
		}
		p := s[owner]
		for _, k := range []struct {
			name string
			n    resource.Scalar
		}{{mesos.CPUs, p.v.CPUs}, {mesos.Mem, p.v.Mem}, {mesos.Disk, p.v.Disk}} {
			if k.n > 0 {
				add(mesos.Resource{Name: k.name, Type: mesos.Scalar, Scalar: k.n})
			}
		}
		if len(p.ports) > 0 {
			add(mesos.Resource{Name: mesos.Ports, Type: mesos.RangeSet, Ranges: p.ports})
		}
		for _, id := range slices.Sorted(maps.Keys(p.volumes)) {
			_, path, _ := strings.Cut(id, "#")
			add(mesos.Resource{Name: mesos.Disk, Type: mesos.Scalar, Scalar: p.volumes[id], Disk: &mesos.DiskInfo{PersistenceID: id, ContainerPath: path}})
		}
	}
	return out
}

// operate returns the stock after an operation; ok is false, and nothing
// changed, if it does not have what that needs.
func (s stock) operate(op mesos.Operation) (after stock, ok bool) {
	var uses, makes []mesos.Resource
	switch op := op.(type) {
	case mesos.Reserve:
		uses, makes = unreserved(op.Resources), op.Resources
	case mesos.Unreserve:
		uses, makes = op.Resources, unreserved(op.Resources)
	case mesos.Create:
		uses, makes = bare(op.Volumes), op.Volumes
	case mesos.Destroy:
		uses, makes = op.Volumes, bare(op.Volumes)
	}
	if !s.has(stockOf(uses)) {
		return s, false
	}
	return s.without(stockOf(uses)).with(stockOf(makes)), true
}

func unreserved(rs []mesos.Resource) []mesos.Resource {
	out := slices.Clone(rs)
	for n := range out {
		out[n].Reservations = nil
	}
	return out
}

func bare(rs []mesos.Resource) []mesos.Resource {
	out := slices.Clone(rs)
	for n := range out {
		out[n].Disk = nil
	}
	return out
}

func list(rs resource.Ranges) []uint32 {
	var out []uint32
	for _, r := range rs {
		for p := r.Begin; p <= r.End; p++ {
			out = append(out, uint32(p))
		}
	}
	return out
}
