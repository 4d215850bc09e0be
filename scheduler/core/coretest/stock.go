package coretest

import (
	"maps"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// Stock is what an agent, an offer or a task has, by the instance that it is
// reserved for; "" is for nobody. A Stock is never written to.
type Stock map[string]Pile

// Pile is a part of a Stock.
type Pile struct {
	Amount resource.Vector
	Ports  resource.Ranges
	// Volumes are by their persistence ids.
	Volumes map[string]resource.Scalar
}

// StockOf adds up resources.
func StockOf(lists ...[]mesos.Resource) Stock {
	s := Stock{}
	for _, r := range slices.Concat(lists...) {
		owner, _ := placement.Owner(&r)
		p := s[owner]
		switch {
		case r.Disk != nil:
			if p.Volumes == nil {
				p.Volumes = map[string]resource.Scalar{}
			}
			p.Volumes[r.Disk.PersistenceID] = r.Scalar
		case r.Name == mesos.Ports:
			p.Ports = p.Ports.Add(r.Ranges)
		default:
			p.Amount = p.Amount.Add(vectorOf(r))
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

// With returns the sum of both.
func (s Stock) With(o Stock) Stock {
	out := maps.Clone(s)
	for owner, q := range o {
		p := out[owner]
		p.Amount, p.Ports = p.Amount.Add(q.Amount), p.Ports.Add(q.Ports)
		if len(q.Volumes) > 0 {
			p.Volumes = maps.Clone(p.Volumes)
			if p.Volumes == nil {
				p.Volumes = map[string]resource.Scalar{}
			}
			maps.Copy(p.Volumes, q.Volumes)
		}
		out[owner] = p
	}
	return out
}

// Without returns what is left of s; what it does not have is left out.
func (s Stock) Without(all ...Stock) Stock {
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

func (p Pile) without(q Pile) Pile {
	p.Amount = p.Amount.Sub(q.Amount).Max(resource.Vector{})
	for _, port := range list(q.Ports) {
		p.Ports = p.Ports.Without(uint64(port))
	}
	if len(p.Volumes) > 0 && len(q.Volumes) > 0 {
		p.Volumes = maps.Clone(p.Volumes)
		for id := range q.Volumes {
			delete(p.Volumes, id)
		}
	}
	return p
}

func (p Pile) empty() bool {
	return p.Amount == (resource.Vector{}) && len(p.Ports) == 0 && len(p.Volumes) == 0
}

// Has reports whether all of o is in s.
func (s Stock) Has(o Stock) bool {
	for owner, q := range o {
		p := s[owner]
		if !q.Amount.Fits(p.Amount) {
			return false
		}
		for _, port := range list(q.Ports) {
			if !p.Ports.Contains(uint64(port)) {
				return false
			}
		}
		for id, size := range q.Volumes {
			if p.Volumes[id] != size {
				return false
			}
		}
	}
	return true
}

// Volumes lists the persistence ids.
func (s Stock) Volumes() []string {
	var ids []string
	for _, p := range s {
		ids = slices.AppendSeq(ids, maps.Keys(p.Volumes))
	}
	slices.Sort(ids)
	return ids
}

// Ports lists all port numbers.
func (s Stock) Ports() []uint32 {
	var out []uint32
	for _, p := range s {
		out = append(out, list(p.Ports)...)
	}
	return out
}

// Resources returns the Stock as an offer to a role shows it, all that is reserved
// being reserved for that role.
func (s Stock) Resources(framework mesos.FrameworkID, role string) []mesos.Resource {
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
		}{{mesos.CPUs, p.Amount.CPUs}, {mesos.Mem, p.Amount.Mem}, {mesos.Disk, p.Amount.Disk}, {mesos.GPUs, p.Amount.GPUs}} {
			if k.n > 0 {
				add(mesos.Resource{Name: k.name, Type: mesos.Scalar, Scalar: k.n})
			}
		}
		if len(p.Ports) > 0 {
			add(mesos.Resource{Name: mesos.Ports, Type: mesos.RangeSet, Ranges: p.Ports})
		}
		for _, id := range slices.Sorted(maps.Keys(p.Volumes)) {
			_, path, _ := strings.Cut(id, "#")
			add(mesos.Resource{Name: mesos.Disk, Type: mesos.Scalar, Scalar: p.Volumes[id], Disk: &mesos.DiskInfo{PersistenceID: id, ContainerPath: path}})
		}
	}
	return out
}

// Operate returns the Stock after an operation; ok is false, and nothing
// changed, if it does not have what that needs.
func (s Stock) Operate(op mesos.Operation) (after Stock, ok bool) {
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
	if !s.Has(StockOf(uses)) {
		return s, false
	}
	return s.Without(StockOf(uses)).With(StockOf(makes)), true
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
