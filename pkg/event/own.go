package event

import (
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// What follows is Gantry's own; Marathon's stream knows nothing like it.

// AgentAvoided says that a task failed by its agent's fault, for the first time
// in a while, or so often that somebody has to look (Alarm).
type AgentAvoided struct {
	AgentID  mesos.AgentID `json:"agentId"`
	Host     string        `json:"host"`
	Message  string        `json:"message"`
	Failures int           `json:"failures"`
	Alarm    bool          `json:"alarm"`
}

// KillsGuarded says that more unknown tasks run than are killed without a confirmation.
type KillsGuarded struct {
	// Tasks is how many are unknown, Known how many are not.
	Tasks int `json:"tasks"`
	Known int `json:"known"`
}

// UnhealthyKillsHeld says that more of an App's instances are in bad health than are
// replaced at a time, and that the others are left as they are for now.
type UnhealthyKillsHeld struct {
	AppID app.ID `json:"appId"`
	// Held is how many are left, Replacing how many are being replaced, Instances how
	// many the App wants.
	Held      int `json:"held"`
	Replacing int `json:"replacing"`
	Instances int `json:"instances"`
}

// VolumesUnclaimed says that the volumes of an unknown instance are on offer, and kept.
type VolumesUnclaimed struct {
	InstanceID string        `json:"instanceId"`
	AgentID    mesos.AgentID `json:"agentId"`
}

// VolumesReleased says that an instance ended for good and what it reserved will be destroyed.
type VolumesReleased struct {
	InstanceID string        `json:"instanceId"`
	AgentID    mesos.AgentID `json:"agentId"`
}

// VolumesDestroyed says that volumes of released instances were destroyed.
type VolumesDestroyed struct {
	// Volumes are their persistence ids.
	Volumes []string      `json:"volumes"`
	AgentID mesos.AgentID `json:"agentId"`
}

// DrainOverdue says that a task is killed though load balancers have not let go of
// it, since its time for that is over.
type DrainOverdue struct {
	AppID      app.ID        `json:"appId"`
	InstanceID string        `json:"instanceId"`
	TaskID     mesos.TaskID  `json:"taskId"`
	SlaveID    mesos.AgentID `json:"slaveId"`
	Host       string        `json:"host"`
}

// Type implements Event.
func (*AgentAvoided) Type() string { return "agent_avoided_event" }

// Type implements Event.
func (*KillsGuarded) Type() string { return "kills_held_event" }

// Type implements Event.
func (*UnhealthyKillsHeld) Type() string { return "unhealthy_kills_held_event" }

// Type implements Event.
func (*VolumesUnclaimed) Type() string { return "volumes_held_event" }

// Type implements Event.
func (*VolumesReleased) Type() string { return "volumes_released_event" }

// Type implements Event.
func (*VolumesDestroyed) Type() string { return "volumes_destroyed_event" }

// Type implements Event.
func (*DrainOverdue) Type() string { return "drain_overdue_event" }
