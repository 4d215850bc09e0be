package httpapi

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// createGroup answers POST of a group, which must not exist.
func (s *groupRoutes) createGroup(at app.ID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		d, id, err := s.groupDocument(r, at, false)
		if err != nil {
			return err
		}
		var n notices
		result, err := s.makeGroup(r, id, func(p *picture) (core.ChangeGroup, error) {
			if p.Groups.Group(id) != nil {
				return core.ChangeGroup{}, conflict("Group " + string(id) + " is already created. Use PUT to change this group.")
			}
			if _, exists := p.App(id); exists {
				return core.ChangeGroup{}, conflict("An app with the path " + string(id) + " already exists.")
			}
			return s.derived(r, &n, p, d, id)
		})
		if err != nil {
			return err
		}
		n.tell(w)
		w.Header().Set("Location", string(id))
		return started(w, http.StatusCreated, result)
	}
}

// changeGroup answers PUT of a group, which is made if there is none.
func (s *groupRoutes) changeGroup(at app.ID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		d, id, err := s.groupDocument(r, at, true)
		if err != nil {
			return err
		}
		var n notices
		result, err := s.makeGroup(r, id, func(p *picture) (core.ChangeGroup, error) { return s.derived(r, &n, p, d, id) })
		if err != nil {
			return err
		}
		n.tell(w)
		if flag(r, "dryRun", false) {
			return reply(w, http.StatusOK, api.Plan{Steps: renderSteps(result.Steps)})
		}
		return started(w, http.StatusOK, result)
	}
}

// rollBackGroup brings a group back to a version that the path names.
func (s *groupRoutes) rollBackGroup(id app.ID, version string) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		at, err := api.ParseTime(version)
		if err != nil {
			return &api.Error{Status: http.StatusUnprocessableEntity, Message: err.Error()}
		}
		result, err := s.makeGroup(r, id, func(p *picture) (core.ChangeGroup, error) { return restored(p, id, at) })
		if err != nil {
			return err
		}
		return started(w, http.StatusOK, result)
	}
}

// patchGroup has a group at the top enforce its role, or not.
func (s *groupRoutes) patchGroup(id app.ID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		d, err := s.document(r)
		if err != nil {
			return err
		}
		enforce, err := d.PatchRole()
		if err != nil {
			return err
		}
		_, err = s.makeGroup(r, id, func(p *picture) (core.ChangeGroup, error) {
			now := p.node(id)
			if now == nil {
				return core.ChangeGroup{}, unknown("Group", string(id))
			}
			u := &group.Update{ID: id, EnforceRole: &enforce}
			if problems := append(u.Check(now), s.roleProblems(u, "")...); len(problems) > 0 {
				return core.ChangeGroup{}, api.AsInvalid(&app.InvalidError{Problems: problems})
			}
			return core.ChangeGroup{Target: u.Apply(now)}, nil
		})
		if err != nil {
			return err
		}
		w.WriteHeader(http.StatusOK)
		return nil
	}
}

// deleteGroup removes a group with all in it; the root is emptied.
func (s *groupRoutes) deleteGroup(id app.ID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		result, err := s.makeGroup(r, id, func(p *picture) (core.ChangeGroup, error) {
			return core.ChangeGroup{}, p.has(id)
		})
		if err != nil {
			return err
		}
		return started(w, http.StatusOK, result)
	}
}

func conflict(message string) *api.Error {
	return &api.Error{Status: http.StatusConflict, Message: message}
}

// groupDocument returns a body with the group that it is about.
func (s *groupRoutes) groupDocument(r *http.Request, at app.ID, same bool) (d api.Document, id app.ID, err error) {
	if d, err = s.document(r); err == nil {
		id, err = d.GroupID(at, same)
	}
	return d, id, err
}

