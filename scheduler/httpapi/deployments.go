package httpapi

import (
	"net/http"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// deploymentRoutes are those of the active deployments.
type deploymentRoutes struct{ *desk }

func (s *deploymentRoutes) listDeployments(w http.ResponseWriter, _ *http.Request) error {
	v := s.scheduler.View()
	out := make([]api.Deployment, 0, len(v.Deployments))
	for _, d := range v.Deployments {
		out = append(out, renderDeployment(v, d))
	}
	return reply(w, http.StatusOK, out)
}

// showDeployment shows one deployment that is under way.
func (s *deploymentRoutes) showDeployment(id string) action {
	return func(w http.ResponseWriter, _ *http.Request) error {
		v := s.scheduler.View()
		for _, d := range v.Deployments {
			if string(d.ID) == id {
				return reply(w, http.StatusOK, renderDeployment(v, d))
			}
		}
		return &core.NotFoundError{Kind: "DeploymentPlan", ID: id}
	}
}

func renderDeployment(v *view.View, d *deployment.Deployment) api.Deployment {
	out := api.Deployment{
		ID: string(d.ID), Version: api.Time{Time: d.Version}, AffectedApps: []string{}, AffectedPods: []string{},
		Steps: renderSteps(d.Steps), CurrentActions: []api.CurrentAction{},
		CurrentStep: min(d.Current+1, len(d.Steps)), TotalSteps: len(d.Steps),
	}
	for _, id := range d.Affected() {
		out.AffectedApps = append(out.AffectedApps, string(id))
	}
	if d.Current < len(out.Steps) {
		for _, action := range out.Steps[d.Current].Actions {
			out.CurrentActions = append(out.CurrentActions, api.CurrentAction{Action: action, ReadinessCheckResults: readinessIn(v, d.Target[app.ID(action.App)])})
		}
	}
	return out
}

// readinessIn lists what the readiness checks of an App's tasks of the version that a
// deployment leads to have found; target is nil for an App that it deletes.
func readinessIn(v *view.View, target *app.Spec) []api.ReadinessCheckResult {
	if target == nil {
		return []api.ReadinessCheckResult{}
	}
	a, ok := v.App(target.ID)
	if !ok {
		return []api.ReadinessCheckResult{}
	}
	return readinessOf(a.Instances, func(i *instance.Instance) bool { return !i.Version.Before(target.LastConfigChangeAt) })
}

func (s *deploymentRoutes) cancelDeployment(id string) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		force := flag(r, "force", false)
		result, err := s.do(r, core.CancelDeployment{ID: deployment.ID(id), Force: force})
		if err != nil {
			return err
		}
		if force {
			w.WriteHeader(http.StatusAccepted)
			return nil
		}
		return started(w, http.StatusOK, result)
	}
}
