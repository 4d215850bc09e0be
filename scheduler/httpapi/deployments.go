package httpapi

import (
	"net/http"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
)

// deploymentRoutes are those of the active deployments.
type deploymentRoutes struct{ *desk }

func (s *deploymentRoutes) listDeployments(w http.ResponseWriter, _ *http.Request) error {
	v := s.scheduler.View()
	out := make([]api.Deployment, 0, len(v.Deployments))
	for _, d := range v.Deployments {
		out = append(out, renderDeployment(d))
	}
	return reply(w, http.StatusOK, out)
}

func renderDeployment(d *deployment.Deployment) api.Deployment {
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
			out.CurrentActions = append(out.CurrentActions, api.CurrentAction{Action: action, ReadinessCheckResults: []any{}})
		}
	}
	return out
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
