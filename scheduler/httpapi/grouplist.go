package httpapi

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// branch is a group with what is in it, as it is shown.
type branch struct {
	*group.Group
	apps   []*view.App
	groups []*branch
}

// branch returns a group that there is, with all that is in it.
func (p *picture) branch(id app.ID) *branch {
	all := map[app.ID]*branch{id: {Group: p.Groups.Group(id)}}
	p.Groups.Below(id, func(g *group.Group) bool {
		all[g.ID] = &branch{Group: g}
		return true
	})
	for of, b := range all {
		if above := all[of.Parent()]; above != nil && of != id {
			above.groups = append(above.groups, b)
		}
	}
	for _, b := range all {
		slices.SortFunc(b.groups, func(x, y *branch) int { return cmp.Compare(x.ID, y.ID) })
	}
	p.AppsIn(id, func(a *view.App) bool {
		if b := all[a.Spec.ID.Parent()]; b != nil && !a.Leaving {
			b.apps = append(b.apps, a)
		}
		return true
	})
	return all[id]
}

// groupList writes a group's JSON piece by piece: the whole tree may be large.
type groupList struct {
	w     http.ResponseWriter
	p     *picture
	parts parts
	app   func(b []byte, p *picture, a *view.App, e embeds) ([]byte, error)
	// b is what has not been written yet.
	b []byte
}

func (l *groupList) group(g *branch) (err error) {
	l.text(`{"id":"` + string(g.ID) + `","apps":[`) // no id needs an escape
	if l.parts.apps {
		for n, a := range g.apps {
			l.comma(n)
			if l.b, err = l.app(l.b, l.p, a, l.parts.of); err != nil {
				return err
			}
			l.flush()
		}
	}
	l.text(`],"pods":[],"groups":[`)
	if l.parts.groups {
		for n, sub := range g.groups {
			l.comma(n)
			if err := l.group(sub); err != nil {
				return err
			}
		}
	}
	l.text(`],"dependencies":[`)
	for n, d := range g.Dependencies {
		l.comma(n)
		l.text(`"` + string(d) + `"`)
	}
	l.text(`]`)
	if g.EnforceRole {
		l.text(`,"enforceRole":true`)
	}
	l.text(`,"version":"` + api.Time{Time: g.Version}.String() + `"}`)
	return nil
}

func (l *groupList) text(s string) { l.b = append(l.b, s...) }

func (l *groupList) comma(n int) {
	if n > 0 {
		l.text(",")
	}
}

func (l *groupList) flush() {
	if len(l.b) >= listChunk {
		_, _ = l.w.Write(l.b) // the client is gone; nobody to tell
		l.b = l.b[:0]
	}
}
