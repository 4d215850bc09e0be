package httpapi

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// addChecks adds what the task's checks have found, as it is now: executors tell of
// changes only, and what follows from none is worked out here.
func addChecks(t *api.Task, i *instance.Instance, now time.Time) {
	id, task := string(i.ID), string(i.TaskID())
	for _, r := range i.ResultsAt(now) {
		if !r.Known() {
			continue
		}
		t.HealthCheckResults = append(t.HealthCheckResults, api.HealthCheckResult{
			Alive: r.Alive(), ConsecutiveFailures: r.Failures, FirstSuccess: api.Time{Time: r.FirstSuccess}, LastSuccess: api.Time{Time: r.LastSuccess},
			LastFailure: api.Time{Time: r.LastFailure}, LastFailureCause: r.Cause, InstanceID: id, TaskID: task,
		})
	}
	if i.Report() == nil && i.Healthy != nil {
		result := api.HealthCheckResult{Alive: *i.Healthy, InstanceID: id, TaskID: task}
		if !result.Alive {
			result.ConsecutiveFailures, result.LastFailureCause = 1, i.Message
		}
		t.HealthCheckResults = append(t.HealthCheckResults, result)
	}
	if i.Checks != nil && i.Condition.Live() {
		t.CheckResult = checkResult(i.Checks.General)
	}
}

func checkResult(c *mesos.CheckStatus) *api.CheckResult {
	if c == nil {
		return nil
	}
	var number *int
	if c.Result != nil {
		number = new(int(*c.Result))
	}
	switch c.Type {
	case mesos.CheckHTTP:
		return &api.CheckResult{HTTP: &api.CheckResultHTTP{StatusCode: number}}
	case mesos.CheckTCP:
		out := &api.CheckResult{TCP: &api.CheckResultTCP{}}
		if number != nil {
			out.TCP.Succeeded = new(*number != 0)
		}
		return out
	case mesos.CheckCommand:
		return &api.CheckResult{Command: &api.CheckResultCommand{ExitCode: number}}
	default:
		return nil
	}
}

// readinessOf lists what the readiness checks of running tasks have found.
func readinessOf(instances []*instance.Instance, of func(*instance.Instance) bool) []api.ReadinessCheckResult {
	out := []api.ReadinessCheckResult{}
	for _, i := range instances {
		r := i.Report()
		if r == nil || i.Condition != instance.Running || !of(i) {
			continue
		}
		for _, c := range r.Readiness {
			result := api.ReadinessCheckResult{Name: c.Name, TaskID: string(i.TaskID()), Ready: c.Ready}
			if a := c.Response; a != nil {
				result.LastResponse = &api.ReadinessResponse{Status: a.Status, ContentType: a.ContentType, Body: a.Body}
			}
			out = append(out, result)
		}
	}
	return out
}
