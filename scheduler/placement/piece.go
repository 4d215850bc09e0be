package placement

import (
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// mode is the set of resource classes that a demand may use.
type mode uint8

const (
	unreserved mode = 1 << iota
	reserved
	anyClass = unreserved | reserved
)

// kind is a resource that is placed by.
type kind uint8

const (
	cpus kind = iota
	mem
	disk
	gpus
	ports
	// bareDisk is a PATH or MOUNT disk without a volume, volume a persistent volume.
	bareDisk
	volume
)

// piece is one offered resource object and what is left of it.
type piece struct {
	*stamp
	left  resource.Scalar
	ports resource.PortSet
	// offered is the object itself.
	offered *mesos.Resource
}

// stamp is what resource objects have in common apart from their amounts. All
// agents' plain cpus share one, so that cutting an instance out of an agent
// that was not looked at for long touches little memory.
type stamp struct {
	// resource has everything but the amounts.
	resource mesos.Resource
	kind     kind
	class    mode
	// owner is the resident instance that it is reserved for, "" for everybody.
	owner string
}

// stampsMax bounds how many stamps are kept for sharing.
const stampsMax = 64

// stamp returns the stamp of a resource offered to the pool's role; nil for
// what is not placed by: unknown names, revocable and shared resources, raw
// and block disks, and what is reserved for other roles.
func (p *pool) stamp(r *mesos.Resource) *stamp {
	for _, s := range p.stamps {
		if s.of(r) {
			return s
		}
	}
	s := &stamp{resource: *r, class: unreserved}
	s.resource.Scalar, s.resource.Ranges, s.resource.Set = 0, nil, nil
	if r.Revocable || r.Shared {
		return nil
	}
	if len(r.Reservations) > 0 {
		s.class, s.owner = reserved, owner(r)
		if have := r.Role(); have != p.role && !strings.HasPrefix(p.role, have+"/") {
			return nil
		}
	}
	ok := r.Type == mesos.Scalar
	switch r.Name {
	case mesos.CPUs:
		s.kind = cpus
	case mesos.Mem:
		s.kind = mem
	case mesos.GPUs:
		s.kind = gpus
	case mesos.Disk:
		var known bool
		s.kind, known = diskKind(r.Disk)
		ok = ok && known
	case mesos.Ports:
		s.kind, ok = ports, r.Type == mesos.RangeSet
	default:
		return nil
	}
	if !ok {
		return nil
	}
	if s.owner == "" && r.Disk == nil && len(p.stamps) < stampsMax {
		p.stamps = append(p.stamps, s)
	}
	return s
}

// of reports whether the stamp, which has neither disk nor owner, is the resource's.
func (s *stamp) of(r *mesos.Resource) bool {
	have := &s.resource
	return have.Name == r.Name && have.Type == r.Type && have.AllocationRole == r.AllocationRole &&
		r.Disk == nil && !r.Revocable && !r.Shared && have.ProviderID == r.ProviderID &&
		slices.EqualFunc(have.Reservations, r.Reservations, sameReservation)
}

func sameReservation(a, b mesos.Reservation) bool {
	return a.Dynamic == b.Dynamic && a.Role == b.Role && a.Principal == b.Principal && slices.Equal(a.Labels, b.Labels)
}

// piece makes the piece of a resource object; ok is false for what is not placed by.
func (p *pool) piece(r *mesos.Resource) (c piece, ok bool) {
	s := p.stamp(r)
	if s == nil || s.kind != ports && r.Scalar <= 0 {
		return piece{}, false
	}
	c = piece{stamp: s, left: r.Scalar, offered: r}
	if s.kind == ports {
		c.ports = resource.NewPortSet(r.Ranges)
	}
	return c, true
}

// cut returns the piece's resource with another amount.
func (p *piece) cut(n resource.Scalar) mesos.Resource {
	r := p.resource
	r.Scalar = n
	return r
}

// diskKind tells root disk, which tasks use, from disks that hold volumes only.
func diskKind(d *mesos.DiskInfo) (k kind, ok bool) {
	switch {
	case d == nil:
		return disk, true
	case d.PersistenceID != "":
		return volume, true
	case d.Source == nil:
		return disk, false
	default:
		return bareDisk, d.Source.Type == mesos.DiskPath || d.Source.Type == mesos.DiskMount
	}
}

// usable reports whether a demand of the mode may use the piece, for the
// resident instance me or, with "", an ordinary one.
func (p *piece) usable(m mode, me string) bool {
	if p.owner != "" {
		return p.owner == me
	}
	return p.class&m != 0
}
