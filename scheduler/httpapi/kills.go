package httpapi

import (
	"net/http"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/scheduler/core"
)

// showKills tells how many kills the mass-kill guard holds back.
func (s *Server) showKills(w http.ResponseWriter, _ *http.Request) error {
	return reply(w, http.StatusOK, api.Kills{Held: s.cfg.Scheduler.View().Framework.KillsHeld})
}

// confirmKills lets the kills happen that the guard holds back now.
func (s *Server) confirmKills(w http.ResponseWriter, r *http.Request) error {
	held := s.cfg.Scheduler.View().Framework.KillsHeld
	if held == 0 {
		return &api.Error{Status: http.StatusConflict, Message: "No kill is held back; there is nothing to confirm"}
	}
	if _, err := s.do(r, core.ConfirmKills{}); err != nil {
		return err
	}
	return reply(w, http.StatusOK, api.Kills{Confirmed: held})
}
