package master

import (
	"net/http"
	"slices"
	"strings"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/maintenance"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

func machineOf(id mesos.MachineID) Machine {
	return Machine{Hostname: strings.ToLower(id.GetHostname()), IP: id.GetIP()}
}

func machineText(id mesos.MachineID) string {
	data, err := codec.MarshalJSON(&id)
	if err != nil {
		return id.GetHostname()
	}
	return string(data)
}

// machine returns what the maintenance schedule says of an agent's machine, nil if nothing.
func (s *actor) machine(hostname, ip string) *MachineState {
	return s.Machines[Machine{Hostname: strings.ToLower(hostname), IP: ip}]
}

func (s *actor) unavailability(a *Agent) *mesos.Unavailability {
	if m := s.machine(a.Info.Hostname, a.ip()); m != nil {
		return m.Unavailability
	}
	return nil
}

// agentsOn returns the agents of a machine.
func (s *actor) agentsOn(m Machine) []*Agent {
	var on []*Agent
	for _, a := range s.Agents {
		if (Machine{Hostname: strings.ToLower(a.Info.Hostname), IP: a.ip()}) == m {
			on = append(on, a)
		}
	}
	return on
}

func (s *actor) operatorSchedule(principal *string, sch maintenance.Schedule) *CallError {
	scheduled := make(map[Machine]*mesos.Unavailability)
	for _, w := range sch.Windows {
		if len(w.MachineIDs) == 0 {
			return refuse(http.StatusBadRequest, "List of machines in the maintenance window is empty")
		}
		u := w.Unavailability
		if u.Duration != nil && u.Duration.Nanoseconds < 0 {
			return refuse(http.StatusBadRequest, "Unavailability 'duration' is negative")
		}
		for _, id := range w.MachineIDs {
			m := machineOf(id)
			if m == (Machine{}) {
				return refuse(http.StatusBadRequest, "Machine has neither 'hostname' nor 'ip'")
			}
			if scheduled[m] != nil {
				return refuse(http.StatusBadRequest, "Machine '%s' appears more than once in the schedule", machineText(id))
			}
			scheduled[m] = &u
		}
	}
	for m, state := range s.Machines {
		if state.Mode == mesos.DOWN && scheduled[m] == nil {
			return refuse(http.StatusBadRequest, "Machine '%s' is deactivated and cannot be removed from the schedule", m.Hostname)
		}
	}
	if !s.authorized(principal, ActionGetEndpoints, "/maintenance/schedule") {
		return forbidden()
	}
	s.Schedule = sch
	for m := range s.Machines {
		if scheduled[m] == nil {
			s.setUnavailability(m, nil)
		}
	}
	for m, u := range scheduled {
		s.setUnavailability(m, u)
	}
	s.saveMachines()
	return nil
}

// setUnavailability changes when a machine is away; its agents' offers are made anew.
func (s *actor) setUnavailability(m Machine, u *mesos.Unavailability) {
	state := s.Machines[m]
	switch {
	case u == nil:
		delete(s.Machines, m)
	case state == nil:
		s.Machines[m] = &MachineState{Mode: mesos.DRAINING, Unavailability: u, Statuses: make(map[string]InverseStatus)}
	case state.Unavailability.Equal(u):
		return
	default:
		state.Unavailability = u
	}
	for _, a := range s.agentsOn(m) {
		s.rescindAgent(a)
		a.inverseUntil = nil
		s.alloc.Trigger(a.ID)
	}
}

func (s *actor) saveMachines() {
	schedule := s.Schedule
	machines := make(map[Machine]mesos.MachineInfo, len(s.Machines))
	for m, state := range s.Machines {
		mode, host, ip := state.Mode, m.Hostname, m.IP
		machines[m] = mesos.MachineInfo{
			ID: mesos.MachineID{Hostname: &host, IP: &ip}, Mode: &mode, Unavailability: state.Unavailability,
		}
	}
	s.update(func(r *Record) { r.Schedule, r.Machines = schedule, machines })
}

// checkMachines finds the first machine that is not in the mode wanted.
func (s *actor) checkMachines(ids []mesos.MachineID, mode mesos.MachineInfo_Mode, what string) *CallError {
	if len(ids) == 0 {
		return refuse(http.StatusBadRequest, "List of machines is empty")
	}
	for _, id := range ids {
		m := machineOf(id)
		if state := s.Machines[m]; state == nil || state.Mode != mode {
			if state == nil && len(s.agentsOn(m)) == 0 {
				return refuse(http.StatusBadRequest, "Machine '%s' is not part of a maintenance schedule", machineText(id))
			}
			return refuse(http.StatusBadRequest, "Machine '%s' is not in %s mode and cannot be brought %s",
				machineText(id), mode, what)
		}
	}
	return nil
}

func (s *actor) operatorMachinesDown(principal *string, ids []mesos.MachineID) *CallError {
	if refused := s.checkMachines(ids, mesos.DRAINING, "down"); refused != nil {
		return refused
	}
	if !s.authorized(principal, ActionGetEndpoints, "/machine/down") {
		return forbidden()
	}
	const message = "Operator initiated 'Machine DOWN'"
	for _, id := range ids {
		m := machineOf(id)
		s.Machines[m].Mode = mesos.DOWN
		for _, a := range s.agentsOn(m) {
			a.send(link.ShutdownAgent{Message: message})
			s.dropAgent(a, message)
		}
	}
	s.saveMachines()
	return nil
}

func (s *actor) operatorMachinesUp(principal *string, ids []mesos.MachineID) *CallError {
	if refused := s.checkMachines(ids, mesos.DOWN, "up"); refused != nil {
		return refused
	}
	if !s.authorized(principal, ActionGetEndpoints, "/machine/up") {
		return forbidden()
	}
	up := make(map[Machine]bool, len(ids))
	for _, id := range ids {
		up[machineOf(id)] = true
		delete(s.Machines, machineOf(id))
	}
	var left []maintenance.Window
	for _, w := range s.Schedule.Windows {
		w.MachineIDs = slices.DeleteFunc(slices.Clone(w.MachineIDs), func(id mesos.MachineID) bool { return up[machineOf(id)] })
		if len(w.MachineIDs) > 0 {
			left = append(left, w)
		}
	}
	s.Schedule = maintenance.Schedule{Windows: left}
	s.saveMachines()
	return nil
}

// inverseOffers asks the frameworks that have something on machines to be maintained to leave.
func (s *actor) inverseOffers() {
	for m, state := range s.Machines {
		if state.Unavailability == nil || state.Mode == mesos.DOWN {
			continue
		}
		for _, a := range s.agentsOn(m) {
			for _, fw := range s.Frameworks {
				if fw.Active && a.Active && s.affected(fw, a) {
					s.makeInverseOffer(fw, a, state.Unavailability)
				}
			}
		}
	}
}

// affected tells whether a framework is to be asked about an agent now.
func (s *actor) affected(fw *Framework, a *Agent) bool {
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

func (s *actor) makeInverseOffer(fw *Framework, a *Agent, u *mesos.Unavailability) {
	o := &InverseOffer{ID: s.offerID(), FrameworkID: fw.ID, AgentID: a.ID}
	o.Message = &mesos.InverseOffer{
		OfferID: mesos.OfferID{Value: o.ID}, URL: a.url, FrameworkID: *fw.Info.ID, AgentID: a.Info.ID, Unavailability: *u,
	}
	s.InverseOffers[o.ID], fw.InverseOffers[o.ID], a.InverseOffers[o.ID] = o, o, o
	fw.send(&scheduler.Event{Type: scheduler.Event_INVERSE_OFFERS, InverseOffers: &scheduler.Event_InverseOffers{
		InverseOffers: []mesos.InverseOffer{*o.Message},
	}})
}

// dropInverseOffer ends an inverse offer silently.
func (s *actor) dropInverseOffer(o *InverseOffer) {
	delete(s.InverseOffers, o.ID)
	if fw := s.Frameworks[o.FrameworkID]; fw != nil {
		delete(fw.InverseOffers, o.ID)
	}
	if a := s.Agents[o.AgentID]; a != nil {
		delete(a.InverseOffers, o.ID)
	}
}

// rescindInverse ends an inverse offer and tells the framework.
func (s *actor) rescindInverse(o *InverseOffer) {
	s.dropInverseOffer(o)
	if fw := s.Frameworks[o.FrameworkID]; fw != nil {
		fw.send(&scheduler.Event{
			Type:                scheduler.Event_RESCIND_INVERSE_OFFER,
			RescindInverseOffer: &scheduler.Event_RescindInverseOffer{InverseOfferID: mesos.OfferID{Value: o.ID}},
		})
	}
}

// answerInverse handles the calls ACCEPT_INVERSE_OFFERS and DECLINE_INVERSE_OFFERS: the answer is kept for operators.
func (s *actor) answerInverse(fw *Framework, ids []mesos.OfferID, accepted bool, f *mesos.Filters) {
	now := time.Now()
	for _, id := range ids {
		o := fw.InverseOffers[id.Value]
		if o == nil {
			continue
		}
		s.dropInverseOffer(o)
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
