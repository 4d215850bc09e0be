package event

import (
	"testing"

	"github.com/gantry-mesos/gantry/pkg/app"
)

func TestEventsSayWhichAppTheyConcern(t *testing.T) {
	t.Parallel()
	plan := &Plan{Steps: []Step{{}, {Actions: []Action{{App: "/other"}, {App: "/web"}}}}}
	for _, e := range []Event{
		&InstanceChanged{RunSpecID: "/web"}, &UnknownInstanceTerminated{RunSpecID: "/web"}, &StatusUpdate{AppID: "/web"}, &InstanceHealthChanged{RunSpecID: "/web"},
		&HealthStatusChanged{AppID: "/web"}, &HealthCheckFailed{AppID: "/web"}, &HealthCheckAdded{AppID: "/web"}, &HealthCheckRemoved{AppID: "/web"},
		&UnhealthyInstanceKilled{AppID: "/web"}, &AppPosted{Definition: &app.Spec{ID: "/web"}}, &AppTerminated{AppID: "/web"},
		&DeploymentInfo{Plan: plan}, &DeploymentStepSuccess{Plan: plan}, &DeploymentStepFailure{Plan: plan}, &DeploymentSuccess{Plan: plan}, &DeploymentFailed{Plan: plan},
	} {
		if !Concerns(e, "/web") || Concerns(e, "/we") {
			t.Errorf("%s: concerns /web: %v, /we: %v", e.Type(), Concerns(e, "/web"), Concerns(e, "/we"))
		}
	}
	for _, e := range []Event{&SchedulerDisconnected{}, &StreamAttached{}, &AgentAvoided{}, &AppPosted{}, &DeploymentSuccess{}} {
		if Concerns(e, "/web") || Concerns(e, "") {
			t.Errorf("%s concerns an app", e.Type())
		}
	}
}
