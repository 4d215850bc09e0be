package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
)

// action answers a request or returns the error to answer with.
type action func(w http.ResponseWriter, r *http.Request) error

// endpoint is what a path leads to, by method; HEAD works wherever GET does.
type endpoint map[string]action

// leading passes requests on to next, except what only the leader can answer
// while this scheduler does not lead: that goes to the leader.
func (s *Server) leading(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if self, _ := s.cfg.Leadership.Leader(); !self && !local(split(r.URL.Path)) {
			s.forwarder.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// split returns a path's segments; double and trailing slashes do not count.
func split(path string) []string {
	return strings.FieldsFunc(path, func(c rune) bool { return c == '/' })
}

// dispatch answers one request by the endpoint that the path names.
func (s *Server) dispatch(w http.ResponseWriter, r *http.Request) {
	e := s.find(split(r.URL.Path))
	if e == nil {
		s.fail(w, r, &api.Error{Status: http.StatusNotFound, Message: "URI not found"})
		return
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	act, ok := e[method]
	if !ok {
		w.Header().Set("Allow", allowed(e))
		if method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		s.fail(w, r, &api.Error{Status: http.StatusMethodNotAllowed, Message: "Method Not Allowed"})
		return
	}
	if err := act(w, r); err != nil {
		s.fail(w, r, err)
	}
}

func allowed(e endpoint) string {
	methods := []string{http.MethodOptions}
	for m := range e {
		methods = append(methods, m)
		if m == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

// streams reports whether a path leads to the event stream. A standby sends its
// readers on to the leader: they would take up its connections for good.
func streams(segments []string) bool {
	return len(segments) == 2 && segments[0] == "v2" && segments[1] == "events"
}

// local reports whether every scheduler answers a path itself, standbys too.
func local(segments []string) bool {
	return len(segments) > 0 && (segments[0] == "ping" || segments[0] == "metrics" || segments[0] == "artifacts")
}

// find returns the endpoint of a path, nil if there is none.
func (s *Server) find(segments []string) endpoint {
	if len(segments) == 0 {
		return nil
	}
	if segments[0] == "v2" && len(segments) > 1 {
		return s.findV2(segments[1], segments[2:])
	}
	if segments[0] == "v3" && len(segments) > 1 && segments[1] == "queues" {
		return s.findQueues(segments[2:])
	}
	if segments[0] == "v3" && len(segments) > 1 && segments[1] == "agents" {
		return s.findAgents(segments[2:])
	}
	if segments[0] == "v3" && len(segments) > 1 && segments[1] == "tasks" {
		return s.findTask(segments[2:])
	}
	switch strings.Join(segments, "/") {
	case "ping":
		return endpoint{http.MethodGet: s.ping}
	case "metrics", "metrics/prometheus":
		return endpoint{http.MethodGet: s.metrics.serve}
	case "v3/kills":
		return endpoint{http.MethodGet: s.showKills}
	case "v3/kills/confirm":
		return endpoint{http.MethodPost: s.confirmKills}
	case "artifacts/gantry-executor":
		return endpoint{http.MethodGet: s.artifact.serve}
	default:
		return nil
	}
}

func (s *Server) findV2(noun string, rest []string) endpoint {
	switch noun {
	case "apps":
		return s.findApps(rest)
	case "tasks":
		switch {
		case len(rest) == 0:
			return endpoint{http.MethodGet: s.listTasks}
		case len(rest) == 1 && rest[0] == "delete":
			return endpoint{http.MethodPost: s.deleteTasks}
		}
	case "deployments":
		switch len(rest) {
		case 0:
			return endpoint{http.MethodGet: s.listDeployments}
		case 1:
			return endpoint{http.MethodDelete: s.cancelDeployment(rest[0])}
		}
	case "queue":
		if len(rest) == 0 {
			return endpoint{http.MethodGet: s.listQueue}
		}
		if last := len(rest) - 1; last > 0 && rest[last] == "delay" {
			return endpoint{http.MethodDelete: s.resetDelay(join(rest[:last]))}
		}
	default:
		if len(rest) == 0 {
			return s.findSingle(noun)
		}
	}
	if noun == "groups" || noun == "pods" {
		return s.notYet(noun)
	}
	return nil
}

func (s *Server) findSingle(noun string) endpoint {
	switch noun {
	case "info":
		return endpoint{http.MethodGet: s.info}
	case "leader":
		return endpoint{http.MethodGet: s.leader, http.MethodDelete: s.abdicate}
	case "plugins":
		return endpoint{http.MethodGet: s.plugins}
	case "events":
		if s.cfg.Events != nil {
			return endpoint{http.MethodGet: s.events}
		}
		return nil
	case "groups", "pods":
		return s.notYet(noun)
	default:
		return nil
	}
}

// notYet answers every method for a part of Marathon's API that is not there.
func (s *Server) notYet(noun string) endpoint {
	e := endpoint{}
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		e[m] = func(http.ResponseWriter, *http.Request) error {
			return &api.Error{Status: http.StatusNotFound, Message: "This version of Gantry does not serve /v2/" + noun}
		}
	}
	return e
}

// findApps tells the literal last segments from ids, which may hold slashes.
func (s *Server) findApps(rest []string) endpoint {
	n := len(rest)
	if n == 0 {
		return endpoint{
			http.MethodGet: s.listApps, http.MethodPost: s.createApp,
			http.MethodPut: s.changeApps(true), http.MethodPatch: s.changeApps(false),
		}
	}
	whole := join(rest)
	one := endpoint{
		http.MethodGet: s.showApp(whole), http.MethodPut: s.changeApp(whole, true),
		http.MethodPatch: s.changeApp(whole, false), http.MethodDelete: s.deleteApp(whole),
	}
	if n < 2 {
		return one
	}
	switch id := join(rest[:n-1]); rest[n-1] {
	case "restart":
		return endpoint{http.MethodPost: s.restartApp(id)}
	case "tasks":
		return endpoint{http.MethodGet: s.listAppTasks(id), http.MethodDelete: s.deleteAppTasks(id)}
	case "versions":
		return endpoint{http.MethodGet: s.listVersions(id)}
	}
	if n < 3 {
		return one
	}
	switch id := join(rest[:n-2]); rest[n-2] {
	case "tasks":
		one[http.MethodDelete] = s.deleteTask(rest[n-1])
	case "versions":
		if _, exists := s.cfg.Scheduler.View().App(whole); !exists {
			one[http.MethodGet] = s.showVersion(id, rest[n-1])
		}
	}
	return one
}

func join(segments []string) app.ID { return app.ID("/" + strings.Join(segments, "/")) }
