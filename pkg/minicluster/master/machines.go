package master

import (
	"net/http"
	"slices"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/maintenance"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// machines is the schedule of machines that go down.
type machines struct {
	*base
	registrar *registrar
	offers    *offers
	agents    *agents
}

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

func (s *machines) schedule(principal *string, sch maintenance.Schedule) *CallError {
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
	s.save()
	return nil
}

// setUnavailability changes when a machine is away; its agents' offers are made anew.
func (s *machines) setUnavailability(m Machine, u *mesos.Unavailability) {
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
		s.offers.rescindAgent(a)
		a.inverseUntil = nil
		s.alloc.Trigger(a.ID)
	}
}

func (s *machines) save() {
	schedule := s.Schedule
	machines := make(map[Machine]mesos.MachineInfo, len(s.Machines))
	for m, state := range s.Machines {
		mode, host, ip := state.Mode, m.Hostname, m.IP
		machines[m] = mesos.MachineInfo{
			ID: mesos.MachineID{Hostname: &host, IP: &ip}, Mode: &mode, Unavailability: state.Unavailability,
		}
	}
	s.registrar.update(func(r *Record) { r.Schedule, r.Machines = schedule, machines })
}

// check finds the first machine that is not in the mode wanted.
func (s *machines) check(ids []mesos.MachineID, mode mesos.MachineInfo_Mode, what string) *CallError {
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

func (s *machines) down(principal *string, ids []mesos.MachineID) *CallError {
	if refused := s.check(ids, mesos.DRAINING, "down"); refused != nil {
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
			s.agents.drop(a, message)
		}
	}
	s.save()
	return nil
}

func (s *machines) up(principal *string, ids []mesos.MachineID) *CallError {
	if refused := s.check(ids, mesos.DOWN, "up"); refused != nil {
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
	s.save()
	return nil
}
