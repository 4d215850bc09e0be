package scheduler

import (
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/logfield"
)

// history writes what an operator asks about later into the log.
type history struct{ log *zap.Logger }

// Publish implements loop.Publisher.
func (h history) Publish(events []event.Event) {
	for _, e := range events {
		if h.tellDeployment(e) || h.tellCluster(e) {
			continue
		}
		if entry := h.log.Check(zap.DebugLevel, "event"); entry != nil {
			entry.Write(zap.String("type", e.Type()), zap.Any("fields", e))
		}
	}
}

// tellDeployment writes a line about a deployment; it reports whether e is one of its events.
func (h history) tellDeployment(e event.Event) bool {
	step := func(message string, p *event.Plan, index int) {
		h.log.Info(message, logfield.Deployment(p.ID), zap.Int("step", index))
	}
	switch e := e.(type) {
	case *event.DeploymentInfo:
		step("deployment step started", e.Plan, e.Index)
	case *event.DeploymentStepSuccess:
		step("deployment step done", e.Plan, e.Index)
	case *event.DeploymentSuccess:
		step("deployment done", e.Plan, len(e.Plan.Steps))
	case *event.DeploymentFailed:
		say, message := h.log.Warn, "deployment failed"
		if e.Cancelled {
			say, message = h.log.Info, "deployment cancelled"
		}
		say(message, logfield.Deployment(e.ID), logfield.Reason(e.Reason))
	default:
		return false
	}
	return true
}

// tellCluster writes a line about a task or the cluster; it reports whether e is always of interest.
func (h history) tellCluster(e event.Event) bool {
	switch e := e.(type) {
	case *event.StatusUpdate:
		h.log.Info("task status", logfield.Task(e.TaskID), zap.String("state", e.TaskStatus), zap.String("host", e.Host),
			logfield.Reason(e.Reason), zap.String("message", e.Message))
	case *event.AgentAvoided:
		say, message := h.log.Warn, "agent avoided: a task failed there by the agent's fault"
		if e.Alarm {
			say, message = h.log.Error, "agent goes on failing tasks by its own fault: mend it, or drain it"
		}
		say(message, logfield.Agent(e.AgentID), zap.String("host", e.Host), zap.String("detail", e.Message), zap.Int("count", e.Failures))
	case *event.KillsGuarded:
		h.log.Error("unknown tasks are running and are not killed without a confirmation: POST /v3/kills/confirm to kill them, or restore the store",
			zap.Int("count", e.Tasks), zap.Int("known", e.Known))
	case *event.UnhealthyKillsHeld:
		h.log.Warn("too many instances of an app are unhealthy: the others are replaced once the new ones are healthy",
			logfield.App(e.AppID), zap.Int("count", e.Held), zap.Int("replacing", e.Replacing), zap.Int("instances", e.Instances))
	case *event.DrainOverdue:
		h.log.Warn("a load balancer has not let go of a task in time, it is killed now: GET /v3/consumers tells which",
			logfield.App(e.AppID), logfield.Task(e.TaskID), zap.String("host", e.Host))
	case *event.VolumesUnclaimed:
		h.log.Error("an unknown instance has persistent volumes, which are kept: POST /v3/kills/confirm to destroy them, or restore the store",
			logfield.Instance(e.InstanceID), logfield.Agent(e.AgentID))
	case *event.VolumesReleased:
		h.log.Info("instance ended for good, its persistent volumes will be destroyed", logfield.Instance(e.InstanceID), logfield.Agent(e.AgentID))
	case *event.VolumesDestroyed:
		h.log.Info("persistent volumes destroyed", zap.Strings("volumes", e.Volumes), logfield.Agent(e.AgentID))
	case *event.UnhealthyInstanceKilled:
		h.log.Info("unhealthy task ended", logfield.Task(e.TaskID), logfield.Reason(e.Reason))
	case *event.SchedulerRegistered:
		h.log.Info("subscribed with mesos", logfield.Framework(e.FrameworkID), zap.String("host", e.Master))
	case *event.SchedulerReregistered:
		h.log.Info("subscribed with mesos again", zap.String("host", e.Master))
	case *event.SchedulerDisconnected:
		h.log.Warn("subscription with mesos ended")
	default:
		return false
	}
	return true
}
