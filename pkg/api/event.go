package api

import (
	"fmt"

	"github.com/gantry-mesos/gantry/pkg/event"
)

// AppendEvent appends an event's JSON on one line as Marathon's event stream has
// it: the event's members, "eventType" and "timestamp". Unless light, a plan also
// has the members original and target, without Apps in them, that older clients read.
func AppendEvent(b []byte, e event.Entry, light bool) ([]byte, error) {
	members, err := Marshal(membersOf(e.Event, light))
	if err != nil {
		return b, fmt.Errorf("event %d (%s): %w", e.Number, e.Type(), err)
	}
	b = append(b, `{"eventType":"`...)
	b = append(b, e.Type()...)
	b = append(b, `","timestamp":`...)
	b = Time{e.At}.appendJSON(b)
	if len(members) > len("{}") {
		b = append(b, ',')
	}
	return append(b, members[1:]...), nil
}

// membersOf returns what to write of an event: itself, unless it holds something
// whose JSON is this package's.
func membersOf(e event.Event, light bool) any {
	switch e := e.(type) {
	case *event.AppPosted:
		return struct {
			*event.AppPosted
			Definition App `json:"appDefinition"`
		}{e, FromSpec(e.Definition)}
	case *event.HealthCheckAdded:
		return struct {
			*event.HealthCheckAdded
			HealthCheck HealthCheck `json:"healthCheck"`
		}{e, fromHealthCheck(e.HealthCheck)}
	case *event.HealthCheckFailed:
		if e.HealthCheck == nil {
			return e
		}
		return struct {
			*event.HealthCheckFailed
			HealthCheck HealthCheck `json:"healthCheck"`
		}{e, fromHealthCheck(e.HealthCheck)}
	default:
		if light {
			return e
		}
		return withRoots(e)
	}
}

// withRoots returns an event with a plan in Marathon's older form, any other as it is.
func withRoots(e event.Event) event.Event {
	full := func(p *event.Plan) *event.Plan {
		root := &event.Root{ID: "/", Apps: []any{}, Groups: []any{}, Pods: []any{}, Dependencies: []any{}, Version: p.Version}
		whole := *p
		whole.Original, whole.Target = root, root
		return &whole
	}
	switch e := e.(type) {
	case *event.DeploymentInfo:
		whole := *e
		whole.Plan = full(e.Plan)
		return &whole
	case *event.DeploymentStepSuccess:
		whole := *e
		whole.Plan = full(e.Plan)
		return &whole
	case *event.DeploymentStepFailure:
		whole := *e
		whole.Plan = full(e.Plan)
		return &whole
	case *event.DeploymentSuccess:
		whole := *e
		whole.Plan = full(e.Plan)
		return &whole
	case *event.DeploymentFailed:
		whole := *e
		whole.Plan = full(e.Plan)
		return &whole
	default:
		return e
	}
}
