package core

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// Release says that an instance is gone for good and that what was reserved for
// it, its data included, is to be destroyed. Nothing is destroyed without one,
// so that a store which lost its instances costs no data.
type Release struct {
	// Agent is where the instance was at home, Role what its resources are reserved for.
	Agent mesos.AgentID
	Role  string
	Since time.Time
}

// spot is an agent as it offers to a role.
type spot struct {
	agent mesos.AgentID
	role  string
}

func homeOf(h *instance.Home) spot { return spot{h.AgentID, h.Role} }

// trace is what was seen of a released instance lately.
type trace struct {
	spot
	// missed is when the spot first offered without it, zero since it was seen.
	missed time.Time
	// running says that its task lives and so keeps everything from being offered.
	running bool
}

// disks is what the State knows of data on agents beside the instances' homes.
type disks struct {
	releases map[instance.ID]Release
	// traces are of releases; tidy says that something of one is on offer.
	traces map[instance.ID]*trace
	tidy   bool
	// unsure are waiting instances whose home may never have been made.
	unsure map[instance.ID]bool
	// absent are instances with data whose agent is out of sight.
	absent map[instance.ID]bool
	// unknown are instances with volumes of this framework's on offer that neither
	// live nor were released: the store may have lost them.
	unknown map[instance.ID]spot
	// sweepUntil is how long offers are asked for in search of releases.
	sweepUntil time.Time
}

func newDisks(stored map[instance.ID]Release) disks {
	d := disks{
		releases: map[instance.ID]Release{}, traces: map[instance.ID]*trace{},
		unsure: map[instance.ID]bool{}, absent: map[instance.ID]bool{}, unknown: map[instance.ID]spot{},
	}
	maps.Copy(d.releases, stored)
	return d
}

const (
	// sweepFor is how long offers are asked for after something was released: the
	// executor may outlive the task for a while and hold on to its part.
	sweepFor = 2 * time.Minute
	// glance is how long they are asked for from time to time: each time costs an
	// offer of every agent.
	glance = 5 * time.Second
	// releaseMax is when an agent that holds something released counts as gone. If
	// it comes back later, its volumes are kept until a user confirms their end.
	releaseMax = 30 * 24 * time.Hour
)

// freeHome has everything that an instance reserved destroyed, as soon as its agent offers it.
func (s *State) freeHome(i *instance.Instance) {
	if i.Home != nil {
		s.free(i.ID, i.Home.AgentID, i.Home.Role)
	}
}

func (s *State) free(id instance.ID, agent mesos.AgentID, role string) {
	r := Release{Agent: agent, Role: role, Since: s.now}
	s.disks.releases[id] = r
	s.persist(PutRelease{ID: id, Release: r})
	s.publish(&event.VolumesReleased{InstanceID: string(id), AgentID: agent})
	s.sweep(sweepFor)
}

// sweep asks for offers for a while, though nothing waits for one.
func (s *State) sweep(d time.Duration) {
	s.disks.sweepUntil = later(s.disks.sweepUntil, s.now.Add(d))
	s.demand.fresh = true
	s.timers.set(s.disks.sweepUntil, sweepTimer, "")
}

// sweepAgain looks for what is still to be destroyed, and for volumes whose
// agent may be back under another id, as after a new subscription. An agent may
// also be back without the task, which nobody says without being asked.
func (s *State) sweepAgain() {
	for _, id := range slices.Sorted(maps.Keys(s.disks.absent)) {
		m := s.roster.Find(id)
		if m == nil || !absent(m.Is()) {
			delete(s.disks.absent, id)
			continue
		}
		s.ask(m.Is())
	}
	for _, id := range slices.Sorted(maps.Keys(s.disks.releases)) {
		if s.now.Sub(s.disks.releases[id].Since) > releaseMax {
			s.finish(id)
		}
	}
	if len(s.disks.releases)+len(s.disks.absent) > 0 {
		s.sweep(glance)
	}
}

// sweeping reports whether offers are wanted to find what was released.
func (s *State) sweeping() bool { return s.now.Before(s.disks.sweepUntil) && !s.quiet }

// survey looks on new offers for data: homes are confirmed, or given up where
// nothing was made, and what was released is found.
func (s *State) survey(offers []mesos.Offer) {
	seen := map[instance.ID]bool{}
	for n := range offers {
		o := &offers[n]
		for k := range o.Resources {
			if len(o.Resources[k].Reservations) > 0 {
				s.surveyResource(o, &o.Resources[k], seen)
			}
		}
	}
	if len(s.disks.unsure)+len(s.disks.releases) == 0 {
		return
	}
	from := map[spot]bool{}
	for n := range offers {
		from[spot{offers[n].AgentID, offers[n].Role}] = true
	}
	s.giveUpHomes(from)
	s.finishReleases(from, seen)
}

func (s *State) surveyResource(o *mesos.Offer, r *mesos.Resource, seen map[instance.ID]bool) {
	owner, framework := placement.Owner(r)
	if owner == "" {
		return
	}
	id := instance.ID(owner)
	seen[id] = true
	_, released := s.disks.releases[id]
	volume := r.Disk != nil && r.Disk.PersistenceID != ""
	m := s.roster.Find(id)
	switch {
	case released:
		s.disks.tidy = true
		s.disks.traces[id] = &trace{spot: spot{o.AgentID, o.Role}}
	case m != nil && volume:
		s.atHome(m, o, r.Disk.PersistenceID)
	case m == nil && volume && framework == s.framework.ID:
		s.holdVolumes(id, spot{o.AgentID, o.Role})
	}
}