// makeGroup has a group be what is derived from the picture of now; if the group
// changed meanwhile that is done again.
func (s *groupRoutes) makeGroup(r *http.Request, id app.ID, derive func(*picture) (core.ChangeGroup, error)) (result core.Result, err error) {
	for range deriveMax {
		p := newPicture(s.scheduler.View())
		cmd, err := derive(p)
		if err != nil {
			return core.Result{}, err
		}
		cmd.ID, cmd.Force, cmd.DryRun = id, flag(r, "force", false), flag(r, "dryRun", false) && r.Method == http.MethodPut
		if g := p.Groups.Group(id); g != nil {
			cmd.Base = g.Version
		}
		if result, err = s.do(r, cmd); !overtaken(err) || r.Context().Err() != nil {
			return result, err
		}
	}
	return result, err
}

// derived makes the command of a body.
func (s *groupRoutes) derived(r *http.Request, n *notices, p *picture, d api.Document, id app.ID) (core.ChangeGroup, error) {
	*n = nil
	now := p.node(id)
	req, err := s.reads(r, n).Group(d, api.GroupContext{ID: id, Now: now, Enforced: p.enforces})
	switch {
	case err != nil:
		return core.ChangeGroup{}, err
	case req.ScaleBy != nil:
		return s.scaled(now, id, *req.ScaleBy)
	case req.Update == nil:
		return restored(p, id, req.Version)
	}
	if problems := s.roleProblems(req.Update, ""); len(problems) > 0 {
		return core.ChangeGroup{}, api.AsInvalid(&app.InvalidError{Problems: problems})
	}
	target := req.Update.Apply(now)
	p.idleNeedsIn(n, "", req.Update, target)
	keepAlike(target, p)
	return core.ChangeGroup{Target: target}, nil
}

// keepAlike puts the definition that there is in the place of one that says the
// same, so that the core need not compare them: of ten thousand that takes a while.
func keepAlike(target *group.Node, p *picture) {
	for n := range target.All {
		for i, wanted := range n.Apps {
			a, err := p.app(wanted.ID)
			if err != nil || a.Spec == wanted {
				continue
			}
			if next := wanted.WithServicePortsOf(a.Spec); next.Instances == a.Spec.Instances && roster.SameConfig(restartedWith(next, a.Spec), a.Spec) {
				n.Apps[i] = a.Spec
			}
		}
	}
}

// restartedWith takes over when a user last asked for a restart, which a body cannot say.
func restartedWith(next, was *app.Spec) *app.Spec {
	next.RestartedAt = was.RestartedAt
	return next
}

func restored(p *picture, id app.ID, at api.Time) (core.ChangeGroup, error) {
	n, err := p.earlier(id, at)
	return core.ChangeGroup{Target: n, Rollback: true}, err
}

func (s *groupRoutes) scaled(now *group.Node, id app.ID, by float64) (core.ChangeGroup, error) {
	if now == nil {
		return core.ChangeGroup{}, unknown("Group", string(id))
	}
	target := now.Scaled(by)
	for a := range target.Specs {
		if a.Instances > s.reader.Rules.MaxInstances {
			return core.ChangeGroup{}, api.AsInvalid(&app.InvalidError{Problems: []app.Problem{{
				Path: "/scaleBy", Text: "makes more instances of app " + string(a.ID) + " than an app may have",
			}}})
		}
	}
	return core.ChangeGroup{Target: target}, nil
}

// roleProblems: a role that the master does not know this framework by gets no offers.
func (s *groupRoutes) roleProblems(u *group.Update, path string) (problems []app.Problem) {
	if role := u.ID.GroupRole(); u.EnforceRole != nil && *u.EnforceRole && !slices.Contains(s.reader.Rules.Roles, role) {
		problems = append(problems, app.Problem{
			Path: path + "/enforceRole", Text: "got true, but this scheduler does not subscribe with role \"" + role + "\"; start it with --mesos-role " + role + " beside those that it has",
		})
	}
	for i, g := range u.Groups {
		problems = append(problems, s.roleProblems(g, fmt.Sprintf("%s/groups(%d)", path, i))...)
	}
	return problems
}

func renderSteps(steps []deployment.Step) []api.Step {
	out := make([]api.Step, 0, len(steps))
	for _, step := range steps {
		actions := make([]api.Action, 0, len(step))
		for _, a := range step {
			actions = append(actions, api.Action{Action: a.Kind.String(), App: string(a.App)})
		}
		out = append(out, api.Step{Actions: actions})
	}
	return out
}
