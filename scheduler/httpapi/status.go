package httpapi

import (
	"net/http"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// status tells what an operator looks at first.
func (s *infoRoutes) status(w http.ResponseWriter, _ *http.Request) error {
	v := s.scheduler.View()
	_, leader := s.leadership.Leader()
	fw := v.Framework
	out := api.Status{
		Version: s.build, Leader: leader, FrameworkID: string(fw.ID), Apps: v.AppCount(), Deployments: len(v.Deployments),
		AgentsAvoided: make([]string, 0, len(fw.AgentsAvoided)), KillsHeld: fw.KillsGuarded, VolumesHeld: fw.VolumesUnclaimed,
	}
	if fw.Subscribed {
		out.Master = &api.MasterAt{Hostname: fw.Master.Hostname, Address: fw.Master.Address}
	}
	for _, id := range fw.AgentsAvoided {
		out.AgentsAvoided = append(out.AgentsAvoided, string(id))
	}
	n := &out.Instances
	c := v.Totals()
	n.Staged, n.Running, n.Healthy, n.Unhealthy = c.Staged, c.Running, c.Healthy, c.Unhealthy
	v.Apps(func(a *view.App) bool {
		n.Wanted += a.Spec.Instances
		if a.Queue.Waiting > 0 {
			n.Waiting += a.Queue.Waiting
			out.AppsWaiting++
		}
		return true
	})
	return reply(w, http.StatusOK, out)
}
