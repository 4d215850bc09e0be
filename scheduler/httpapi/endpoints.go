package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	points "github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/scheduler/discovery"
	"github.com/gantry-mesos/gantry/scheduler/discovery/hub"
)

// endpointRoutes are those of where tasks are reached, and of who uses that.
type endpointRoutes struct {
	*desk
	hub func() *hub.Hub
}

// endpointTable lists what is served of endpoints.
func endpointTable(s *endpointRoutes) []route {
	return []route{
		fixed("v3/endpoints", endpoint{http.MethodGet: s.listEndpoints}),
		fixed("v3/consumers", endpoint{http.MethodGet: s.listConsumers}),
		to("v3/consumers/{name}", func(p params) endpoint {
			return endpoint{http.MethodPut: s.register(p.name), http.MethodDelete: s.leave(p.name)}
		}),
		to("v3/consumers/{name}/ack", func(p params) endpoint { return endpoint{http.MethodPost: s.acknowledge(p.name)} }),
		fixed("v3/prometheus/targets", endpoint{http.MethodGet: s.listTargets}),
		to("v3/apps/{app}/endpoints", func(p params) endpoint { return endpoint{http.MethodGet: s.showApp(p.id)} }),
	}
}

// present returns the hub of this term.
func (s *endpointRoutes) present() (*hub.Hub, error) {
	if h := s.hub(); h != nil {
		return h, nil
	}
	return nil, &api.Error{Status: http.StatusServiceUnavailable, Message: "the endpoints are not known yet: this scheduler has just begun to lead; try again"}
}

// waitMax is how long a request for changes waits at most; a standby gives up on
// the leader a little later.
const waitMax = 25 * time.Second

func (s *endpointRoutes) listEndpoints(w http.ResponseWriter, r *http.Request) error {
	h, err := s.present()
	if err != nil {
		return err
	}
	q := r.URL.Query()
	wait := time.Duration(0)
	if text := q.Get("wait"); text != "" {
		if wait, err = time.ParseDuration(text); err != nil || wait < 0 {
			return &api.Error{Status: http.StatusBadRequest, Message: "wait: got \"" + text + "\", expected a time such as 30s"}
		}
	}
	after, known := points.ParseIndex(q.Get("since"))
	if !known {
		return reply(w, http.StatusOK, h.All(selectorOf(r)))
	}
	changes, err := h.Changes(r.Context(), after, selectorOf(r), min(wait, waitMax))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, changes)
}

// selectorOf reads which Apps are asked for.
func selectorOf(r *http.Request) points.Selector {
	q := r.URL.Query()
	s := points.Selector{Label: q.Get("label")}
	for _, id := range q["app"] {
		s.Apps = append(s.Apps, app.Canonical(id))
	}
	return s
}

func (s *endpointRoutes) listConsumers(w http.ResponseWriter, _ *http.Request) error {
	h, err := s.present()
	if err != nil {
		return err
	}
	consumers, drains := h.Consumers()
	return reply(w, http.StatusOK, api.Consumers{Consumers: consumers, Drains: drains})
}

func (s *endpointRoutes) showApp(id app.ID) action {
	return func(w http.ResponseWriter, _ *http.Request) error {
		h, err := s.present()
		if err != nil {
			return err
		}
		a, endpoints, drains, ok := h.App(id)
		if !ok {
			return unknown("App", string(id))
		}
		if endpoints == nil {
			endpoints = []*points.Endpoint{}
		}
		return reply(w, http.StatusOK, api.AppEndpoints{App: a, Endpoints: endpoints, Drains: drains})
	}
}

func (s *endpointRoutes) register(id string) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		h, err := s.present()
		if err != nil {
			return err
		}
		var told points.Registration
		if err := s.decode(r, &told); err != nil {
			return err
		}
		answer, err := h.Register(id, told)
		if err != nil {
			return consumerError(err)
		}
		return reply(w, http.StatusOK, answer)
	}
}

func (s *endpointRoutes) acknowledge(id string) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		h, err := s.present()
		if err != nil {
			return err
		}
		var told points.Ack
		if err := s.decode(r, &told); err != nil {
			return err
		}
		if err := h.Acknowledge(id, told); err != nil {
			return consumerError(err)
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

func (s *endpointRoutes) leave(id string) action {
	return func(w http.ResponseWriter, _ *http.Request) error {
		h, err := s.present()
		if err != nil {
			return err
		}
		if err := h.Leave(id); err != nil {
			return consumerError(err)
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// decode reads a JSON body into out.
func (d *desk) decode(r *http.Request, out any) error {
	data, err := d.body(r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, out); err != nil {
		return &api.Error{Status: http.StatusBadRequest, Message: "Invalid JSON", Text: err.Error()}
	}
	return nil
}

// consumerError maps what is wrong with what a consumer told to an answer.
func consumerError(err error) error {
	status := http.StatusUnprocessableEntity
	if e, ok := errors.AsType[*discovery.InvalidError](err); ok {
		return &api.Error{Status: status, Message: "Object is not valid", Details: []api.Detail{{Path: e.Path, Errors: []string{e.Text}}}}
	}
	if _, ok := errors.AsType[*discovery.UnknownConsumerError](err); ok {
		status = http.StatusNotFound
	}
	if _, ok := errors.AsType[*discovery.UnknownIndexError](err); ok {
		status = http.StatusConflict
	}
	if _, ok := errors.AsType[discovery.TooManyError](err); ok {
		status = http.StatusTooManyRequests
	}
	return &api.Error{Status: status, Message: err.Error()}
}
