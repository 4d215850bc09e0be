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
		case "status_update_event":
			h.log.Info("task status", field(e, "task_id", "taskId"), field(e, "state", "taskStatus"), field(e, "host", "host"),
				field(e, "reason", "reason"), field(e, "message", "message"))
		case "deployment_info", "deployment_step_success", "deployment_success":
			h.log.Info(message[e.Type], field(e, "deployment_id", "id"), field(e, "step", "currentStep"))
		case "deployment_failed":
			h.log.Warn("deployment failed", field(e, "deployment_id", "id"), field(e, "reason", "reason"))
		case "kills_held_event":
			h.log.Error("unknown tasks are running and are not killed without a confirmation: POST /v3/kills/confirm to kill them, or restore the store",
				field(e, "count", "tasks"), field(e, "known", "known"))
		case "scheduler_registered_event":
			h.log.Info("subscribed with mesos", field(e, "framework_id", "frameworkId"), field(e, "host", "master"))
		case "scheduler_disconnected_event":
			h.log.Warn("subscription with mesos ended")
		default:
			h.log.Debug("event", zap.String("type", e.Type), zap.Any("fields", e.Fields))
		}
	}
}

var message = map[string]string{
	"deployment_info":         "deployment step started",
	"deployment_step_success": "deployment step done",
	"deployment_success":      "deployment done",
}

func field(e event.Event, key, name string) zap.Field { return zap.Any(key, e.Fields[name]) }
