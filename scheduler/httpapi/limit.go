package httpapi

import (
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// limited bounds the requests that are answered at a time. Those that last are
// counted apart, so that neither readers of events nor many short requests keep the
// other out, and signs of life are always answered.
func (s *Server) limited(next http.Handler) http.Handler {
	requests := &gate{max: s.cfg.RequestsMax, refusal: "this scheduler answers %d requests at a time (--http-max-concurrent-requests); try again in a second"}
	streams := &gate{max: s.cfg.StreamsMax, refusal: "this scheduler serves %d event streams, logs and downloads at a time (--http-max-event-streams); try again when one has ended"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := split(r.URL.Path)
		if vital(path) {
			next.ServeHTTP(w, r)
			return
		}
		g := requests
		if lasting(path) {
			g = streams
		}
		if !g.enter() {
			w.Header().Set("Retry-After", "1")
			s.fail(w, r, &api.Error{Status: http.StatusTooManyRequests, Message: fmt.Sprintf(g.refusal, g.max)})
			return
		}
		defer g.leave()
		next.ServeHTTP(w, r)
	})
}

// gate lets max requests in at a time; 0 is any number. The refusal has a %d for it.
type gate struct {
	max     int
	refusal string
	inside  atomic.Int64
}

func (g *gate) enter() bool {
	if g.inside.Add(1) > int64(g.max) && g.max > 0 {
		g.inside.Add(-1)
		return false
	}
	return true
}

func (g *gate) leave() { g.inside.Add(-1) }

// vital reports whether a path tells that a scheduler lives.
func vital(segments []string) bool {
	return len(segments) > 0 && (segments[0] == "ping" || segments[0] == "metrics")
}

// lasting reports whether a path's answer may take as long as its reader likes:
// events, a task's log and files, the executor that agents fetch.
func lasting(segments []string) bool {
	if streams(segments) {
		return true
	}
	return len(segments) > 1 && (segments[0] == "v3" && segments[1] == "tasks" || segments[0] == "artifacts")
}

// readOnly refuses what changes something at a server that is for readers only.
func (s *Server) readOnly(next http.Handler) http.Handler {
	if !s.cfg.ReadOnly {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet, http.MethodHead, http.MethodOptions:
			next.ServeHTTP(w, r)
			return
		}
		self, leader := s.cfg.Leadership.Leader()
		way := "no scheduler leads at the moment; send it to one that was started without --read-only"
		switch {
		case self:
			way = "it leads, so that no other takes it either; start it again without --read-only"
		case leader != "":
			way = "send it to the leader, " + s.leaderScheme() + "://" + leader
		}
		s.fail(w, r, &api.Error{Status: http.StatusForbidden, Message: "this scheduler is read-only: " + way})
	})
}
