package httpapi

import (
	"net/http"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// appRoutes are those of Apps and of their versions.
type appRoutes struct {
	*desk
	reader      api.Reader
	definitions definitions
}

func (s *appRoutes) listApps(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	f, err := filterOf(q)
	if err != nil {
		return err
	}
	p := newPicture(s.scheduler.View())
	e := embedsOf(q["embed"], embeds{counts: true, deployments: true})
	var apps []*view.App
	p.apps(func(a *view.App) bool {
		if f.matches(a.Spec) {
			apps = append(apps, a)
		}
		return true
	})
	return s.replyApps(w, "apps", p, e, apps)
}

func (s *appRoutes) createApp(w http.ResponseWriter, r *http.Request) error {
	d, err := s.document(r)
	if err != nil {
		return err
	}
	var n notices
	id, _ := d.ID()
	rd := s.reads(r, &n)
	p := newPicture(s.scheduler.View())
	rd.Rules = p.rules(rd.Rules, id, nil)
	spec, err := rd.Create(d, "")
	if err != nil {
		return err
	}
	p.idleNeeds(&n, "", spec, nothing)
	if _, exists := s.scheduler.View().App(spec.ID); exists && dry(r) {
		return &core.ExistsError{ID: spec.ID}
	}
	if dry(r) {
		return tried(w, n, []core.AppChange{{Spec: spec}})
	}
	result, err := s.do(r, core.ChangeApps{Changes: []core.AppChange{{Spec: spec, Create: true}}, Force: flag(r, "force", false), From: origin(r)})
	if err != nil {
		return err
	}
	out := api.FromSpec(result.Apps[0])
	zero := 0
	out.TasksStaged, out.TasksRunning, out.TasksHealthy, out.TasksUnhealthy = &zero, &zero, &zero, &zero
	out.Deployments = []api.DeploymentRef{{ID: string(result.Deployment)}}
	n.tell(w)
	w.Header().Set("Location", out.ID)
	w.Header().Set("Marathon-Deployment-Id", string(result.Deployment))
	return reply(w, http.StatusCreated, out)
}

// nothing is what a request makes that could be depended on.
func nothing(app.ID) bool { return false }

// wildcard returns the group that a wildcard id names: "/a/*" is "/a".
func wildcard(id app.ID) (app.ID, bool) {
	if g, ok := strings.CutSuffix(string(id), "/*"); ok {
		return app.Canonical(g), true
	}
	return "", false
}

func (s *appRoutes) showApp(id app.ID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		p := newPicture(s.scheduler.View())
		e := embedsOf(r.URL.Query()["embed"], embeds{counts: true, deployments: true, tasks: true, failure: true})
		if g, ok := wildcard(id); ok {
			found, err := p.in(g)
			if err != nil {
				return err
			}
			return s.replyApps(w, "*", p, e, found)
		}
		a, err := p.app(id)
		if err != nil {
			return err
		}
		return s.replyApp(w, p, e, a)
	}
}

func (s *appRoutes) deleteApp(id app.ID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		if _, err := newPicture(s.scheduler.View()).app(id); err != nil {
			return err
		}
		result, err := s.do(r, core.DeleteApps{IDs: []app.ID{id}, Force: flag(r, "force", true)})
		if err != nil {
			return err
		}
		return started(w, http.StatusOK, result)
	}
}

func (s *appRoutes) restartApp(id app.ID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		result, err := s.do(r, core.RestartApp{ID: id, Force: flag(r, "force", false)})
		if err != nil {
			return err
		}
		return started(w, http.StatusOK, result)
	}
}

func (s *appRoutes) listVersions(id app.ID) action {
	return func(w http.ResponseWriter, _ *http.Request) error {
		a, err := newPicture(s.scheduler.View()).app(id)
		if err != nil {
			return err
		}
		versions := make([]string, 0, len(a.Versions))
		for _, v := range a.Versions {
			versions = append(versions, api.Time{Time: v.Version}.String())
		}
		return reply(w, http.StatusOK, map[string]any{"versions": versions})
	}
}

func (s *appRoutes) showVersion(id app.ID, version string) action {
	return func(w http.ResponseWriter, _ *http.Request) error {
		at, err := api.ParseTime(version)
		if err != nil {
			return &api.Error{Status: http.StatusUnprocessableEntity, Message: err.Error()}
		}
		a, err := newPicture(s.scheduler.View()).app(id)
		if err != nil {
			return err
		}
		spec, err := versionOf(a, at)
		if err != nil {
			return err
		}
		out := api.FromSpec(spec)
		out.VersionInfo = versionInfo(spec)
		return reply(w, http.StatusOK, out)
	}
}

// versionOf finds a stored definition.
func versionOf(a *view.App, at api.Time) (*app.Spec, error) {
	for _, v := range a.Versions {
		if v.Version.Equal(at.Time) {
			return v, nil
		}
	}
	return nil, &api.Error{Status: http.StatusNotFound, Message: "App '" + string(a.Spec.ID) + "' does not exist in version " + at.String()}
}
