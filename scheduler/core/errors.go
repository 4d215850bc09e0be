package core

import (
	"fmt"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
)

// NotFoundError says that what a command names does not exist.
type NotFoundError struct {
	// Kind is "App" or "Deployment".
	Kind, ID string
}

func (e *NotFoundError) Error() string { return fmt.Sprintf("%s '%s' does not exist", e.Kind, e.ID) }

// ExistsError says that an App to be created exists already.
type ExistsError struct{ ID app.ID }

func (e *ExistsError) Error() string {
	return fmt.Sprintf("An app with id [%s] already exists.", e.ID)
}

// PathTakenError says that an App's id is the group of another App.
type PathTakenError struct{ ID, Other app.ID }

func (e *PathTakenError) Error() string {
	return fmt.Sprintf("app %s and app %s cannot both exist: one would be the group that holds the other; choose another id", e.ID, e.Other)
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

// ChangedError says that an App changed since the caller looked at it.
type ChangedError struct{ ID app.ID }

func (e *ChangedError) Error() string {
	return fmt.Sprintf("app %s was changed meanwhile; read it again and repeat", e.ID)
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

// DependencyError says that Apps depend on each other in a circle.
type DependencyError = deployment.CycleError

// PortsExhaustedError says that no service port is free any more.
type PortsExhaustedError struct {
	ID       app.ID
	Min, Max int
}

func (e *PortsExhaustedError) Error() string {
	return fmt.Sprintf("app %s: no free service port in %d-%d; widen the range or give explicit service ports", e.ID, e.Min, e.Max)
}
