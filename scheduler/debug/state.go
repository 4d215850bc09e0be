package debug

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// redacted stands for a value that may be a secret.
const redacted = "(redacted)"

// stateDump lists by name all that is shown, so that a new member of a definition
// stays unseen until somebody decides otherwise.
type stateDump struct {
	Leading bool `json:"leading"`
	// Incomplete says why Inside is missing.
	Incomplete  string           `json:"incomplete,omitempty"`
	At          time.Time        `json:"at,omitzero"`
	Framework   frameworkDump    `json:"framework"`
	Inside      *insideDump      `json:"inside,omitempty"`
	Deployments []deploymentDump `json:"deployments"`
	Apps        []appDump        `json:"apps"`
	Agents      []agentDump      `json:"agents"`
	Queues      []queueDump      `json:"queues"`
	Held        []heldDump       `json:"agents_held"`
}

type frameworkDump struct {
	ID               mesos.FrameworkID `json:"id"`
	Subscribed       bool              `json:"subscribed"`
	Master           string            `json:"master,omitempty"`
	LastOffer        time.Time         `json:"last_offer,omitzero"`
	AgentsAvoided    int               `json:"agents_avoided"`
	VolumesUnclaimed int               `json:"volumes_held"`
}

type insideDump struct {
	Kills        []mesos.TaskID `json:"kills"`
	KillsGuarded []mesos.TaskID `json:"kills_held"`
	Resting      []app.ID       `json:"apps_backing_off"`
	Offers       int            `json:"offers"`
	Agents       int            `json:"agents"`
	Unanswered   int            `json:"tasks_unanswered"`
	Next         time.Time      `json:"next_deadline,omitzero"`
	Suppressed   bool           `json:"offers_suppressed"`
	Quiet        bool           `json:"launches_stopped"`
}

type deploymentDump struct {
	ID         deployment.ID       `json:"id"`
	Step       int                 `json:"step"`
	Steps      int                 `json:"steps"`
	Actions    map[app.ID]string   `json:"actions,omitempty"`
	Apps       map[app.ID]fromInto `json:"versions"`
	Started    time.Time           `json:"started"`
	Progressed time.Time           `json:"progressed"`
}

type fromInto struct {
	From time.Time `json:"from,omitzero"`
	Into time.Time `json:"into,omitzero"`
}

type appDump struct {
	ID          app.ID            `json:"id"`
	Versions    []time.Time       `json:"versions"`
	Wanted      int               `json:"instances_wanted"`
	Resources   resourceDump      `json:"resources"`
	Role        string            `json:"role"`
	Env         map[string]string `json:"env,omitempty"`
	Deployments []deployment.ID   `json:"deployments,omitempty"`
	Waiting     int               `json:"waiting"`
	WaitsSince  time.Time         `json:"waits_since,omitzero"`
	DelayUntil  time.Time         `json:"delay_until,omitzero"`
	LastFailure *failureDump      `json:"last_failure,omitempty"`
	Instances   []instanceDump    `json:"instances"`
}

type failureDump struct {
	Task  mesos.TaskID  `json:"task"`
	Agent mesos.AgentID `json:"agent"`
	State string        `json:"state"`
	At    time.Time     `json:"at"`
}

type instanceDump struct {
	ID        instance.ID   `json:"id"`
	Version   time.Time     `json:"version"`
	Goal      string        `json:"goal"`
	Condition string        `json:"condition"`
	Since     time.Time     `json:"since"`
	Task      mesos.TaskID  `json:"task,omitempty"`
	Agent     mesos.AgentID `json:"agent,omitempty"`
	Host      string        `json:"host,omitempty"`
	Ports     []uint32      `json:"ports,omitempty"`
	Healthy   *bool         `json:"healthy,omitempty"`
	Home      bool          `json:"has_volumes,omitempty"`
	Forgotten bool          `json:"forgotten,omitempty"`
	Draining  bool          `json:"draining,omitempty"`
}

type agentDump struct {
	ID       mesos.AgentID `json:"id"`
	Host     string        `json:"host"`
	LastSeen time.Time     `json:"last_seen"`
}

type resourceDump struct {
	CPUs float64 `json:"cpus"`
	Mem  float64 `json:"mem"`
	Disk float64 `json:"disk"`
	GPUs float64 `json:"gpus"`
}

