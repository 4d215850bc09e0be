package placement

import (
	"math/rand/v2"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// take cuts one instance of d out of the agent's slot, which fits it. me is the
// resident instance, "" for an ordinary one.
func (c *Cluster) take(d *Demand, i int32, me string, a *Assignment) {
	s := &d.pool.slots[i]
	a.Site, a.Role, a.Offers = c.agents[i].Site, d.pool.role, s.ids
	a.demand, a.agent, a.epoch = d, i, s.epoch
	if d.form != nil && d.form.cut(s, a) {
		return
	}
	k := knife{slot: s, mode: d.mode, me: me, slabs: &c.slabs, rand: c.cfg.Rand}
	k.takes = c.slabs.takes.reserve(3 * len(s.pieces))
	var volumes []mesos.Resource
	if d.volumes != nil {
		volumes = c.slabs.resources.keep(k.volumes(d))
	}
	a.Resources = k.scalars(d.task, d.ports > 0)
	if d.ports > 0 {
		a.HostPorts = k.hostPorts(d)
		a.Resources = k.portResources(a.Resources, a.HostPorts)
	}
	a.Resources = c.slabs.resources.keep(a.Resources)
	if d.volumes != nil {
		a.Resources = slices.Concat(volumes, a.Resources)
	}
	if d.executor != (resource.Vector{}) {
		a.Executor = c.slabs.resources.keep(k.scalars(d.executor, false))
	}
	a.takes = c.slabs.takes.keep(k.takes)
	if d.ports == 0 && d.volumes == nil {
		d.form = newForm(s, a)
	}
}

// knife cuts an instance out of a slot and notes where each resource came from.
type knife struct {
	slot  *slot
	mode  mode
	me    string
	slabs *slabs
	rand  *rand.Rand
	takes []take
}

// scalars takes need from the pieces in their order. The result has room for
// the port resources if asked, and is reserved but not yet kept.
func (k *knife) scalars(need resource.Vector, withPorts bool) []mesos.Resource {
	s := k.slot
	room := len(s.pieces)
	if withPorts {
		room *= 2
	}
	out := k.slabs.resources.reserve(room)
	want := [ports]resource.Scalar{need.CPUs, need.Mem, need.Disk, need.GPUs}
	for i := range s.pieces {
		p := &s.pieces[i]
		if p.kind >= ports || want[p.kind] <= 0 || p.left <= 0 || !p.usable(k.mode, k.me) {
			continue
		}
		n := min(p.left, want[p.kind])
		want[p.kind] -= n
		p.left -= n
		s.account(p, -n, 0)
		out = append(out, p.resource)
		out[len(out)-1].Scalar = n
		k.takes = append(k.takes, take{int32(i), n})
	}
	return out
}

// hostPorts takes the demand's host ports: the fixed ones, and for the others
// neighbours from a random position on ("Marathon, offer matching").
func (k *knife) hostPorts(d *Demand) []uint32 {
	out := k.slabs.hostPorts.reserve(len(d.hostPorts))[:len(d.hostPorts)]
	for n, port := range d.hostPorts {
		out[n] = uint32(port)
		if port != 0 {
			k.grab(k.slot.pieceWithPort(port, k.mode, k.me), port)
		}
	}
	next := -1
	for n, port := range d.hostPorts {
		if port == 0 {
			p, chosen := k.dynamicPort(next)
			k.grab(p, chosen)
			out[n] = uint32(chosen)
			next = int(chosen) + 1
		}
	}
	return k.slabs.hostPorts.keep(out)
}

func (k *knife) grab(p *piece, port uint16) {
	p.ports.Remove(port)
	k.slot.account(p, 0, -1)
}

// dynamicPort chooses a free port: at a random position when next is negative,
// else the first one at or after next.
func (k *knife) dynamicPort(next int) (*piece, uint16) {
	for i := range k.slot.pieces {
		p := &k.slot.pieces[i]
		if p.kind != ports || len(p.ports) == 0 || !p.usable(k.mode, k.me) {
			continue
		}
		switch {
		case next >= 0:
			port, _ := p.ports.After(uint16(min(next, 1<<16-1)))
			return p, port
		case k.rand != nil:
			return p, p.ports.At(k.rand.IntN(p.ports.Len()))
		default:
			return p, p.ports[0].First
		}
	}
	panic("placement: a port was promised and none is free")
}

// portResources appends a resource for each piece that gave ports.
func (k *knife) portResources(out []mesos.Resource, hostPorts []uint32) []mesos.Resource {
	alone := k.portPieces() == 1
	for i := range k.slot.pieces {
		p := &k.slot.pieces[i]
		if p.kind != ports || !p.usable(k.mode, k.me) {
			continue
		}
		ranges := k.slabs.ranges.reserve(len(hostPorts))
		for _, port := range hostPorts {
			if alone || p.offered.Ranges.Contains(uint64(port)) {
				ranges = insertPort(ranges, uint64(port))
			}
		}
		if len(ranges) == 0 {
			continue
		}
		out = append(out, p.resource)
		out[len(out)-1].Ranges = k.slabs.ranges.keep(ranges)
		k.takes = append(k.takes, take{piece: int32(i)})
	}
	return out
}

// portPieces is how many pieces may have given ports.
func (k *knife) portPieces() int {
	n := 0
	for i := range k.slot.pieces {
		if p := &k.slot.pieces[i]; p.kind == ports && p.usable(k.mode, k.me) {
			n++
		}
	}
	return n
}

// insertPort adds a port to sorted, disjoint ranges that have room for it.
func insertPort(rs []resource.Range, port uint64) []resource.Range {
	at := len(rs)
	for at > 0 && rs[at-1].Begin > port {
		at--
	}
	left := at > 0 && rs[at-1].End+1 == port
	right := at < len(rs) && port+1 == rs[at].Begin
	switch {
	case left && right:
		rs[at-1].End = rs[at].End
		rs = append(rs[:at], rs[at+1:]...)
	case left:
		rs[at-1].End = port
	case right:
		rs[at].Begin = port
	default:
		rs = append(rs, resource.Range{})
		copy(rs[at+1:], rs[at:])
		rs[at] = resource.Range{Begin: port, End: port}
	}
	return rs
}

// giveBack returns what an assignment took to its pieces.
func (s *slot) giveBack(a Assignment) {
	for n, t := range a.takes {
		r := a.resource(n)
		p := &s.pieces[t.piece]
		p.left += t.amount
		s.account(p, t.amount, 0)
		for _, ports := range r.Ranges {
			for port := ports.Begin; port <= ports.End; port++ {
				p.ports.Insert(uint16(port))
				s.account(p, 0, 1)
			}
		}
	}
}

// resource returns the n-th resource that was cut.
func (a *Assignment) resource(n int) *mesos.Resource {
	if n < len(a.Resources) {
		return &a.Resources[n]
	}
	return &a.Executor[n-len(a.Resources)]
}
