package core

import (
	"errors"
	"iter"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

func (s *State) publish(e event.Event) { s.out.Publish = append(room(s.out.Publish), e) }

// announcer holds what makes events cheap.
type announcer struct {
	// plans are those of the deployments that were announced; all events of one share it.
	plans map[deployment.ID]*event.Plan
}

// publishInstance announces an instance's condition. As every launch does so, the
// event is a draft.
func (s *State) publishInstance(i *instance.Instance) { s.publish((*changed)(i)) }

// changed is the draft of an event.InstanceChanged: the record itself, which costs nothing.
type changed instance.Instance

// Type implements event.Event.
func (*changed) Type() string { return (*event.InstanceChanged)(nil).Type() }

// Final implements event.Draft.
func (i *changed) Final() event.Event {
	return &event.InstanceChanged{
		InstanceID: string(i.ID), Condition: i.Condition.String(), RunSpecID: i.App,
		AgentID: i.AgentID, Host: i.Hostname, RunSpecVersion: event.Time{Time: i.Version},
	}
}

// publishGone announces that nothing is known of an instance any more, for which
// Marathon has no condition of its own either.
func (s *State) publishGone(i *instance.Instance) {
	gone := *i
	gone.Condition = instance.Killed
	s.publishInstance(&gone)
}

func (s *State) publishStatus(i *instance.Instance, st mesos.TaskStatus) {
	s.publish(&event.StatusUpdate{
		SlaveID: i.AgentID, TaskID: i.TaskID(), TaskStatus: st.State.String(), Message: st.Message, Reason: st.Reason,
		AppID: i.App, Host: i.Hostname, IPAddresses: i.IPAddresses, Ports: i.HostPorts, Version: event.Time{Time: i.Version},
	})
}

// publishHealth announces what an update of a task that goes on tells of its health.
func (s *State) publishHealth(a *appState, was, is *instance.Instance, st mesos.TaskStatus) {
	version := event.Time{Time: is.Version}
	if is.Healthy != nil && (was.Healthy == nil || *was.Healthy != *is.Healthy) {
		s.publish(&event.InstanceHealthChanged{InstanceID: string(is.ID), RunSpecID: is.App, RunSpecVersion: version, Healthy: is.Healthy})
		s.publish(&event.HealthStatusChanged{
			AppID: is.App, InstanceID: string(is.ID), TaskID: is.TaskID(), Version: version, Alive: *is.Healthy,
		})
	}
	checks := a.Ran(is).HealthChecks
	for n := range failedChecks(was.Report(), is.Report(), len(checks)) {
		s.publishFailure(is, &checks[n])
	}
	if is.Report() == nil && st.Healthy != nil && !*st.Healthy && st.Reason == mesos.ReasonTaskHealthCheck {
		var check *app.HealthCheck
		if len(checks) == 1 {
			check = &checks[0]
		}
		s.publishFailure(is, check)
	}
}

// failedChecks yields which of the n checks count a failure in a report that they did not
// count in the one before.
func failedChecks(was, is *checkup.Report, n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		if !is.Newer(was) {
			return
		}
		for k, r := range is.Health[:min(n, len(is.Health))] {
			before := checkup.Result{}
			if was != nil && k < len(was.Health) {
				before = was.Health[k]
			}
			if r.LastFailure.After(before.LastFailure) && !yield(k) {
				return
			}
		}
	}
}

func (s *State) publishFailure(i *instance.Instance, check *app.HealthCheck) {
	s.publish(&event.HealthCheckFailed{AppID: i.App, InstanceID: string(i.ID), TaskID: i.TaskID(), HealthCheck: check})
}

// publishUnhealthyKill announces that an executor of Mesos' own has ended a task
// because its health checks failed, and not because somebody asked for it.
func (s *State) publishUnhealthyKill(i *instance.Instance, st mesos.TaskStatus) {
	_, asked := s.kills[i.TaskID()]
	if asked || st.State != mesos.TaskKilled || st.Healthy == nil || *st.Healthy {
		return
	}
	s.publish(&event.UnhealthyInstanceKilled{
		AppID: i.App, TaskID: i.TaskID(), InstanceID: string(i.ID), Version: event.Time{Time: i.Version}, Reason: st.Message,
		Host: i.Hostname, SlaveID: i.AgentID,
	})
}

// publishUnknown announces the end of a task that was of no instance.
func (s *State) publishUnknown(st mesos.TaskStatus) {
	id, of, ok := instance.OfTask(st.TaskID)
	if !ok || s.roster.Find(id) != nil {
		return
	}
	s.publish(&event.UnknownInstanceTerminated{InstanceID: string(id), RunSpecID: of, Condition: instance.ConditionOf(st).String()})
}

