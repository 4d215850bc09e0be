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

func (s *State) publish(kind string, fields map[string]any) {
	s.out.Publish = append(s.out.Publish, event.Event{Type: kind, At: s.now, Fields: fields})
}

func (s *State) publishInstance(i *instance.Instance) {
	s.publish("instance_changed_event", map[string]any{
		"instanceId": string(i.ID), "condition": i.Condition.String(), "runSpecId": string(i.App), "agentId": string(i.AgentID),
		"host": i.Hostname, "runSpecVersion": version(i.Version),
	})
}

func (s *State) publishStatus(i *instance.Instance, st mesos.TaskStatus) {
	s.publish("status_update_event", map[string]any{
		"slaveId": string(i.AgentID), "taskId": string(st.TaskID), "taskStatus": st.State.String(), "message": st.Message,
		"appId": string(i.App), "host": i.Hostname, "ports": i.HostPorts, "version": version(i.Version), "reason": string(st.Reason),
		"ipAddresses": i.IPAddresses,
	})
}

func (s *State) publishDeployment(kind string, d *deployment.Deployment) {
	fields := map[string]any{"id": string(d.ID), "version": version(d.Version), "steps": d.Steps, "currentStep": d.Current}
	if d.Reason != "" {
		fields["reason"] = d.Reason
	}
	s.publish(kind, fields)
}
