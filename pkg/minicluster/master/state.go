package master

import (
	"strings"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/maintenance"
	"github.com/mesos/mesos-go/api/v1/lib/quota"

	"github.com/gantry-mesos/gantry/pkg/minicluster/allocator"
	"github.com/gantry-mesos/gantry/pkg/minicluster/constraints"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// State is everything a master knows. It belongs to the master's goroutine: others see it only inside the functions
// they pass to [Master.View] and [Master.Observe], and must neither change it nor keep parts of it that can change
// (everything but the mesos messages that say so).
type State struct {
	// Info describes this master.
	Info mesos.MasterInfo
	// Started is when the master process began, Elected when it became the leader (zero: it does not lead).
	Started, Elected time.Time
	// Leading says whether this master leads; Leader describes the leader, nil: none known.
	Leading bool
	Leader  *mesos.MasterInfo
	// RegistryRecovered says whether the leader has read the registry.
	RegistryRecovered bool

	// Frameworks are those not removed, by id.
	Frameworks map[string]*Framework
	// CompletedFrameworks are removed ones, oldest first, bounded by MaxCompletedFrameworks.
	CompletedFrameworks []*Framework
	// Agents are the registered agents by id, also disconnected and deactivated ones.
	Agents map[string]*Agent
	// RecoveredAgents are in the registry but have not re-registered since this master leads, by id.
	RecoveredAgents map[string]mesos.AgentInfo
	// UnreachableAgents are known to be lost, by id, with the time of that.
	UnreachableAgents map[string]time.Time
	// GoneAgents were marked gone, by id, with the time of that.
	GoneAgents map[string]time.Time
	// Offers and InverseOffers are the outstanding ones by id.
	Offers        map[string]*Offer
	InverseOffers map[string]*InverseOffer

	// Schedule is the maintenance schedule; Machines tells the mode of each machine in it.
	Schedule maintenance.Schedule
	Machines map[Machine]*MachineState
	// Weights are those that operators set, by role.
	Weights map[string]float64
	// Quotas are those that operators set, by role.
	Quotas map[string]quota.QuotaConfig

	// Counters are the monotone metrics under their Mesos names ("master/messages_kill_task"). Gauges are derived
	// from the rest of the state by whoever shows them.
	Counters map[string]float64

	allocator *allocator.Allocator
}

// OfferFilters returns the number of offer filters alive at a time, by role.
func (s *State) OfferFilters(now time.Time) map[string]int { return s.allocator.Filters(now) }

// Framework is a framework with what it has.
type Framework struct {
	ID string
	// Info has ID set. It is replaced, never changed in place.
	Info mesos.FrameworkInfo
	// Constraints are the offer constraints, nil: none.
	Constraints *constraints.OfferConstraints
	// Connected: a scheduler has a stream. Active: it may get offers. Recovered: known from agents only, no scheduler
	// has subscribed since this master leads.
	Connected, Active, Recovered bool
	// Registered, Reregistered and Unregistered are times; the last is zero while it exists.
	Registered, Reregistered, Unregistered time.Time
	// Suppressed are the roles for which no offers are wanted.
	Suppressed map[string]bool

	// Tasks are active and terminal but not yet acknowledged tasks by id.
	Tasks map[string]*Task
	// Unreachable and Completed are bounded histories, oldest first.
	Unreachable []*Task
	Completed   []*Task
	// Executors are the known executors by agent id and executor id.
	Executors map[string]map[string]mesos.ExecutorInfo
	// Offers and InverseOffers are the outstanding ones by id.
	Offers        map[string]*Offer
	InverseOffers map[string]*InverseOffer
	// Operations are those pending or unacknowledged, by UUID (16 raw bytes as string).
	Operations map[string]*Operation

	framework
}

// Task is a task as the master knows it.
type Task struct {
	// Task is the message as operator reads show it. Statuses holds the statuses received so far, one for each
	// state (the newest), without data.
	link.Task

	charged bool // its resources count as allocated on the agent
}

// Agent is a registered agent.
type Agent struct {
	ID string
	// Info has ID set; its resources are the configured ones.
	Info         mesos.AgentInfo
	PID          string
	Version      string
	Capabilities []mesos.AgentInfo_Capability_Type
	// Connected: there is a connection. Active: connected and not deactivated, so it is offered. Deactivated: an operator
	// deactivated or drains it.
	Connected, Active, Deactivated bool
	// Registered and Reregistered are times; the latter is zero if it never re-registered with this master.
	Registered, Reregistered time.Time
	// Drain is what an operator asked for, nil: nothing. DrainStarted is the estimated start.
	Drain        *mesos.DrainInfo
	DrainStarted time.Time

	// Total are all resources, dynamic reservations and volumes applied.
	Total resources.List
	// Used are the allocated resources by framework id: of tasks not terminal and of executors.
	Used map[string]resources.List
	// Offers are the outstanding offers by id; what they hold counts neither as used nor as free.
	Offers        map[string]*Offer
	InverseOffers map[string]*InverseOffer
	// Tasks are the tasks by framework id and task id, also terminal but unacknowledged ones.
	Tasks map[string]map[string]*Task
	// Executors are the known executors by framework id and executor id.
	Executors map[string]map[string]mesos.ExecutorInfo
	// Operations are pending or unacknowledged ones by UUID (16 raw bytes as string).
	Operations map[string]*Operation

	agent
}

// Offer is an outstanding offer.
type Offer struct {
	ID          string
	FrameworkID string
	AgentID     string
	Role        string
	// Resources carry allocation_info and reservation stacks.
	Resources resources.List
	// Message is the offer as the framework got it. It is immutable.
	Message *mesos.Offer
	// Made is when it was sent.
	Made time.Time

	timer *mailbox.Timer
}

// InverseOffer asks a framework to leave an agent ahead of maintenance.
type InverseOffer struct {
	ID          string
	FrameworkID string
	AgentID     string
	// Message is the inverse offer as the framework got it. It is immutable.
	Message *mesos.InverseOffer
}

// Operation is an operation on an agent's resources that is pending or whose status is not acknowledged.
type Operation struct {
	// Operation is the message as operator reads show it.
	mesos.Operation
	// FrameworkID is empty for operations of the operator.
	FrameworkID string
	// AgentID names the agent.
	AgentID string
}

// Machine identifies a machine of the maintenance schedule; Hostname is in lower case. One of the two may be empty.
type Machine struct {
	Hostname string
	IP       string
}

// MachineState is what the maintenance schedule says of a machine.
type MachineState struct {
	Mode           mesos.MachineInfo_Mode
	Unavailability *mesos.Unavailability
	// Statuses are the frameworks' last answers to inverse offers, by framework id.
	Statuses map[string]InverseStatus
}

// InverseStatus is a framework's last answer to an inverse offer.
type InverseStatus struct {
	FrameworkID string
	AgentID     string
	// Accepted tells the answer.
	Accepted bool
	Time     time.Time
}

// free gives back resources that a framework used on the agent.
func (s *base) free(frameworkID string, a *Agent, rs resources.List) {
	rest := a.Used[frameworkID].Minus(rs)
	if len(rest) == 0 {
		delete(a.Used, frameworkID)
	} else {
		a.Used[frameworkID] = rest
	}
	s.alloc.Recovered(frameworkID, a.ID, rs, 0, time.Now())
}

// machine returns what the maintenance schedule says of an agent's machine, nil if nothing.
func (s *State) machine(hostname, ip string) *MachineState {
	return s.Machines[Machine{Hostname: strings.ToLower(hostname), IP: ip}]
}

// agentsOn returns the agents of a machine.
func (s *State) agentsOn(m Machine) []*Agent {
	var on []*Agent
	for _, a := range s.Agents {
		if (Machine{Hostname: strings.ToLower(a.Info.Hostname), IP: a.ip()}) == m {
			on = append(on, a)
		}
	}
	return on
}

func (s *State) unavailability(a *Agent) *mesos.Unavailability {
	if m := s.machine(a.Info.Hostname, a.ip()); m != nil {
		return m.Unavailability
	}
	return nil
}

// completed tells whether a framework was removed and is still remembered.
func (s *State) completed(id string) bool {
	for _, fw := range s.CompletedFrameworks {
		if fw.ID == id {
			return true
		}
	}
	return false
}

func (s *State) frameworkOf(id *mesos.FrameworkID) *Framework {
	if id == nil {
		return nil
	}
	return s.Frameworks[id.Value]
}

// newState is that of a master that begins.
func newState(info mesos.MasterInfo, now time.Time) *State {
	return &State{
		Info:              info,
		Started:           now,
		Frameworks:        make(map[string]*Framework),
		Agents:            make(map[string]*Agent),
		RecoveredAgents:   make(map[string]mesos.AgentInfo),
		UnreachableAgents: make(map[string]time.Time),
		GoneAgents:        make(map[string]time.Time),
		Offers:            make(map[string]*Offer),
		InverseOffers:     make(map[string]*InverseOffer),
		Machines:          make(map[Machine]*MachineState),
		Weights:           make(map[string]float64),
		Quotas:            make(map[string]quota.QuotaConfig),
		Counters:          make(map[string]float64),
	}
}