// publishChecks announces which health checks an App has from now on; spec is nil once it is gone.
func (s *State) publishChecks(was, spec *app.Spec) {
	switch {
	case was != nil && spec != nil && roster.SameChecks(was, spec):
		return
	case was != nil && len(was.HealthChecks) > 0:
		s.publish(&event.HealthCheckRemoved{AppID: was.ID})
	}
	if spec == nil {
		return
	}
	for n := range spec.HealthChecks {
		s.publish(&event.HealthCheckAdded{AppID: spec.ID, Version: event.Time{Time: spec.Version}, HealthCheck: &spec.HealthChecks[n]})
	}
}

// planOf returns the plan that all events of a deployment share.
func (s *State) planOf(d *deployment.Deployment) *event.Plan {
	if p := s.announcer.plans[d.ID]; p != nil {
		return p
	}
	p := &event.Plan{ID: string(d.ID), Version: event.Time{Time: d.Version}, Steps: make([]event.Step, len(d.Steps))}
	for n, step := range d.Steps {
		actions := make([]event.Action, len(step))
		for k, act := range step {
			actions[k] = event.Action{Action: act.Kind.String(), App: act.App}
		}
		p.Steps[n].Actions = actions
	}
	if s.announcer.plans == nil {
		s.announcer.plans = map[deployment.ID]*event.Plan{}
	}
	s.announcer.plans[d.ID] = p
	return p
}

// publishStep announces that the current step of a deployment begins.
func (s *State) publishStep(d *deployment.Deployment) {
	p := s.planOf(d)
	s.publish(&event.DeploymentInfo{Plan: p, CurrentStep: &p.Steps[d.Current], Index: d.Current})
}

// publishStepDone announces that the current step of a deployment is done.
func (s *State) publishStepDone(d *deployment.Deployment) {
	p := s.planOf(d)
	s.publish(&event.DeploymentStepSuccess{Plan: p, CurrentStep: &p.Steps[d.Current], Index: d.Current})
}

// publishEnd announces the end of a deployment.
func (s *State) publishEnd(d *deployment.Deployment, state deployment.State, reason string) {
	p := s.planOf(d)
	delete(s.announcer.plans, d.ID)
	switch state {
	case deployment.Succeeded:
		s.publish(&event.DeploymentSuccess{ID: p.ID, Plan: p})
		return
	case deployment.Failed:
		s.publish(&event.DeploymentStepFailure{Plan: p, CurrentStep: &p.Steps[d.Current], Index: d.Current})
	case deployment.Cancelled, deployment.Active:
	}
	s.publish(&event.DeploymentFailed{ID: p.ID, Plan: p, Reason: reason, Cancelled: state == deployment.Cancelled})
}

// publishRefusal announces that a command's change of Apps was refused; one that
// is derived anew and asked for again was not.
func (s *State) publishRefusal(c Command, err error) {
	at, changes := s.changedBy(c)
	if _, again := errors.AsType[*ChangedError](err); again || !changes {
		return
	}
	s.publish(&event.GroupChangeFailed{GroupID: at, Version: event.Time{Time: s.peekVersion()}, Reason: err.Error()})
}

// changedBy returns the group that a command changes something in, as far as it
// says so; ok is false if it changes nothing.
func (s *State) changedBy(c Command) (at app.ID, ok bool) {
	switch c := c.(type) {
	case ChangeApps:
		if len(c.Changes) == 1 {
			return c.Changes[0].Spec.ID.Parent(), true
		}
		return group.Root, true
	case ChangeGroup:
		return c.ID, !c.DryRun
	case RestartApp:
		return c.ID.Parent(), true
	case DeleteApps:
		return groupOf(c.IDs), true
	case KillTasks:
		return group.Root, c.Scale
	case CancelDeployment:
		active := s.deployments.find(c.ID) != nil
		return group.Root, active && !c.Force
	default:
		return "", false
	}
}

// groupOf is the group that a change of Apps counts as a change of: that of a
// single App, else the root.
func groupOf(ids []app.ID) app.ID {
	if len(ids) == 1 {
		return ids[0].Parent()
	}
	return group.Root
}

// publishPosted announces the definitions that a command gave: those that it
// changed, and one that was given alone in any case.
func (s *State) publishPosted(c ChangeApps, changed func(app.ID) bool) {
	for _, ch := range c.Changes {
		if len(c.Changes) == 1 || changed(ch.Spec.ID) {
			s.publish(&event.AppPosted{ClientIP: c.From.ClientIP, URI: c.From.URI, Definition: s.app(ch.Spec.ID).Spec()})
		}
	}
}