type queueDump struct {
	Path      string       `json:"path"`
	Used      resourceDump `json:"used"`
	Instances int          `json:"instances"`
	Waiting   int          `json:"waiting"`
}

type heldDump struct {
	App   app.ID        `json:"app"`
	Agent mesos.AgentID `json:"agent"`
	Since time.Time     `json:"since"`
}

func dumpView(v *view.View) stateDump {
	d := stateDump{
		At: v.At, Deployments: []deploymentDump{}, Apps: []appDump{}, Agents: []agentDump{}, Queues: []queueDump{}, Held: []heldDump{},
		Framework: frameworkDump{
			ID: v.Framework.ID, Subscribed: v.Framework.Subscribed, Master: v.Framework.Master.Hostname, LastOffer: v.Framework.LastOffer,
			AgentsAvoided: len(v.Framework.AgentsAvoided), VolumesUnclaimed: v.Framework.VolumesUnclaimed,
		},
	}
	for _, dep := range v.Deployments {
		d.Deployments = append(d.Deployments, dumpDeployment(dep))
	}
	v.Apps(func(a *view.App) bool {
		d.Apps = append(d.Apps, dumpApp(a))
		return true
	})
	v.Agents(func(a *view.Agent) bool {
		d.Agents = append(d.Agents, agentDump{a.AgentID, a.Hostname, a.LastSeen})
		return true
	})
	for _, q := range v.Sharing.Queues {
		d.Queues = append(d.Queues, queueDump{q.Queue, dumpResources(q.Used), q.Instances, q.Waiting})
	}
	for _, h := range v.Sharing.Held {
		d.Held = append(d.Held, heldDump{h.App, h.Agent, h.Since})
	}
	return d
}

func dumpDeployment(dep *deployment.Deployment) deploymentDump {
	d := deploymentDump{
		ID: dep.ID, Step: dep.Current, Steps: len(dep.Steps), Actions: map[app.ID]string{}, Apps: map[app.ID]fromInto{},
		Started: dep.Started, Progressed: dep.Progressed,
	}
	if dep.Current < len(dep.Steps) {
		for _, act := range dep.Steps[dep.Current] {
			d.Actions[act.App] = act.Kind.String()
		}
	}
	for id, spec := range dep.Original {
		d.Apps[id] = fromInto{From: spec.Version}
	}
	for id, spec := range dep.Target {
		d.Apps[id] = fromInto{From: d.Apps[id].From, Into: spec.Version}
	}
	return d
}

func dumpApp(a *view.App) appDump {
	d := appDump{
		ID: a.Spec.ID, Wanted: a.Spec.Instances, Resources: dumpResources(a.Spec.Resources), Role: a.Spec.Role, Env: map[string]string{},
		Deployments: a.Deployments, Waiting: a.Queue.Waiting, WaitsSince: a.Queue.Since, DelayUntil: a.Queue.DelayUntil, Instances: []instanceDump{},
	}
	for _, v := range a.Versions {
		d.Versions = append(d.Versions, v.Version)
	}
	for name := range a.Spec.Env {
		d.Env[name] = redacted
	}
	for name := range a.Spec.EnvSecrets {
		d.Env[name] = redacted
	}
	if f := a.LastFailure; f != nil {
		d.LastFailure = &failureDump{Task: f.TaskID, Agent: f.AgentID, State: f.State.String(), At: f.Timestamp}
	}
	for _, i := range a.Instances {
		d.Instances = append(d.Instances, instanceDump{
			ID: i.ID, Version: i.Version, Goal: i.Goal.String(), Condition: i.Condition.String(), Since: i.Since, Task: i.TaskID(),
			Agent: i.AgentID, Host: i.Hostname, Ports: i.HostPorts, Healthy: i.Healthy, Home: i.Home != nil, Forgotten: i.Forgotten, Draining: i.Draining,
		})
	}
	return d
}

func dumpInside(in core.Inside) *insideDump {
	return &insideDump{
		Kills: in.Kills, KillsGuarded: in.Guarded, Resting: in.Resting, Offers: in.Offers, Agents: in.Agents, Unanswered: in.Unanswered,
		Next: in.Next, Suppressed: in.Suppressed, Quiet: in.Quiet,
	}
}

func dumpResources(v resource.Vector) resourceDump {
	return resourceDump{v.CPUs.Float(), v.Mem.Float(), v.Disk.Float(), v.GPUs.Float()}
}