// atHome notes where the volume of an instance without a task is. A volume in
// use is not offered: one of a task out of sight says that the task is over, as
// when its agent lost its id in a restart and no master will speak of it again.
func (s *State) atHome(m *roster.Member, o *mesos.Offer, volume string) {
	i := m.Is()
	if i.Home == nil || !i.Home.Holds(volume) {
		return
	}
	if i.Condition.OutOfSight() {
		over, _ := i.Apply(s.now, mesos.TaskStatus{State: mesos.TaskGone, Message: "its volume is on offer again"})
		s.ended(m, over)
		i = m.Is()
	}
	if i.Condition.Live() {
		return
	}
	if home := i.Home.Confirmed(o.AgentID); home != i.Home {
		home.Hostname, home.Domain, home.Attributes = o.Hostname, o.Domain, o.Attributes
		s.roster.Put(m, i.At(home))
	}
}

// giveUpHomes replaces instances whose home agent now offers something and
// nothing of theirs, though their first launch was over long ago: what is
// reserved and free is offered, and only to this framework's role, so nothing
// was made. What may still turn up is released.
func (s *State) giveUpHomes(from map[spot]bool) {
	for _, id := range slices.Sorted(maps.Keys(s.disks.unsure)) {
		m := s.roster.Find(id)
		switch {
		case m == nil || !unsure(m.Is()):
			delete(s.disks.unsure, id)
		case from[homeOf(m.Is().Home)] && !s.now.Before(m.Is().Since.Add(s.cfg.ConfirmAfter)):
			delete(s.disks.unsure, id)
			s.roster.Drop(m)
		}
	}
}

// doubt remembers a waiting instance whose home may not have been made, and one
// whose home is out of sight.
func (s *State) doubt(i *instance.Instance) {
	switch {
	case unsure(i):
		s.disks.unsure[i.ID] = true
	case absent(i):
		s.disks.absent[i.ID] = true
	}
}

func absent(i *instance.Instance) bool { return i.Home != nil && i.Condition.OutOfSight() }

func unsure(i *instance.Instance) bool {
	return i.Home != nil && !i.Home.Made && i.Condition == instance.Scheduled
}

// finishReleases forgets releases of which nothing was offered for a while,
// although their agent offers. The executor may outlive the task and hold on to
// its part, so that this takes twice the time in which anything is confirmed.
func (s *State) finishReleases(from map[spot]bool, seen map[instance.ID]bool) {
	for _, id := range slices.Sorted(maps.Keys(s.disks.releases)) {
		t := s.traceOf(id)
		switch {
		case seen[id] || t.running || !from[t.spot]:
		case t.missed.IsZero():
			t.missed = s.now
		case s.now.Sub(t.missed) >= 2*s.cfg.ConfirmAfter:
			s.finish(id)
		}
	}
}

// finish forgets a release.
func (s *State) finish(id instance.ID) {
	delete(s.disks.releases, id)
	delete(s.disks.traces, id)
	s.persist(DropRelease{ID: id})
}

func (s *State) traceOf(id instance.ID) *trace {
	t := s.disks.traces[id]
	if t == nil {
		r := s.disks.releases[id]
		t = &trace{spot: spot{r.Agent, r.Role}}
		s.disks.traces[id] = t
	}
	return t
}

// straysHome notes that the task of a released instance is or was alive: what it
// used will only be offered afterwards.
func (s *State) straysHome(st mesos.TaskStatus, live bool) {
	id, _, ok := instance.OfTask(st.TaskID)
	if _, released := s.disks.releases[id]; !ok || !released {
		return
	}
	t := s.traceOf(id)
	t.running, t.missed = live, time.Time{}
	s.sweep(sweepFor)
}

// holdVolumes counts volumes that nobody knows. They are kept until a user
// confirms that they may go: data lost here are lost for good.
func (s *State) holdVolumes(id instance.ID, at spot) {
	if _, known := s.disks.unknown[id]; known {
		return
	}
	s.disks.unknown[id] = at
	s.framework.VolumesHeld = len(s.disks.unknown)
	s.publish(&event.VolumesHeld{InstanceID: string(id), AgentID: at.agent})
}

// releaseHeld releases the unknown volumes that were found so far.
func (s *State) releaseHeld() {
	for _, id := range slices.Sorted(maps.Keys(s.disks.unknown)) {
		if s.roster.Find(id) == nil {
			s.free(id, s.disks.unknown[id].agent, s.disks.unknown[id].role)
		}
	}
	clear(s.disks.unknown)
	s.framework.VolumesHeld = 0
}

// destroyReleased destroys what is on offer of released instances.
func (s *State) destroyReleased() {
	if !s.disks.tidy || !s.framework.Subscribed || s.quiet {
		return
	}
	s.disks.tidy = false
	kept := func(owner string) bool {
		id := instance.ID(owner)
		_, released := s.disks.releases[id]
		return !released || s.roster.Find(id) != nil
	}
	for _, c := range s.cluster.Strays(kept) {
		for _, id := range c.Offers {
			s.cluster.Remove(id)
		}
		s.call(mesos.Accept{OfferIDs: c.Offers, Operations: c.Operations})
		if ids := destroyed(c.Operations); ids != nil {
			s.publish(&event.VolumesDestroyed{Volumes: ids, AgentID: c.Agent})
		}
		s.sweep(sweepFor)
	}
}

// destroyed lists the volumes that operations destroy.
func destroyed(ops []mesos.Operation) (ids []string) {
	for _, op := range ops {
		if d, ok := op.(mesos.Destroy); ok {
			for _, v := range d.Volumes {
				ids = append(ids, v.Disk.PersistenceID)
			}
		}
	}
	return ids
}
