package httpapi

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/httpapi/openapi"
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
	e, kinds := s.find(split(r.URL.Path))
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
	if len(kinds) > 0 && preferred(r, kinds...) == "" {
		s.fail(w, r, notAcceptable(r, kinds))
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
// readers on to the leader, except those that ask to be forwarded since they may not
// go there, such as web pages.
func streams(segments []string) bool {
	return len(segments) == 2 && segments[0] == "v2" && segments[1] == "events"
}

// lasts reports whether an answer may go on for long: the event stream and logs.
func lasts(segments []string) bool {
	return streams(segments) || len(segments) == 4 && segments[0] == "v3" && segments[1] == "tasks" && segments[3] == "logs"
}

// local reports whether every scheduler answers a path itself, standbys too.
func local(segments []string) bool {
	return len(segments) == 0 || segments[0] == "ui" || segments[0] == "ping" || segments[0] == "metrics" || segments[0] == "artifacts"
}

// find returns the endpoint of a path, nil if there is none, and the kinds of its answers.
func (s *Server) find(segments []string) (endpoint, []string) {
	for n := range s.routes {
		if p, ok := s.routes[n].match(segments); ok {
			return s.routes[n].at(p), s.routes[n].kinds
		}
	}
	return nil, nil
}

// Route is a path that is served, such as "/v2/apps/{app}/restart": {app} stands for
// one segment or more, {path} for any number, anything else for one.
type Route struct {
	Path    string
	Methods []string
}

// Routes lists what is served, without HEAD and OPTIONS, which are everywhere.
func (s *Server) Routes() []Route {
	var out []Route
	for _, r := range s.routes {
		if !r.absent {
			out = append(out, Route{Path: "/" + r.path, Methods: slices.Sorted(maps.Keys(r.at(params{name: "x", id: "/x"})))})
		}
	}
	return out
}

// describe answers with the description of the API.
func describe(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", contentJSON)
	_, _ = w.Write(openapi.Document) // the client is gone; nobody to tell
	return nil
}

// notYet answers every method for a part of Marathon's API that is not there.
func notYet(noun, rest string) route {
	e := endpoint{}
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		e[m] = func(http.ResponseWriter, *http.Request) error {
			return &api.Error{Status: http.StatusNotFound, Message: "This version of Gantry does not serve /v2/" + noun}
		}
	}
	t := fixed("v2/"+noun+rest, e).in()
	t.absent = true
	return t
}

func join(segments []string) app.ID { return app.ID("/" + strings.Join(segments, "/")) }
