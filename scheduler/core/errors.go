package core

import (
	"fmt"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// NotFoundError says that what a command names does not exist.
type NotFoundError struct {
	// Kind is "App" or "Deployment".
	Kind, ID string
}

func (e *NotFoundError) Error() string { return fmt.Sprintf("%s '%s' does not exist", e.Kind, e.ID) }

// InSightError says of a task that Mesos still tells of it, so that nobody else's word counts.
type InSightError struct {
	Task      mesos.TaskID
	Condition instance.Condition
}

func (e *InSightError) Error() string {
	return fmt.Sprintf("task %s is %s, not unreachable: Mesos tells of its end by itself; end it with 'gantry task kill' (DELETE /v2/apps/{id}/tasks/{task})", e.Task, e.Condition)
}

// ExistsError says that an App to be created exists already.
type ExistsError struct{ ID app.ID }

func (e *ExistsError) Error() string {
	return fmt.Sprintf("An app with id [%s] already exists.", e.ID)
}

// PathTakenError says that what is to be an App is a group, or the other way round.
type PathTakenError struct {
	// App is, or is to be, an App and a group.
	App app.ID
	// New is the id that the command names; if it is App itself there is a group of that name.
	New app.ID
}

func (e *PathTakenError) Error() string {
	if e.New == e.App {
		return fmt.Sprintf("Groups and Applications may not have the same identifier: there is a group %s; choose another id, or remove the group with DELETE /v2/groups%s", e.App, e.App)
	}
	return fmt.Sprintf("Groups and Applications may not have the same identifier: %s needs a group %s, but that is an app; choose another id", e.New, e.App)
}

// UnstorableError says that a definition does not fit into the store.
type UnstorableError struct {
	ID app.ID
	// Path is the largest member of the definition, such as "/cmd".
	Path string
	Err  error
}

func (e *UnstorableError) Error() string { return fmt.Sprintf("app %s: %v", e.ID, e.Err) }

// Unwrap returns what is wrong.
func (e *UnstorableError) Unwrap() error { return e.Err }

// RepeatedError says that one change names an App twice, with what may be two
// definitions of which only one can hold.
type RepeatedError struct{ ID app.ID }

func (e *RepeatedError) Error() string {
	return fmt.Sprintf("app %s stands twice in the request; name each app once", e.ID)
}

// ChangedError says that an App, or a group, changed since the caller looked at it.
type ChangedError struct{ ID app.ID }

func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s was changed meanwhile; read it again and repeat", e.ID)
}

// LockedError says that running deployments hold an App that a command wants.
type LockedError struct{ Deployments []deployment.ID }

func (e *LockedError) Error() string {
	ids := make([]string, len(e.Deployments))
	for i, id := range e.Deployments {
		ids[i] = string(id)
	}
	return "App is locked by one or more deployments: " + strings.Join(ids, ", ") +
		". Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'."
}

// DependencyError says that Apps, or groups, depend on each other in a circle.
type DependencyError = group.CycleError

// PortsExhaustedError says that no service port is free any more.
type PortsExhaustedError struct {
	ID       app.ID
	Min, Max int
}

func (e *PortsExhaustedError) Error() string {
	return fmt.Sprintf("app %s: no free service port in %d-%d; widen the range or give explicit service ports", e.ID, e.Min, e.Max)
}
