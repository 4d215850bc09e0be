package core

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
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

// sighting is when and where something was last on offer.
type sighting struct {
	spot
	at time.Time
}

// disks is what the State knows of data on agents beside the instances' homes.
type disks struct {
	releases map[instance.ID]Release
	// found is when something of a release was last on offer; tidy says that
	// something is now.
	found map[instance.ID]sighting
	tidy  bool
	// unsure are waiting instances whose home may never have been made.
	unsure map[instance.ID]bool
	// unknown are instances with volumes of this framework's on offer that neither
	// live nor were released: the store may have lost them.
	unknown map[instance.ID]sighting
	// sweepUntil is how long offers are asked for in search of releases.
	sweepUntil time.Time
}

func newDisks(stored map[instance.ID]Release) disks {
	d := disks{
		releases: map[instance.ID]Release{}, found: map[instance.ID]sighting{},
		unsure: map[instance.ID]bool{}, unknown: map[instance.ID]sighting{},
	}
	maps.Copy(d.releases, stored)
	return d
}

// sweepFor is how long offers are asked for after something was released: the
// executor may outlive the task for a while and hold on to its part.
const sweepFor = 2 * time.Minute

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
	s.sweep()
}

// sweep asks for offers for a while, though nothing waits for one.
func (s *State) sweep() {
	s.disks.sweepUntil = s.now.Add(sweepFor)
	s.demand.fresh = true
	s.timers.set(s.disks.sweepUntil, sweepTimer, "")
}

// sweepAgain looks for what is still to be destroyed, as after a new subscription.
func (s *State) sweepAgain() {
	if len(s.disks.releases) > 0 {
		s.sweep()
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
	m := s.byID(id)
	switch {
	case released:
		s.disks.tidy = true
		s.disks.found[id] = sighting{spot{o.AgentID, o.Role}, s.now}
	case m != nil && volume:
		s.atHome(m, o, r.Disk.PersistenceID)
	case m == nil && volume && framework == s.framework.ID:
		s.holdVolumes(id, sighting{spot{o.AgentID, o.Role}, s.now})
	}
}

// atHome notes where the volume of an instance without a task is.
func (s *State) atHome(m *member, o *mesos.Offer, volume string) {
	i := m.is
	if i.Condition.Live() || i.Home == nil || !i.Home.Holds(volume) {
		return
	}
	if home := i.Home.Confirmed(o.AgentID); home != i.Home {
		s.store(m, i.At(home))
	}
}

// giveUpHomes replaces instances whose home agent now offers something and
// nothing of theirs, though their first launch was over long ago: what is
// reserved and free is offered, and only to this framework's role, so nothing
// was made. What may still turn up is released.
func (s *State) giveUpHomes(from map[spot]bool) {
	for _, id := range slices.Sorted(maps.Keys(s.disks.unsure)) {
		m := s.byID(id)
		switch {
		case m == nil || !unsure(m.is):
			delete(s.disks.unsure, id)
		case from[homeOf(m.is.Home)] && !s.now.Before(m.is.Since.Add(s.cfg.ConfirmAfter)):
			delete(s.disks.unsure, id)
			s.forget(m)
		}
	}
}

// doubt remembers a waiting instance whose home may not have been made.
func (s *State) doubt(i *instance.Instance) {
	if unsure(i) {
		s.disks.unsure[i.ID] = true
	}
}

func unsure(i *instance.Instance) bool {
	return i.Home != nil && !i.Home.Made && i.Condition == instance.Scheduled
}

// finishReleases forgets releases of which nothing was offered for a while,
// although their agent offers.
func (s *State) finishReleases(from map[spot]bool, seen map[instance.ID]bool) {
	for _, id := range slices.Sorted(maps.Keys(s.disks.releases)) {
		r := s.disks.releases[id]
		last, ok := s.disks.found[id]
		if !ok {
			last = sighting{spot{r.Agent, r.Role}, r.Since}
		}
		if seen[id] || !from[last.spot] || s.now.Sub(later(r.Since, last.at)) < s.cfg.ConfirmAfter {
			continue
		}
		delete(s.disks.releases, id)
		delete(s.disks.found, id)
		s.persist(DropRelease{ID: id})
	}
}

// holdVolumes counts volumes that nobody knows. They are kept until a user
// confirms that they may go: data lost here are lost for good.
func (s *State) holdVolumes(id instance.ID, at sighting) {
	if _, known := s.disks.unknown[id]; known {
		return
	}
	s.disks.unknown[id] = at
	s.framework.VolumesHeld = len(s.disks.unknown)
	s.publish("volumes_held_event", event.Fields{"instanceId": string(id), "agentId": string(at.agent)})
}

// releaseHeld releases the unknown volumes that were found so far.
func (s *State) releaseHeld() {
	for _, id := range slices.Sorted(maps.Keys(s.disks.unknown)) {
		if s.byID(id) == nil {
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
		return !released || s.byID(id) != nil
	}
	for _, c := range s.cluster.Strays(kept) {
		for _, id := range c.Offers {
			s.cluster.Remove(id)
		}
		s.call(mesos.Accept{OfferIDs: c.Offers, Operations: c.Operations})
		s.sweep()
	}
}

// byID finds an instance by its id, nil if there is none.
func (s *State) byID(id instance.ID) *member {
	_, app, ok := instance.OfTask(id.TaskID(1))
	if a := s.apps[app]; ok && a != nil {
		return a.member(id)
	}
	return nil
}
