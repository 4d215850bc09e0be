package httpapi

import (
	"fmt"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/scheduler/core"
)

// exists reports whether an id is that of an App or of a group.
func (p *picture) exists(id app.ID) bool {
	if p.Groups.Group(id) != nil {
		return true
	}
	_, err := p.app(id)
	return err == nil
}

// idleNeeds notes dependencies of an App on what does not exist, which hold nothing
// up, and may be misspelt. path is the App's; made tells what the request makes.
func (p *picture) idleNeeds(n *notices, path string, s *app.Spec, made func(app.ID) bool) {
	for i, d := range s.Dependencies {
		if !p.exists(d) && !made(d) {
			*n = append(*n, app.Problem{Path: fmt.Sprintf("%s/dependencies(%d)", path, i), Text: absent(d)})
		}
	}
}

func absent(d app.ID) string {
	return fmt.Sprintf("names %s, which does not exist: nothing waits for it until it does", d)
}

// idleNeedsAmong does so for Apps that are changed together.
func (p *picture) idleNeedsAmong(n *notices, want []wanted, changes []core.AppChange) {
	made := map[app.ID]bool{}
	for _, c := range changes {
		for above := range group.Above(c.Spec.ID) {
			made[above] = true
		}
		made[c.Spec.ID] = true
	}
	for i, c := range changes {
		p.idleNeeds(n, want[i].doc.Path(), c.Spec, func(id app.ID) bool { return made[id] })
	}
}

// idleNeedsIn does so for what a request says of a group.
func (p *picture) idleNeedsIn(n *notices, path string, u *group.Update, target *group.Node) {
	made := map[app.ID]bool{}
	for g := range target.All {
		made[g.ID] = true
		for _, a := range g.Apps {
			made[a.ID] = true
		}
	}
	p.idleNeedsOf(n, path, u, func(id app.ID) bool { return made[id] })
}

func (p *picture) idleNeedsOf(n *notices, path string, u *group.Update, made func(app.ID) bool) {
	for i, d := range u.Dependencies {
		if !p.exists(d) && !made(d) {
			*n = append(*n, app.Problem{Path: fmt.Sprintf("%s/dependencies(%d)", path, i), Text: absent(d)})
		}
	}
	for i, a := range u.Apps {
		p.idleNeeds(n, fmt.Sprintf("%s/apps(%d)", path, i), a, made)
	}
	for i, g := range u.Groups {
		p.idleNeedsOf(n, fmt.Sprintf("%s/groups(%d)", path, i), g, made)
	}
}
