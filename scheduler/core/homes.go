package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/roster"
	"github.com/gantry-mesos/gantry/scheduler/volumes"
)

// homeKeeper acts on what the account of volumes finds out.
type homeKeeper struct{ *State }

// Released implements volumes.Clerk.
func (s homeKeeper) Released(id instance.ID, r volumes.Release) {
	s.persist(PutRelease{ID: id, Release: r})
	s.publish(&event.VolumesReleased{InstanceID: string(id), AgentID: r.Agent})
}

// Finished implements volumes.Clerk.
func (s homeKeeper) Finished(id instance.ID) { s.persist(DropRelease{ID: id}) }

// Unclaimed implements volumes.Clerk.
func (s homeKeeper) Unclaimed(id instance.ID, agent mesos.AgentID) {
	s.framework.VolumesUnclaimed = s.volumes.Unclaimed()
	s.publish(&event.VolumesUnclaimed{InstanceID: string(id), AgentID: agent})
}

// Returned implements volumes.Keeper.
func (s homeKeeper) Returned(m *roster.Member) {
	over, _ := m.Is().Apply(s.now, mesos.TaskStatus{State: mesos.TaskGone, Message: "its volume is on offer again"}, nil)
	s.ended(m, over)
}

// AtHome implements volumes.Keeper.
func (s homeKeeper) AtHome(m *roster.Member, o *mesos.Offer) {
	i := m.Is()
	if home := i.Home.Confirmed(o.AgentID); home != i.Home {
		home.Hostname, home.Domain, home.Attributes = o.Hostname, o.Domain, o.Attributes
		s.roster.Put(m, i.At(home))
	}
}

// NeverMade implements volumes.Keeper.
func (s homeKeeper) NeverMade(m *roster.Member) { s.roster.Drop(m) }

// Doubtful implements volumes.Keeper.
func (s homeKeeper) Doubtful(m *roster.Member) { s.ask(m.Is()) }

// Search implements volumes.Keeper.
func (s homeKeeper) Search(until time.Time) { s.market.Search(until) }

// destroyReleased destroys what is on offer of released instances.
func (s *State) destroyReleased() {
	if !s.framework.Subscribed || s.quiet || !s.volumes.Found() {
		return
	}
	for _, c := range s.market.Reclaim(s.volumes.Keeps) {
		s.call(mesos.Accept{OfferIDs: c.Offers, Operations: c.Operations})
		if ids := destroyed(c.Operations); ids != nil {
			s.publish(&event.VolumesDestroyed{Volumes: ids, AgentID: c.Agent})
		}
		s.volumes.Destroyed()
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
