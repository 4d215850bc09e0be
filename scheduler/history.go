package scheduler

import (
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/event"
)

// history writes what an operator asks about later into the log.
type history struct{ log *zap.Logger }

// Publish implements loop.Publisher.
func (h history) Publish(events []event.Event) {
	for _, e := range events {
		switch e.Type {
		case "status_update_event", "deployment_info", "deployment_step_success", "deployment_success", "deployment_failed",
			"agent_avoided_event", "kills_held_event", "volumes_held_event", "volumes_released_event", "volumes_destroyed_event", "scheduler_registered_event", "scheduler_disconnected_event":
			h.tell(e.Type, e.Facts.Fields())
		default:
			if entry := h.log.Check(zap.DebugLevel, "event"); entry != nil {
				entry.Write(zap.String("type", e.Type), zap.Any("fields", e.Facts.Fields()))
			}
		}
	}
}

// tell writes a line that is always of interest.
func (h history) tell(kind string, fields event.Fields) {
	field := func(key, name string) zap.Field { return zap.Any(key, fields[name]) }
	switch kind {
	case "status_update_event":
		h.log.Info("task status", field("task_id", "taskId"), field("state", "taskStatus"), field("host", "host"),
			field("reason", "reason"), field("message", "message"))
	case "deployment_info", "deployment_step_success", "deployment_success":
		h.log.Info(message[kind], field("deployment_id", "id"), field("step", "currentStep"))
	case "deployment_failed":
		h.log.Warn("deployment failed", field("deployment_id", "id"), field("reason", "reason"))
	case "agent_avoided_event":
		say, message := h.log.Warn, "agent avoided: a task failed there by the agent's fault"
		if fields["alarm"] == true {
			say, message = h.log.Error, "agent goes on failing tasks by its own fault: mend it, or drain it"
		}
		say(message, field("agent_id", "agentId"), field("host", "host"), field("detail", "message"), field("count", "failures"))
	case "kills_held_event":
		h.log.Error("unknown tasks are running and are not killed without a confirmation: POST /v3/kills/confirm to kill them, or restore the store",
			field("count", "tasks"), field("known", "known"))
	case "volumes_held_event":
		h.log.Error("an unknown instance has persistent volumes, which are kept: POST /v3/kills/confirm to destroy them, or restore the store",
			field("instance_id", "instanceId"), field("agent_id", "agentId"))
	case "volumes_released_event":
		h.log.Info("instance ended for good, its persistent volumes will be destroyed", field("instance_id", "instanceId"), field("agent_id", "agentId"))
	case "volumes_destroyed_event":
		h.log.Info("persistent volumes destroyed", field("volumes", "volumes"), field("agent_id", "agentId"))
	case "scheduler_registered_event":
		h.log.Info("subscribed with mesos", field("framework_id", "frameworkId"), field("host", "master"))
	case "scheduler_disconnected_event":
		h.log.Warn("subscription with mesos ended")
	}
}

var message = map[string]string{
	"deployment_info":         "deployment step started",
	"deployment_step_success": "deployment step done",
	"deployment_success":      "deployment done",
}
