package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/scheduler/core"
)

const contentJSON = "application/json; charset=utf-8"

// reply writes v as JSON.
func reply(w http.ResponseWriter, status int, v any) error {
	data, err := api.Marshal(v)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	w.Header().Set("Content-Type", contentJSON)
	w.WriteHeader(status)
	_, _ = w.Write(data) // the client is gone; nobody to tell
	return nil
}

// started answers a change that started a deployment.
func started(w http.ResponseWriter, status int, r core.Result) error {
	w.Header().Set("Marathon-Deployment-Id", string(r.Deployment))
	return reply(w, status, api.DeploymentResult{Version: api.Time{Time: r.Version}, DeploymentID: string(r.Deployment)})
}

// fail answers with an error, as JSON.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := asAPI(err)
	if e.Status == http.StatusInternalServerError {
		id := uuid.NewString()
		s.cfg.Log.Error("request failed", zap.String("request_id", id), zap.String("method", r.Method), logfield.Path(r.URL.Path), zap.Error(err))
		e.Message = "internal error; the scheduler's log tells more under request id " + id
	}
	var later interface{ RetryAfter() time.Duration }
	if errors.As(err, &later) {
		w.Header().Set("Retry-After", strconv.Itoa(int(later.RetryAfter().Seconds())))
	}
	if err := reply(w, e.Status, e); err != nil {
		s.cfg.Log.Error("error not answered", zap.Error(err))
	}
}

// asAPI maps an error of the domain to an answer.
func asAPI(err error) *api.Error {
	if e, ok := errors.AsType[*api.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*core.LockedError](err); ok {
		out := &api.Error{Status: http.StatusConflict, Message: e.Error(), Deployments: []api.DeploymentRef{}}
		for _, id := range e.Deployments {
			out.Deployments = append(out.Deployments, api.DeploymentRef{ID: string(id)})
		}
		return out
	}
	if e, ok := errors.AsType[*core.DependencyError](err); ok {
		return &api.Error{Status: http.StatusUnprocessableEntity, Message: "Object is not valid",
			Details: []api.Detail{{Path: "/dependencies", Errors: []string{e.Error()}}}}
	}
	if e, ok := errors.AsType[*core.UnstorableError](err); ok {
		return &api.Error{Status: http.StatusUnprocessableEntity, Message: "Object is not valid",
			Details: []api.Detail{{Path: e.Path, Errors: []string{e.Error()}}}}
	}
	if e, ok := errors.AsType[*core.InvalidQuotaError](err); ok {
		return &api.Error{Status: http.StatusUnprocessableEntity, Message: "Object is not valid", Details: []api.Detail{{Path: "/", Errors: []string{e.Err.Error()}}}}
	}
	return &api.Error{Status: statusOf(err), Message: err.Error()}
}

func statusOf(err error) int {
	if _, ok := errors.AsType[*core.NotFoundError](err); ok {
		return http.StatusNotFound
	}
	if _, ok := errors.AsType[*core.InSightError](err); ok {
		return http.StatusConflict
	}
	if _, ok := errors.AsType[*core.ExistsError](err); ok {
		return http.StatusConflict
	}
	if _, ok := errors.AsType[*core.PathTakenError](err); ok {
		return http.StatusConflict
	}
	if _, ok := errors.AsType[*core.ChangedError](err); ok {
		return http.StatusConflict
	}
	if _, ok := errors.AsType[*core.RepeatedError](err); ok {
		return http.StatusUnprocessableEntity
	}
	if _, ok := errors.AsType[*core.PortsExhaustedError](err); ok {
		return http.StatusUnprocessableEntity
	}
	var temporary interface{ Temporary() bool }
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.As(err, &temporary) && temporary.Temporary() {
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// flag reads a boolean of the query in any case; anything but true is false.
func flag(r *http.Request, name string, otherwise bool) bool {
	q := r.URL.Query()
	if !q.Has(name) {
		return otherwise
	}
	return strings.EqualFold(strings.TrimSpace(q.Get(name)), "true")
}

func unknown(kind, id string) *api.Error {
	return &api.Error{Status: http.StatusNotFound, Message: kind + " '" + id + "' does not exist"}
}
