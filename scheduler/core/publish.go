package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// versionLayout is how versions are written: always three digits of fraction, always Z.
const versionLayout = "2006-01-02T15:04:05.000Z"

func version(t time.Time) string { return t.UTC().Format(versionLayout) }

func (s *State) publish(kind string, facts event.Facts) {
	s.out.Publish = append(room(s.out.Publish), event.Event{Type: kind, At: s.now, Facts: facts})
}

// instanceFacts are those of an instance_changed_event.
type instanceFacts struct{ is *instance.Instance }

// Fields implements event.Facts.
func (f instanceFacts) Fields() map[string]any {
	i := f.is
	return map[string]any{
		"instanceId": string(i.ID), "condition": i.Condition.String(), "runSpecId": string(i.App), "agentId": string(i.AgentID),
		"host": i.Hostname, "runSpecVersion": version(i.Version),
	}
}

func (s *State) publishInstance(i *instance.Instance) {
	s.publish("instance_changed_event", instanceFacts{i})
}

// statusFacts are those of a status_update_event.
type statusFacts struct {
	is      *instance.Instance
	state   mesos.TaskState
	message string
	reason  mesos.Reason
}

// Fields implements event.Facts.
func (f *statusFacts) Fields() map[string]any {
	i := f.is
	return map[string]any{
		"slaveId": string(i.AgentID), "taskId": string(i.TaskID()), "taskStatus": f.state.String(), "message": f.message,
		"appId": string(i.App), "host": i.Hostname, "ports": i.HostPorts, "version": version(i.Version), "reason": string(f.reason),
		"ipAddresses": i.IPAddresses,
	}
}

func (s *State) publishStatus(i *instance.Instance, st mesos.TaskStatus) {
	s.publish("status_update_event", &statusFacts{is: i, state: st.State, message: st.Message, reason: st.Reason})
}

// deploymentFacts are those of the events of a deployment.
type deploymentFacts struct{ is *deployment.Deployment }

// Fields implements event.Facts.
func (f deploymentFacts) Fields() map[string]any {
	d := f.is
	fields := map[string]any{"id": string(d.ID), "version": version(d.Version), "steps": d.Steps, "currentStep": d.Current}
	if d.Reason != "" {
		fields["reason"] = d.Reason
	}
	return fields
}

func (s *State) publishDeployment(kind string, d *deployment.Deployment) {
	s.publish(kind, deploymentFacts{d})
}
