package httpapi

import (
	"errors"
	"net/http"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// deriveMax bounds how often a change is derived anew from an App that others
// change at the same time: each time one of them got on, so that a change is late
// by as many as there are.
const deriveMax = 10000

// changeApp answers PUT and PATCH of one App.
func (s *appRoutes) changeApp(id app.ID, create bool) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		d, err := s.document(r)
		if err != nil {
			return err
		}
		if create {
			if _, err := app.ParseID(string(id)); err != nil {
				return &api.Error{Status: http.StatusUnprocessableEntity, Message: "Object is not valid",
					Details: []api.Detail{{Path: "/id", Errors: []string{err.Error()}}}}
			}
		}
		partial := !create || flag(r, "partialUpdate", true)
		var n notices
		want := []wanted{{doc: d, id: id}}
		if dry(r) {
			return s.try(w, r, want, create, partial)
		}
		result, created, err := s.change(r, &n, want, create, partial)
		if err != nil {
			return err
		}
		n.tell(w)
		status := http.StatusOK
		if created {
			status = http.StatusCreated
			w.Header().Set("Location", string(id))
		}
		return started(w, status, result)
	}
}

// changeApps answers PUT and PATCH of many Apps, in one deployment.
func (s *appRoutes) changeApps(create bool) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		d, err := s.document(r)
		if err != nil {
			return err
		}
		docs, err := d.List()
		if err != nil {
			return err
		}
		changes := make([]wanted, 0, len(docs))
		for _, d := range docs {
			id, _ := d.ID()
			changes = append(changes, wanted{doc: d, id: id})
		}
		partial := !create || flag(r, "partialUpdate", true)
		if dry(r) {
			return s.try(w, r, changes, create, partial)
		}
		var n notices
		result, _, err := s.change(r, &n, changes, create, partial)
		if err != nil {
			return err
		}
		n.tell(w)
		return started(w, http.StatusOK, result)
	}
}

// wanted is a body that changes or creates one App.
type wanted struct {
	doc api.Document
	id  app.ID
}

// change derives complete definitions from what is stored now and has them
// stored, all or none; if an App changed meanwhile it derives them again.
func (s *appRoutes) change(r *http.Request, n *notices, want []wanted, create, partial bool) (result core.Result, created bool, err error) {
	for range deriveMax {
		cmd := core.ChangeApps{Force: flag(r, "force", false), From: origin(r)}
		if cmd.Changes, err = s.deriveAll(r, n, want, create, partial); err != nil {
			return core.Result{}, false, err
		}
		created = slices.ContainsFunc(cmd.Changes, func(c core.AppChange) bool { return c.Create })
		if result, err = s.do(r, cmd); !overtaken(err) || r.Context().Err() != nil {
			return result, created, err
		}
	}
	return core.Result{}, false, err
}

// deriveAll makes the changes of several Apps from what is stored now.
func (s *appRoutes) deriveAll(r *http.Request, n *notices, want []wanted, create, partial bool) ([]core.AppChange, error) {
	p := newPicture(s.scheduler.View())
	*n = nil
	rd := s.reads(r, n)
	changes := make([]core.AppChange, 0, len(want))
	for _, c := range want {
		change, err := s.derive(r, rd, p, c, create, partial)
		if err != nil {
			return nil, err
		}
		changes = append(changes, change)
	}
	p.idleNeedsAmong(n, want, changes)
	return changes, nil
}

// dry reports whether a change is only to be tried.
func dry(r *http.Request) bool { return flag(r, "dryRun", false) }

// try answers with what a change would make of the Apps, and changes nothing.
func (s *appRoutes) try(w http.ResponseWriter, r *http.Request, want []wanted, create, partial bool) error {
	var n notices
	changes, err := s.deriveAll(r, &n, want, create, partial)
	if err != nil {
		return err
	}
	return tried(w, n, changes)
}

// tried answers with definitions as they would be stored; what is given to them
// then, a version and service ports, is missing.
func tried(w http.ResponseWriter, n notices, changes []core.AppChange) error {
	apps := make([]api.App, 0, len(changes))
	for _, c := range changes {
		out := api.FromSpec(c.Spec)
		out.Version = api.Time{}
		apps = append(apps, out)
	}
	n.tell(w)
	return reply(w, http.StatusOK, map[string]any{"apps": apps})
}

// overtaken reports whether a command failed only because an App is no longer
// what the View showed.
func overtaken(err error) bool {
	if _, ok := errors.AsType[*core.ChangedError](err); ok {
		return true
	}
	_, ok := errors.AsType[*core.ExistsError](err)
	return ok
}

// derive makes the change of one App.
func (s *appRoutes) derive(r *http.Request, rd api.Reader, p *picture, c wanted, create, partial bool) (core.AppChange, error) {
	a, err := p.app(c.id)
	if err != nil && !create {
		return core.AppChange{}, err
	}
	if a == nil {
		if err := precondition(r, nil); err != nil {
			return core.AppChange{}, err
		}
		rd.Rules = p.rules(rd.Rules, c.id, nil)
		spec, err := rd.Create(c.doc, c.id)
		return core.AppChange{Spec: spec, Create: true}, err
	}
	if err := precondition(r, a.Spec); err != nil {
		return core.AppChange{}, err
	}
	rd.Rules = p.rules(rd.Rules, c.id, a.Spec)
	spec, restored, err := updated(rd, a, c, partial)
	if err == nil {
		err = api.AsInvalid(app.ValidateUpdate(a.Spec, spec))
	}
	return core.AppChange{Spec: spec, Base: a.Spec.Version, Rollback: restored}, err
}

// updated returns the definition that a body makes of an App, and whether it is an
// earlier one that the body names.
func updated(rd api.Reader, a *view.App, c wanted, partial bool) (spec *app.Spec, restored bool, err error) {
	if !partial {
		spec, err = rd.Create(c.doc, c.id)
		return spec, false, err
	}
	version, restore, err := c.doc.Restore()
	switch {
	case err != nil:
		return nil, false, err
	case restore:
		spec, err = versionOf(a, version)
	default:
		spec, err = rd.Update(c.doc, a.Spec)
	}
	return spec, restore, err
}

// precondition checks If-Match, by which a client says that it changes the
// version it has read and no other; spec is nil for an App that does not exist.
func precondition(r *http.Request, spec *app.Spec) error {
	match := r.Header.Get("If-Match")
	if match == "" {
		return nil
	}
	have := "none"
	if spec != nil {
		have = api.Time{Time: spec.Version}.String()
	}
	if match == `"`+have+`"` || match == have || match == "*" && spec != nil {
		return nil
	}
	return &api.Error{Status: http.StatusPreconditionFailed, Message: "If-Match asks for version " + match + ", but the app's version is " + have + "; read it again"}
}
