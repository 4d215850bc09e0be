package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// groupRoutes are those of groups and of their versions.
type groupRoutes struct{ *appRoutes }

// parts says what is written of a group beside what it says of itself.
type parts struct {
	apps, groups bool
	// of is what is written beside an App's definition.
	of embeds
}

// partsOf is all that is in a group, without the state of Apps, or else what the
// query asks for. Who asks for something of the Apps asks for the Apps.
func partsOf(tokens []string) parts {
	p := parts{apps: true, groups: true}
	if len(tokens) == 0 {
		return p
	}
	p.apps = slices.ContainsFunc(tokens, func(t string) bool {
		t = strings.TrimPrefix(t, "group.")
		return t == "apps" || strings.HasPrefix(t, "apps.") || strings.HasPrefix(t, "app.")
	})
	p.groups = slices.Contains(tokens, "group.groups")
	of := slices.DeleteFunc(slices.Clone(tokens), func(t string) bool { return !strings.Contains(strings.TrimPrefix(t, "group."), ".") })
	p.of = embedsOf(of, embeds{})
	return p
}

func (s *groupRoutes) showGroup(id app.ID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		p := newPicture(s.scheduler.View())
		if err := p.has(id); err != nil {
			return err
		}
		s.definitions.prune(p.View)
		w.Header().Set("Content-Type", contentJSON)
		l := groupList{w: w, p: p, parts: partsOf(r.URL.Query()["embed"]), app: s.appendApp}
		if err := l.group(p.branch(id)); err != nil {
			return err
		}
		_, _ = w.Write(l.b) // the client is gone; nobody to tell
		return nil
	}
}

func (s *groupRoutes) listGroupApps(id app.ID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		p := newPicture(s.scheduler.View())
		apps, err := p.in(id)
		if err != nil {
			return err
		}
		e := embedsOf(r.URL.Query()["embed"], embeds{})
		s.definitions.prune(p.View)
		return replyArray(w, apps, func(b []byte, a *view.App) ([]byte, error) { return s.appendApp(b, p, a, e) })
	}
}

func (s *groupRoutes) listGroupVersions(id app.ID) action {
	return func(w http.ResponseWriter, _ *http.Request) error {
		p := newPicture(s.scheduler.View())
		if err := p.has(id); err != nil {
			return err
		}
		versions := []api.Time{}
		for _, v := range p.Groups.Versions(id) {
			versions = append(versions, api.Time{Time: v})
		}
		return reply(w, http.StatusOK, versions)
	}
}

func (s *groupRoutes) showGroupVersion(id app.ID, version string) action {
	return func(w http.ResponseWriter, _ *http.Request) error {
		at, err := api.ParseTime(version)
		if err != nil {
			return &api.Error{Status: http.StatusUnprocessableEntity, Message: err.Error()}
		}
		n, err := newPicture(s.scheduler.View()).earlier(id, at)
		if err != nil {
			return err
		}
		return reply(w, http.StatusOK, api.FromGroup(n))
	}
}

// earlier returns a group as it was at a version.
func (p *picture) earlier(id app.ID, at api.Time) (*group.Node, error) {
	n := p.Groups.At(id, at.Time, p.specs(id))
	if n == nil {
		return nil, &api.Error{Status: http.StatusNotFound, Message: "Group '" + string(id) + "' does not exist in version " + at.String()}
	}
	return n, nil
}

// rules are those for an App in the tree as it is now; was is its definition, nil
// if it is new.
func (p *picture) rules(r app.Rules, id app.ID, was *app.Spec) app.Rules {
	return r.In(id.Tenant(), p.enforces(id.Tenant()), was)
}

// enforces reports whether Apps in a group at the top take its name as role.
func (p *picture) enforces(top app.ID) bool {
	g := p.Groups.Group(top)
	return g != nil && g.EnforceRole
}
