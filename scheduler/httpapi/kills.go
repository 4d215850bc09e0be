package httpapi

import (
	"net/http"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/scheduler/core"
)

// killRoutes are those of what waits for a confirmation.
type killRoutes struct{ *desk }

// showKills tells how many kills, and volumes to be destroyed, wait for a confirmation,
// and of which Apps unhealthy instances are left for now.
func (s *killRoutes) showKills(w http.ResponseWriter, _ *http.Request) error {
	v := s.scheduler.View()
	kills := api.Kills{Held: v.Framework.KillsGuarded, Volumes: v.Framework.VolumesUnclaimed}
	for a := range v.Apps {
		if a.Spared > 0 {
			kills.Unhealthy = append(kills.Unhealthy, api.Spared{AppID: string(a.Spec.ID), Held: a.Spared})
		}
	}
	return reply(w, http.StatusOK, kills)
}

// confirmKills lets the kills happen that the guard holds back now.
func (s *killRoutes) confirmKills(w http.ResponseWriter, r *http.Request) error {
	f := s.scheduler.View().Framework
	if f.KillsGuarded+f.VolumesUnclaimed == 0 {
		return &api.Error{Status: http.StatusConflict, Message: "No kill is held back; there is nothing to confirm"}
	}
	if _, err := s.do(r, core.ConfirmKills{}); err != nil {
		return err
	}
	return reply(w, http.StatusOK, api.Kills{Confirmed: f.KillsGuarded, Destroyed: f.VolumesUnclaimed})
}
