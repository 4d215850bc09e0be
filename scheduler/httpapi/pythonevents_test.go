package httpapi_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/event"
)

// TestPythonMarathon_reads_the_event_stream has a client read all events that one
// without a filter gets; it ends on a type or on a plan that it does not know.
func TestPythonMarathon_reads_the_event_stream(t *testing.T) {
	t.Parallel()
	s, log := newStreaming(t, 64)
	version := event.Time{Time: start}
	plan := &event.Plan{ID: "d", Version: version, Steps: []event.Step{{Actions: []event.Action{{Action: "StopApplication", App: "/web"}}}}}
	step, check, healthy := &plan.Steps[0], &app.HealthCheck{Protocol: app.HealthCommand, Command: "true"}, true
	go func() {
		for log.Last() == 0 { // the client attaches
			if log.Wait(t.Context(), 0) != nil {
				return
			}
		}
		log.Append(
			&event.SchedulerRegistered{}, &event.AgentAvoided{}, &event.AppPosted{Definition: &app.Spec{ID: "/web"}}, &event.GroupChanged{GroupID: "/", Version: version},
			&event.GroupChangeFailed{GroupID: "/", Version: version, Reason: "locked"}, &event.DeploymentInfo{Plan: plan, CurrentStep: step},
			&event.DeploymentStepSuccess{Plan: plan, CurrentStep: step}, &event.DeploymentStepFailure{Plan: plan, CurrentStep: step},
			&event.DeploymentSuccess{ID: "d", Plan: plan}, &event.DeploymentFailed{ID: "d", Plan: plan, Reason: "r"}, &event.AppTerminated{AppID: "/web"},
			&event.InstanceChanged{RunSpecVersion: version}, &event.StatusUpdate{IPAddresses: event.Addresses{"10.0.0.1"}, Ports: event.Ports{1}, Version: version},
			&event.UnknownInstanceTerminated{}, &event.InstanceHealthChanged{Healthy: &healthy}, &event.HealthStatusChanged{}, &event.HealthCheckFailed{HealthCheck: check},
			&event.HealthCheckFailed{}, &event.HealthCheckAdded{HealthCheck: check}, &event.HealthCheckRemoved{}, &event.UnhealthyInstanceKilled{},
			&event.FrameworkMessage{}, &event.PodCreated{}, &event.PodUpdated{}, &event.PodDeleted{},
		)
		log.Close()
	}()
	var complaints strings.Builder
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "testdata/events.py", s.url)
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, &complaints)
	}
	const at = " 2026-03-01T12:00:00.000Z"
	want := []string{
		"EventStreamAttached", "ApiPostEvent", "GroupChangeSuccess", "GroupChangeFailed", "DeploymentInfo" + at, "DeploymentStepSuccess" + at,
		"DeploymentStepFailure" + at, "DeploymentSuccess", "DeploymentFailed", "AppTerminatedEvent", "InstanceChangedEvent", "StatusUpdateEvent",
		"UnknownInstanceTerminated", "InstanceHealthChangedEvent", "HealthStatusChangedEvent", "FailedHealthCheckEvent", "FailedHealthCheckEvent",
		"AddHealthCheckEvent", "RemoveHealthCheckEvent", "UnhealthyInstanceKillEvent", "FrameworkMessageEvent", "PodCreatedEvent", "PodUpdatedEvent", "PodDeletedEvent",
	}
	var got []string
	for line := range strings.Lines(string(out)) {
		got = append(got, strings.TrimPrefix(strings.TrimSpace(line), "Marathon"))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}
