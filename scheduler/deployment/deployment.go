// Package deployment holds how Apps move from one version or size to another:
// the plan (steps of actions) and the next starts and stops of an action.
package deployment

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// ID is a deployment's UUID.
type ID string

// ActionKind is what an action does to its App, named as Marathon's API does.
type ActionKind uint8

// The kinds of actions.
const (
	StartApplication ActionKind = iota + 1
	ScaleApplication
	RestartApplication
	StopApplication
)

// String returns the API's name, such as "ScaleApplication".
func (k ActionKind) String() string {
	switch k {
	case StartApplication:
		return "StartApplication"
	case ScaleApplication:
		return "ScaleApplication"
	case RestartApplication:
		return "RestartApplication"
	case StopApplication:
		return "StopApplication"
	default:
		return ""
	}
}

// Action is one App's part of a step.
type Action struct {
	Kind ActionKind
	App  app.ID
}

// Step is actions that run side by side; the next step waits for all of them.
type Step []Action

// State is where a deployment stands.
type State uint8

// The states. Only Active deployments are stored; the others are its end.
const (
	Active State = iota + 1
	Succeeded
	Cancelled
	Failed
)

// Deployment is one accepted change on its way. A record is immutable: a
// change makes a new one.
type Deployment struct {
	ID      ID
	Version time.Time
	// Current counts the steps from 0; it equals len(Steps) at the end.
	Current int
	Steps   []Step
	// Original holds the affected Apps' definitions before the change; an App
	// that is new has none.
	Original map[app.ID]*app.Spec
	// Target holds their definitions after it; an App to be deleted has none.
	Target  map[app.ID]*app.Spec
	Started time.Time
	// Progressed is the last time that the deployment came closer to its end.
	Progressed time.Time
	State      State
}

// Affected returns the ids of all Apps in the plan, in plan order.
func (d *Deployment) Affected() []app.ID {
	seen := map[app.ID]bool{}
	var ids []app.ID
	for _, s := range d.Steps {
		for _, a := range s {
			if !seen[a.App] {
				seen[a.App] = true
				ids = append(ids, a.App)
			}
		}
	}
	return ids
}
