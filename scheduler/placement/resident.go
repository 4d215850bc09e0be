package placement

import (
	"regexp"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// Labels of the reservations that are made for resident instances.
const (
	// InstanceLabel names the instance that a reservation is for.
	InstanceLabel = "gantry_instance_id"
	// FrameworkLabel names the framework that made it.
	FrameworkLabel = "gantry_framework_id"
)

// volumeNeed is one persistent volume of an App.
type volumeNeed struct {
	path     string
	size     resource.Scalar
	sizeMax  resource.Scalar
	source   mesos.DiskSourceType // 0 for the root disk
	profile  string
	patterns []*regexp.Regexp
}

// addVolumes reads the App's persistent volumes; those on the root disk are
// part of what an instance needs of it.
func (d *Demand) addVolumes() {
	if !d.run.HasPersistentVolumes() {
		return
	}
	for _, v := range d.run.Container.Volumes {
		if v.Persistent == nil {
			continue
		}
		n := volumeNeed{path: v.ContainerPath, size: v.Persistent.Size, sizeMax: v.Persistent.MaxSize, profile: v.Persistent.ProfileName}
		switch {
		case v.Persistent.Type == "path":
			n.source = mesos.DiskPath
		case v.Persistent.Type == "mount", n.profile != "":
			n.source = mesos.DiskMount
		default:
			d.need.Disk += n.size
		}
		n.patterns = pathPatterns(v.Persistent)
		d.volumes = append(d.volumes, n)
	}
}

// pathPatterns compiles the volume's constraints, which are all "path LIKE regex".
func pathPatterns(v *runspec.PersistentVolume) []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, k := range v.Constraints {
		if re, err := regexp.Compile(`^(?:` + k.Value + `)$`); err == nil {
			out = append(out, re)
		}
	}
	return out
}

// takes returns how much of a bare disk the volume uses, 0 if it cannot lie
// there: a part of a PATH disk, the whole of a MOUNT disk.
func (n *volumeNeed) takes(p *piece, left resource.Scalar) resource.Scalar {
	src := p.resource.Disk.Source
	if src.Type != n.source || left < n.size || n.profile != "" && src.Profile != n.profile {
		return 0
	}
	for _, re := range n.patterns {
		if !re.MatchString(src.Root) {
			return 0
		}
	}
	if src.Type == mesos.DiskPath {
		return n.size
	}
	if left != p.offered.Scalar || n.sizeMax > 0 && left > n.sizeMax {
		return 0
	}
	return left
}

// fitsVolumes reports whether each volume finds a disk that it can lie on whole.
func (s *slot) fitsVolumes(d *Demand) bool {
	used := make([]resource.Scalar, len(s.pieces))
	for n := range d.volumes {
		i, size := s.diskFor(&d.volumes[n], d.mode, used)
		if i < 0 {
			return false
		}
		used[i] += size
	}
	return true
}

// diskFor returns the first piece that a new volume can lie on, of which the
// amounts in used are spoken for, and how much it takes; -1 if there is none.
func (s *slot) diskFor(v *volumeNeed, m mode, used []resource.Scalar) (i int, size resource.Scalar) {
	for i := range s.pieces {
		p := &s.pieces[i]
		if !p.usable(m, "") {
			continue
		}
		left := p.left
		if used != nil {
			left -= used[i]
		}
		switch {
		case v.source == 0 && p.kind == disk && left >= v.size:
			return i, v.size
		case v.source != 0 && p.kind == bareDisk:
			if n := v.takes(p, left); n > 0 {
				return i, n
			}
		}
	}
	return -1, 0
}

// Owner returns the resident instance that a resource is reserved for and the
// framework that reserved it, by Gantry's labels; "" for none.
func Owner(r *mesos.Resource) (instance string, framework mesos.FrameworkID) {
	for _, v := range r.Reservations {
		for _, l := range v.Labels {
			switch l.Key {
			case InstanceLabel:
				instance = l.Value
			case FrameworkLabel:
				framework = mesos.FrameworkID(l.Value)
			}
		}
	}
	return instance, framework
}

// owner returns the resident instance that a resource is reserved for, "" for
// none. A volume that another framework made has an owner, too.
func owner(r *mesos.Resource) string {
	if instance, _ := Owner(r); instance != "" {
		return instance
	}
	if r.Disk != nil {
		if at := strings.LastIndexByte(r.Disk.PersistenceID, '#'); at > 0 {
			return r.Disk.PersistenceID[:at]
		}
	}
	return ""
}

// VolumeID returns Mesos' name (persistence id) of an instance's volume at a
// container path.
func VolumeID(instance, path string) string { return instance + "#" + path }

// SetFramework says which framework reservations are made for from now on.
func (c *Cluster) SetFramework(id mesos.FrameworkID) { c.framework = id }

// PlaceResident finds the agent for an instance with persistent volumes. With
// home "" it is new: what it uses is reserved for it and its volumes created,
// by the assignment's Operations. Later it returns to its home, the agent that
// has its volumes, as soon as that offers them.
func (c *Cluster) PlaceResident(d *Demand, instance string, home mesos.AgentID) (a Assignment, ok bool) {
	if home == "" {
		i := d.find()
		if i < 0 {
			return Assignment{}, false
		}
		c.settle(d, i, instance, &a)
		c.reserve(d, instance, &a)
		return a, true
	}
	d.sync()
	i, known := c.byID[home]
	if !known || !d.pool.offers(i) || c.agents[i].draining || !d.pool.slots[i].keeps(d, instance) {
		return Assignment{}, false
	}
	c.settle(d, i, instance, &a)
	return a, true
}

