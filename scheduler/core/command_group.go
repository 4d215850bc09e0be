package core

import (
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/groups"
)

// changeGroup makes a group what the command says, in one deployment.
func (s *State) changeGroup(c ChangeGroup) (Result, error) {
	is := s.book.Group(c.ID)
	switch {
	case is == nil && c.Target == nil:
		return Result{}, &NotFoundError{Kind: "Group", ID: string(c.ID)}
	case is == nil && !c.Base.IsZero(), is != nil && !is.Version.Equal(c.Base):
		return Result{}, &ChangedError{ID: c.ID}
	}
	version := s.peekVersion()
	p := proposal{apps: map[app.ID]deployment.Change{}, groups: map[app.ID]groups.GroupEdit{}, of: c.ID}
	if c.Target != nil {
		for n := range c.Target.All {
			s.proposeGroup(&p, n)
			for _, spec := range n.Apps {
				if err := s.proposeApp(&p, spec, c); err != nil {
					return Result{}, err
				}
			}
		}
	}
	s.proposeRest(&p, c)
	if err := s.ports.assign(p.apps); err != nil {
		return Result{}, err
	}
	if c.DryRun {
		steps, err := s.possible(&p)
		return Result{Version: version, Steps: steps}, err
	}
	return s.deploy(&p, version, override(c.Force))
}

// proposeGroup has a group be what a node says of it.
func (s *State) proposeGroup(p *proposal, n *group.Node) {
	is, next := s.book.Group(n.ID), n.Group
	if !is.Same(&next) {
		p.groups[n.ID] = groups.GroupEdit{ID: n.ID, Was: is, Is: &next}
	}
}

// proposeApp has an App be what a definition says. One that is the current
// definition itself needs no comparison: of ten thousand it takes a while.
func (s *State) proposeApp(p *proposal, spec *app.Spec, c ChangeGroup) error {
	if _, twice := p.apps[spec.ID]; twice {
		return &RepeatedError{ID: spec.ID}
	}
	if s.Spec(spec.ID) == spec {
		p.apps[spec.ID] = deployment.Change{Original: spec, Target: spec}
		return nil
	}
	change, err := s.changeOf(AppChange{Spec: spec, Rollback: c.Rollback}, s.peekVersion(), c.Force)
	p.apps[spec.ID] = change
	return err
}

// proposeRest removes what is in the group and was not proposed to be there, and
// leaves out Apps that stay as they are.
func (s *State) proposeRest(p *proposal, c ChangeGroup) {
	for _, id := range s.roster.Below(c.ID) {
		switch change, named := p.apps[id]; {
		case !named && !s.app(id).deleted:
			p.apps[id] = deployment.Change{Original: s.app(id).Spec()}
		case named && change.Original == change.Target:
			delete(p.apps, id)
		}
	}
	stays := map[app.ID]bool{group.Root: true}
	if c.Target != nil {
		for n := range c.Target.All {
			stays[n.ID] = true
		}
	}
	drop := func(g *group.Group) bool {
		if !stays[g.ID] {
			p.groups[g.ID] = groups.GroupEdit{ID: g.ID, Was: g}
		}
		return true
	}
	if is := s.book.Group(c.ID); is != nil {
		drop(is)
	}
	s.book.Below(c.ID, drop)
}
