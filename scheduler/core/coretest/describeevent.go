package coretest

import (
	"fmt"

	"github.com/gantry-mesos/gantry/pkg/event"
)

// DescribeEvent says in a line what is told of what happened.
func DescribeEvent(e event.Event) string {
	switch e := e.(type) {
	case *event.InstanceChanged:
		return at(fmt.Sprintf("%s %s %s", e.InstanceID, e.Condition, clock(e.RunSpecVersion)), string(e.AgentID))
	case *event.StatusUpdate:
		return at(fmt.Sprintf("%s %s%s", e.TaskID, e.TaskStatus, ports(e.Ports)), string(e.SlaveID)) + because(e.Message)
	case *event.UnknownInstanceTerminated:
		return fmt.Sprintf("%s %s", e.InstanceID, e.Condition)
	case *event.AppPosted:
		return fmt.Sprintf("%s %s", e.Definition.ID, clock(event.Time{Time: e.Definition.Version}))
	case *event.AppTerminated:
		return string(e.AppID)
	case *event.GroupChanged:
		return fmt.Sprintf("%s %s", e.GroupID, clock(e.Version))
	case *event.GroupChangeFailed:
		return string(e.GroupID) + because(e.Reason)
	case *event.DeploymentInfo:
		return describeStep(e.Plan, e.Index, e.CurrentStep)
	case *event.DeploymentStepSuccess:
		return describeStep(e.Plan, e.Index, e.CurrentStep)
	case *event.DeploymentStepFailure:
		return describeStep(e.Plan, e.Index, e.CurrentStep)
	case *event.DeploymentSuccess:
		return e.ID
	case *event.DeploymentFailed:
		return e.ID + because(e.Reason)
	case *event.SchedulerRegistered:
		return string(e.FrameworkID)
	default:
		return describeHealth(e)
	}
}

func describeHealth(e event.Event) string {
	switch e := e.(type) {
	case *event.InstanceHealthChanged:
		return fmt.Sprintf("%s %t", e.InstanceID, *e.Healthy)
	case *event.HealthStatusChanged:
		return fmt.Sprintf("%s %t", e.TaskID, e.Alive)
	case *event.HealthCheckAdded:
		return fmt.Sprintf("%s %v", e.AppID, e.HealthCheck.Protocol)
	case *event.HealthCheckRemoved:
		return string(e.AppID)
	case *event.HealthCheckFailed:
		return fmt.Sprintf("%s %v", e.TaskID, e.HealthCheck.Protocol)
	case *event.UnhealthyInstanceKilled:
		return at(string(e.TaskID), string(e.SlaveID)) + because(e.Reason)
	case *event.AgentAvoided:
		return fmt.Sprintf("%s failures=%d alarm=%t", e.AgentID, e.Failures, e.Alarm)
	case *event.UnhealthyKillsHeld:
		return fmt.Sprintf("%s %d held, %d replaced, of %d", e.AppID, e.Held, e.Replacing, e.Instances)
	case *event.DrainOverdue:
		return at(string(e.TaskID), string(e.SlaveID))
	case *event.KillsGuarded:
		return fmt.Sprintf("%d of %d known", e.Tasks, e.Known)
	case *event.VolumesUnclaimed:
		return at(e.InstanceID, string(e.AgentID))
	case *event.VolumesReleased:
		return at(e.InstanceID, string(e.AgentID))
	case *event.VolumesDestroyed:
		return at(fmt.Sprint(e.Volumes), string(e.AgentID))
	case *event.FrameworkMessage:
		return fmt.Sprintf("%s: %s", at(string(e.ExecutorID), string(e.SlaveID)), e.Message)
	default:
		return ""
	}
}

func describeStep(p *event.Plan, index int, step *event.Step) string {
	return fmt.Sprintf("%s step %d of %d %v", p.ID, index+1, len(p.Steps), step.Actions)
}

func clock(t event.Time) string { return t.Format("04:05.000") }

func at(what, agent string) string {
	if agent == "" {
		return what
	}
	return what + " on " + agent
}

func because(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}