// keeps reports whether the slot offers the instance's volumes and enough else.
func (s *slot) keeps(d *Demand, instance string) bool {
	want := d.task.Add(d.executor)
	free, portCount := resource.Vector{}, int32(0)
	volumes := 0
	for i := range s.pieces {
		p := &s.pieces[i]
		if !p.usable(d.mode, instance) {
			continue
		}
		switch p.kind {
		case cpus:
			free.CPUs += p.left
		case mem:
			free.Mem += p.left
		case disk:
			free.Disk += p.left
		case gpus:
			free.GPUs += p.left
		case ports:
			portCount += int32(p.ports.Len())
		case volume:
			if p.left > 0 && p.owner == instance {
				volumes++
			}
		case bareDisk:
		}
	}
	for _, port := range d.fixed {
		if s.pieceWithPort(port, d.mode, instance) == nil {
			return false
		}
	}
	return volumes >= len(d.volumes) && want.Fits(free) && d.ports <= portCount
}

// volumes takes the instance's volumes if they are there, else the disk that
// they will be made of. The result is reserved but not yet kept.
func (k *knife) volumes(d *Demand) []mesos.Resource {
	out := k.slabs.resources.reserve(len(d.volumes))
	for n := range d.volumes {
		v := &d.volumes[n]
		i, size := k.existing(v)
		if i < 0 {
			i, size = k.slot.diskFor(v, k.mode, nil)
		}
		p := &k.slot.pieces[i]
		p.left -= size
		k.slot.account(p, -size, 0)
		out = append(out, p.cut(size))
		k.takes = append(k.takes, take{int32(i), size})
	}
	return out
}

// existing returns the piece that is the volume already and its size, -1 for none.
func (k *knife) existing(v *volumeNeed) (i int, size resource.Scalar) {
	for i := range k.slot.pieces {
		p := &k.slot.pieces[i]
		if p.kind == volume && p.owner == k.me && p.left > 0 && p.resource.Disk.ContainerPath == v.path {
			return i, p.left
		}
	}
	return -1, 0
}

// reserve makes what a new instance uses its own: a dynamic reservation with
// its label on everything, and volumes on the disk for them.
func (c *Cluster) reserve(d *Demand, instance string, a *Assignment) {
	var reserve, create []mesos.Resource
	labels := []mesos.Label{{Key: InstanceLabel, Value: instance}}
	if c.framework != "" {
		labels = append(labels, mesos.Label{Key: FrameworkLabel, Value: string(c.framework)})
	}
	own := func(r *mesos.Resource) {
		if r.Role() == d.pool.role {
			// It is the role's already; a reservation can only be refined for a sub-role.
			return
		}
		r.Reservations = append(slices.Clip(r.Reservations), mesos.Reservation{
			Dynamic: true, Role: d.pool.role, Principal: c.cfg.Principal, Labels: labels,
		})
		reserve = append(reserve, *r)
	}
	for i := range a.Resources {
		own(&a.Resources[i])
	}
	for i := range a.Executor {
		own(&a.Executor[i])
	}
	for n := range d.volumes {
		// The volumes are the first resources, as take cuts them.
		r := &a.Resources[n]
		if r.Disk != nil && r.Disk.PersistenceID != "" {
			continue
		}
		info := mesos.DiskInfo{
			PersistenceID:        VolumeID(instance, d.volumes[n].path),
			PersistencePrincipal: c.cfg.Principal, ContainerPath: d.volumes[n].path,
		}
		if r.Disk != nil {
			info.Source = r.Disk.Source
		}
		r.Disk = &info
		create = append(create, *r)
	}
	if len(reserve) > 0 {
		a.Operations = append(a.Operations, mesos.Reserve{Resources: reserve})
	}
	if len(create) > 0 {
		a.Operations = append(a.Operations, mesos.Create{Volumes: create})
	}
}

// Cleanup is what to send for reservations and volumes that nobody needs any more.
type Cleanup struct {
	Agent      mesos.AgentID
	Role       string
	Offers     []mesos.OfferID
	Operations []mesos.Operation
}

// Cleanups returns what frees the volumes and reservations on offer that are not
// kept, by agent and role: an Accept with the operations gives them back. The offers stay in the
// cluster until they are removed.
func (c *Cluster) Cleanups(kept func(instance string) bool) []Cleanup {
	var out []Cleanup
	for i := range c.agents {
		for _, role := range c.roles() {
			p := c.pools[role]
			if !p.offers(int32(i)) {
				continue
			}
			if ops := p.slots[i].cleanup(kept); len(ops) > 0 {
				out = append(out, Cleanup{c.agents[i].AgentID, role, p.slots[i].ids, ops})
			}
		}
	}
	return out
}

func (s *slot) cleanup(kept func(string) bool) []mesos.Operation {
	var destroy, unreserve []mesos.Resource
	for i := range s.pieces {
		p := &s.pieces[i]
		if p.owner == "" || kept(p.owner) {
			continue
		}
		bare := *p.offered
		if p.kind == volume {
			destroy = append(destroy, bare)
			bare.Disk = nil
			if src := p.resource.Disk.Source; src != nil {
				bare.Disk = &mesos.DiskInfo{Source: src}
			}
		}
		if n := len(bare.Reservations); n > 0 && bare.Reservations[n-1].Dynamic {
			unreserve = append(unreserve, bare)
		}
	}
	var ops []mesos.Operation
	if len(destroy) > 0 {
		ops = append(ops, mesos.Destroy{Volumes: destroy})
	}
	if len(unreserve) > 0 {
		ops = append(ops, mesos.Unreserve{Resources: unreserve})
	}
	return ops
}
