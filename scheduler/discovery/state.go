package discovery

import (
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// stateOf returns what the endpoints of an instance may be used for, given what they
// were before, 0 if they were not known. 0 says that there are none.
func stateOf(spec *app.Spec, i *instance.Instance, was endpoint.State) endpoint.State {
	switch i.Condition {
	case instance.Provisioned, instance.Staging, instance.Starting:
		if i.Goal != instance.GoalRunning {
			return 0
		}
		return endpoint.Starting
	case instance.Running:
		return running(spec, i, was)
	case instance.Killing:
		if i.StartedAt.IsZero() {
			return 0
		}
		return endpoint.Draining
	case instance.Unreachable, instance.UnreachableInactive:
		switch {
		case i.Draining || i.Goal != instance.GoalRunning:
			return endpoint.Draining
		case i.StartedAt.IsZero() || !alive(spec, i):
			return 0
		}
		return endpoint.Unreachable
	case instance.Scheduled, instance.Finished, instance.Failed, instance.Killed, instance.Errored, instance.Gone,
		instance.Dropped, instance.Unknown:
		return 0
	default:
		return 0
	}
}

func running(spec *app.Spec, i *instance.Instance, was endpoint.State) endpoint.State {
	switch {
	case i.Goal != instance.GoalRunning:
		return endpoint.Draining
	case alive(spec, i):
		return endpoint.Ready
	case i.Healthy == nil, was == endpoint.Starting:
		return endpoint.Starting
	default:
		return endpoint.Unhealthy
	}
}

// alive reports whether an instance does its work as far as its own version checks that.
func alive(spec *app.Spec, i *instance.Instance) bool {
	return i.Healthy != nil && *i.Healthy || len(spec.HealthChecks) == 0
}
