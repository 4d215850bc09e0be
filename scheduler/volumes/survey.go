package volumes

import (
	"maps"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// Survey looks on new offers for data: homes are confirmed, or given up where
// nothing was made, and what was released is found. Only volumes that this
// framework made can be unclaimed.
func (b *Book) Survey(offers []mesos.Offer, framework mesos.FrameworkID) {
	seen := map[instance.ID]bool{}
	for n := range offers {
		o := &offers[n]
		for k := range o.Resources {
			if len(o.Resources[k].Reservations) > 0 {
				b.look(o, &o.Resources[k], framework, seen)
			}
		}
	}
	if len(b.unsure)+len(b.releases) == 0 {
		return
	}
	from := map[spot]bool{}
	for n := range offers {
		from[spot{offers[n].AgentID, offers[n].Role}] = true
	}
	b.giveUpHomes(from)
	b.finishReleases(from, seen)
}

// look finds out whose one reserved resource of an offer is.
func (b *Book) look(o *mesos.Offer, r *mesos.Resource, framework mesos.FrameworkID, seen map[instance.ID]bool) {
	owner, maker := placement.Owner(r)
	if owner == "" {
		return
	}
	id := instance.ID(owner)
	seen[id] = true
	_, released := b.releases[id]
	volume := r.Disk != nil && r.Disk.PersistenceID != ""
	m := b.roster.Find(id)
	switch {
	case released:
		b.tidy = true
		b.traces[id] = &trace{spot: spot{o.AgentID, o.Role}}
	case m != nil && volume:
		b.atHome(m, o, r.Disk.PersistenceID)
	case m == nil && volume && maker == framework:
		b.keep(id, spot{o.AgentID, o.Role})
	}
}

// atHome notes where the volume of an instance without a task is. A volume in
// use is not offered: one of a task out of sight says that the task is over, as
// when its agent lost its id in a restart and no master will speak of it again.
func (b *Book) atHome(m *roster.Member, o *mesos.Offer, volume string) {
	if home := m.Is().Home; home == nil || !home.Holds(volume) {
		return
	}
	if m.Is().Condition.OutOfSight() {
		b.keeper.Returned(m)
	}
	if !m.Is().Condition.Live() {
		b.keeper.AtHome(m, o)
	}
}

// keep counts volumes that nobody knows.
func (b *Book) keep(id instance.ID, at spot) {
	if _, known := b.unclaimed[id]; known {
		return
	}
	b.unclaimed[id] = at
	b.keeper.Unclaimed(id, at.agent)
}

// giveUpHomes replaces instances whose home agent now offers something and
// nothing of theirs, though their first launch was over long ago: what is
// reserved and free is offered, and only to this framework's role, so nothing
// was made. What may still turn up is released.
func (b *Book) giveUpHomes(from map[spot]bool) {
	for _, id := range slices.Sorted(maps.Keys(b.unsure)) {
		m := b.roster.Find(id)
		switch {
		case m == nil || !unsure(m.Is()):
			delete(b.unsure, id)
		case from[spotOf(m.Is().Home)] && !b.now.Before(m.Is().Since.Add(b.confirm)):
			delete(b.unsure, id)
			b.keeper.NeverMade(m)
		}
	}
}

// finishReleases forgets releases of which nothing was offered for a while,
// although their agent offers. The executor may outlive the task and hold on to
// its part, so that this takes twice the time in which anything is confirmed.
func (b *Book) finishReleases(from map[spot]bool, seen map[instance.ID]bool) {
	for _, id := range slices.Sorted(maps.Keys(b.releases)) {
		t := b.traceOf(id)
		switch {
		case seen[id] || t.running || !from[t.spot]:
		case t.missed.IsZero():
			t.missed = *b.now
		case b.now.Sub(t.missed) >= 2*b.confirm:
			b.finish(id)
		}
	}
}
