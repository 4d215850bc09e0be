package master

import (
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
)

// inverse are the outstanding inverse offers.
type inverse struct{ *base }

// ask asks the frameworks that have something on machines to be maintained to leave.
func (s *inverse) ask() {
	for m, state := range s.Machines {
		if state.Unavailability == nil || state.Mode == mesos.DOWN {
			continue
		}
		for _, a := range s.agentsOn(m) {
			for _, fw := range s.Frameworks {
				if fw.Active && a.Active && s.affected(fw, a) {
					s.make(fw, a, state.Unavailability)
				}
			}
		}
	}
}

// affected tells whether a framework is to be asked about an agent now.
func (s *inverse) affected(fw *Framework, a *Agent) bool {
	if a.inverseUntil[fw.ID].After(time.Now()) {
		return false
	}
	for _, o := range a.InverseOffers {
		if o.FrameworkID == fw.ID {
			return false
		}
	}
	if len(a.Used[fw.ID]) > 0 {
		return true
	}
	for _, o := range a.Offers {
		if o.FrameworkID == fw.ID {
			return true
		}
	}
	return false
}

func (s *inverse) make(fw *Framework, a *Agent, u *mesos.Unavailability) {
	o := &InverseOffer{ID: s.ids.offer(), FrameworkID: fw.ID, AgentID: a.ID}
	o.Message = &mesos.InverseOffer{
		OfferID: mesos.OfferID{Value: o.ID}, URL: a.url, FrameworkID: *fw.Info.ID, AgentID: a.Info.ID, Unavailability: *u,
	}
	s.InverseOffers[o.ID], fw.InverseOffers[o.ID], a.InverseOffers[o.ID] = o, o, o
	fw.send(&scheduler.Event{Type: scheduler.Event_INVERSE_OFFERS, InverseOffers: &scheduler.Event_InverseOffers{
		InverseOffers: []mesos.InverseOffer{*o.Message},
	}})
}

// drop ends an inverse offer silently.
func (s *inverse) drop(o *InverseOffer) {
	delete(s.InverseOffers, o.ID)
	if fw := s.Frameworks[o.FrameworkID]; fw != nil {
		delete(fw.InverseOffers, o.ID)
	}
	if a := s.Agents[o.AgentID]; a != nil {
		delete(a.InverseOffers, o.ID)
	}
}

// rescind ends an inverse offer and tells the framework.
func (s *inverse) rescind(o *InverseOffer) {
	s.drop(o)
	if fw := s.Frameworks[o.FrameworkID]; fw != nil {
		fw.send(&scheduler.Event{
			Type:                scheduler.Event_RESCIND_INVERSE_OFFER,
			RescindInverseOffer: &scheduler.Event_RescindInverseOffer{InverseOfferID: mesos.OfferID{Value: o.ID}},
		})
	}
}

// answer handles the calls ACCEPT_INVERSE_OFFERS and DECLINE_INVERSE_OFFERS: the answer is kept for operators.
func (s *inverse) answer(fw *Framework, ids []mesos.OfferID, accepted bool, f *mesos.Filters) {
	now := time.Now()
	for _, id := range ids {
		o := fw.InverseOffers[id.Value]
		if o == nil {
			continue
		}
		s.drop(o)
		a := s.Agents[o.AgentID]
		if a == nil {
			continue
		}
		if m := s.machine(a.Info.Hostname, a.ip()); m != nil {
			m.Statuses[fw.ID] = InverseStatus{FrameworkID: fw.ID, AgentID: a.ID, Accepted: accepted, Time: now}
		}
		if a.inverseUntil == nil {
			a.inverseUntil = make(map[string]time.Time)
		}
		a.inverseUntil[fw.ID] = now.Add(refusal(f))
	}
}
