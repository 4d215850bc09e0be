package event

import (
	"slices"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// Concerns reports whether an event tells something of the App: of its definition,
// its instances or a deployment that affects it.
func Concerns(e Event, id app.ID) bool {
	switch e := e.(type) {
	case *InstanceChanged:
		return e.RunSpecID == id
	case *UnknownInstanceTerminated:
		return e.RunSpecID == id
	case *StatusUpdate:
		return e.AppID == id
	case *InstanceHealthChanged:
		return e.RunSpecID == id
	case *HealthStatusChanged:
		return e.AppID == id
	case *HealthCheckFailed:
		return e.AppID == id
	case *HealthCheckAdded:
		return e.AppID == id
	case *HealthCheckRemoved:
		return e.AppID == id
	case *UnhealthyInstanceKilled:
		return e.AppID == id
	case *AppPosted:
		return e.Definition != nil && e.Definition.ID == id
	case *AppTerminated:
		return e.AppID == id
	default:
		return planOf(e).affects(id)
	}
}

// planOf returns the plan that an event of a deployment tells of, nil for others.
func planOf(e Event) *Plan {
	switch e := e.(type) {
	case *DeploymentInfo:
		return e.Plan
	case *DeploymentStepSuccess:
		return e.Plan
	case *DeploymentStepFailure:
		return e.Plan
	case *DeploymentSuccess:
		return e.Plan
	case *DeploymentFailed:
		return e.Plan
	default:
		return nil
	}
}

func (p *Plan) affects(id app.ID) bool {
	return p != nil && slices.ContainsFunc(p.Steps, func(s Step) bool {
		return slices.ContainsFunc(s.Actions, func(a Action) bool { return a.App == id })
	})
}
