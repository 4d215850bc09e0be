package operator

import (
	"cmp"
	"maps"
	"slices"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	masterpb "github.com/mesos/mesos-go/api/v1/lib/master"

	"github.com/gantry-mesos/gantry/pkg/minicluster/constraints"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// viewer reads a master's state as far as a principal may see it.
type viewer struct {
	rights    rights
	principal *string
}

// rights decide what a principal may see.
type rights interface {
	Authorized(principal *string, a master.Action, object string) bool
}

// all sees everything.
type all struct{}

// Authorized implements rights.
func (all) Authorized(*string, master.Action, string) bool { return true }

func (v viewer) may(a master.Action, object string) bool {
	return v.rights.Authorized(v.principal, a, object)
}

func (v viewer) seesFramework(f *master.Framework) bool {
	return v.may(master.ActionViewFrameworks, f.Info.User)
}

func (v viewer) seesTask(f *master.Framework, t *master.Task) bool {
	user := f.Info.User
	if t.User != nil {
		user = *t.User
	}
	return v.may(master.ActionViewTasks, user) && v.seesFramework(f)
}

func (v viewer) seesExecutor(f *master.Framework, e mesos.ExecutorInfo) bool {
	user := f.Info.User
	if u := e.GetCommand().GetUser(); u != "" {
		user = u
	}
	return v.may(master.ActionViewExecutors, user) && v.seesFramework(f)
}

// zeroTime is the time 0, which is printed, unlike no time.
func zeroTime() *mesos.TimeInfo { return &mesos.TimeInfo{} }

func timeInfo(t time.Time) *mesos.TimeInfo {
	if t.IsZero() {
		return nil
	}
	return &mesos.TimeInfo{Nanoseconds: t.UnixNano()}
}

// sorted are the values of a map in the order of its keys.
func sorted[K cmp.Ordered, V any](m map[K]V) []V {
	out := make([]V, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}

func (v viewer) state(s *master.State) *getState {
	return &getState{GetTasks: v.tasks(s), GetExecutors: v.executors(s), GetFrameworks: v.frameworks(s), GetAgents: v.agents(s)}
}

func (v viewer) agents(s *master.State) *getAgents {
	out := &getAgents{}
	for _, a := range sorted(s.Agents) {
		out.Agents = append(out.Agents, agentMessage(a))
	}
	for _, info := range sorted(s.RecoveredAgents) {
		m := agentInfoMessage(info)
		out.RecoveredAgents = append(out.RecoveredAgents, &m)
	}
	return out
}

func agentInfoMessage(info mesos.AgentInfo) agentInfo {
	checkpoint := true
	return agentInfo{
		Hostname: info.Hostname, Port: info.Port, Resources: info.Resources, Attributes: info.Attributes, ID: info.ID,
		Checkpoint: &checkpoint, Domain: info.Domain,
	}
}

func agentMessage(a *master.Agent) *getAgentsAgent {
	pid, deactivated := a.PID, a.Deactivated
	m := &getAgentsAgent{
		AgentInfo: agentInfoMessage(a.Info), Active: a.Active, Deactivated: &deactivated, Version: a.Version, PID: &pid,
		RegisteredTime: timeInfo(a.Registered), ReregisteredTime: timeInfo(a.Reregistered),
		TotalResources: a.Total.Endpoint(), AllocatedResources: a.Allocated().Endpoint(), OfferedResources: a.Offered().Endpoint(),
		DrainInfo: a.Drain,
	}
	if a.Drain != nil {
		m.EstimatedDrainStarting = timeInfo(a.DrainStarted.Truncate(time.Second))
	}
	for _, c := range a.Capabilities {
		m.Capabilities = append(m.Capabilities, mesos.AgentInfo_Capability{Type: c})
	}
	return m
}

func (v viewer) frameworks(s *master.State) *getFrameworks {
	out := &getFrameworks{}
	for _, f := range sorted(s.Frameworks) {
		if v.seesFramework(f) {
			out.Frameworks = append(out.Frameworks, v.framework(s, f))
		}
	}
	for _, f := range s.CompletedFrameworks {
		if v.seesFramework(f) {
			m := v.framework(s, f)
			m.UnregisteredTime = timeInfo(f.Unregistered)
			out.CompletedFrameworks = append(out.CompletedFrameworks, m)
		}
	}
	return out
}

func (v viewer) framework(s *master.State, f *master.Framework) *getFrameworksFramework {
	m := frameworkMessage(f)
	m.AllocatedResources = allocatedTo(s, f.ID).Endpoint()
	m.OfferedResources = offeredTo(f).Endpoint()
	for _, o := range sorted(f.Offers) {
		m.Offers = append(m.Offers, refined(o))
	}
	for _, o := range sorted(f.InverseOffers) {
		m.InverseOffers = append(m.InverseOffers, o.Message)
	}
	return m
}

// refined is an offer as reads print it: in the reservation-stack format, with allocation_info, whoever it was made to.
func refined(o *master.Offer) *mesos.Offer {
	m := *o.Message
	m.Resources = o.Resources
	m.AllocationInfo = &mesos.Resource_AllocationInfo{Role: &o.Role}
	return &m
}

func frameworkMessage(f *master.Framework) *getFrameworksFramework {
	m := &getFrameworksFramework{
		FrameworkInfo: f.Info, Active: f.Active, Connected: f.Connected, Recovered: f.Recovered,
		RegisteredTime: timeInfo(f.Registered), ReregisteredTime: timeInfo(f.Reregistered), OfferConstraints: f.Constraints,
	}
	if m.ReregisteredTime == nil {
		m.ReregisteredTime = m.RegisteredTime
	}
	if m.OfferConstraints == nil {
		m.OfferConstraints = &constraints.OfferConstraints{}
	}
	return m
}

func allocatedTo(s *master.State, framework string) resources.List {
	var all resources.List
	for _, a := range sorted(s.Agents) {
		all = all.Plus(a.Used[framework])
	}
	return all
}

func offeredTo(f *master.Framework) resources.List {
	var all resources.List
	for _, o := range sorted(f.Offers) {
		all = all.Plus(o.Resources)
	}
	return all
}

func (v viewer) executors(s *master.State) *masterpb.Response_GetExecutors {
	out := &masterpb.Response_GetExecutors{}
	for _, f := range sorted(s.Frameworks) {
		for _, agentID := range slices.Sorted(maps.Keys(f.Executors)) {
			for _, e := range sorted(f.Executors[agentID]) {
				if v.seesExecutor(f, e) {
					out.Executors = append(out.Executors, masterpb.Response_GetExecutors_Executor{
						ExecutorInfo: e, AgentID: mesos.AgentID{Value: agentID},
					})
				}
			}
		}
	}
	return out
}

func (v viewer) tasks(s *master.State) *getTasks {
	out := &getTasks{}
	add := func(list *[]*task, f *master.Framework, t *master.Task) {
		if v.seesTask(f, t) {
			*list = append(*list, taskMessage(t))
		}
	}
	for _, f := range slices.Concat(sorted(s.Frameworks), s.CompletedFrameworks) {
		for _, t := range sorted(f.Tasks) {
			add(&out.Tasks, f, t)
		}
		for _, t := range f.Unreachable {
			add(&out.UnreachableTasks, f, t)
		}
		for _, t := range f.Completed {
			add(&out.CompletedTasks, f, t)
		}
	}
	return out
}

// taskMessage copies what the master may change later.
func taskMessage(t *master.Task) *task {
	m := &task{
		Name: t.Name, TaskID: t.TaskID, FrameworkID: t.FrameworkID, ExecutorID: t.ExecutorID, AgentID: t.AgentID,
		Resources: t.Resources, Statuses: slices.Clone(t.Statuses), StatusUpdateUUID: t.StatusUpdateUUID, Labels: t.Labels,
		Discovery: t.Discovery, Container: t.Container, HealthCheck: t.HealthCheck, KillPolicy: t.KillPolicy, User: t.User,
	}
	if t.State != nil {
		state := *t.State
		m.State = &state
	}
	if t.StatusUpdateState != nil {
		state := *t.StatusUpdateState
		m.StatusUpdateState = &state
	}
	for name, limit := range t.Limits {
		if m.Limits == nil {
			m.Limits = map[string]*mesos.Value_Scalar{}
		}
		m.Limits[name] = &limit
	}
	return m
}

func (v viewer) operations(s *master.State) *masterpb.Response_GetOperations {
	out := &masterpb.Response_GetOperations{}
	for _, a := range sorted(s.Agents) {
		for _, o := range sorted(a.Operations) {
			if f := s.Frameworks[o.FrameworkID]; f == nil || v.seesFramework(f) {
				out.Operations = append(out.Operations, o.Operation)
			}
		}
	}
	return out
}
