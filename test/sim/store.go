package sim

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/groups"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/volumes"
)

// store keeps what was persisted, in memory.
type store struct {
	framework   mesos.FrameworkID
	versions    map[app.ID][]*app.Spec // in the order of writing
	past        map[*app.Spec]bool
	groups      map[app.ID]*group.Group
	edits       map[time.Time]*groups.Edit
	instances   map[instance.ID]*instance.Instance
	deployments map[deployment.ID]*deployment.Deployment
	troubles    map[app.ID]core.Trouble
	quotas      map[string]fairshare.Quota
	releases    map[instance.ID]volumes.Release
}

func newStore() *store {
	return &store{
		versions: map[app.ID][]*app.Spec{}, instances: map[instance.ID]*instance.Instance{},
		deployments: map[deployment.ID]*deployment.Deployment{}, troubles: map[app.ID]core.Trouble{}, quotas: map[string]fairshare.Quota{},
		releases: map[instance.ID]volumes.Release{}, past: map[*app.Spec]bool{}, groups: map[app.ID]*group.Group{},
		edits: map[time.Time]*groups.Edit{},
	}
}

func (s *store) apply(c core.Change) {
	switch c := c.(type) {
	case core.PutFramework:
		s.framework = c.ID
	case core.PutApp:
		s.versions[c.Spec.ID] = append(s.versions[c.Spec.ID], c.Spec)
	case core.DropApp:
		s.versions[c.ID] = slices.DeleteFunc(s.versions[c.ID], func(v *app.Spec) bool { return v.Version.Equal(c.Version) })
		if len(s.versions[c.ID]) == 0 {
			delete(s.versions, c.ID)
		}
	case core.PutInstance:
		s.instances[c.Instance.ID] = c.Instance
	case core.DropInstance:
		delete(s.instances, c.ID)
	case core.PutDeployment:
		s.deployments[c.Deployment.ID] = c.Deployment
	case core.PutProgress:
		d := *s.deployments[c.ID]
		d.Current, d.Progressed = c.Current, c.Progressed
		s.deployments[c.ID] = &d
	case core.DropDeployment:
		delete(s.deployments, c.ID)
	case core.PutTrouble:
		s.troubles[c.App] = c.Trouble
	case core.DropTrouble:
		delete(s.troubles, c.App)
	case core.PutQuota:
		s.quotas[c.Queue] = c.Quota
	case core.DropQuota:
		delete(s.quotas, c.Queue)
	case core.PutRelease:
		s.releases[c.ID] = c.Release
	case core.DropRelease:
		delete(s.releases, c.ID)
	default:
		s.applyTree(c)
	}
}

func (s *store) applyTree(c core.Change) {
	switch c := c.(type) {
	case core.PutPast:
		s.past[c.Spec] = true
	case core.DropPast:
		maps.DeleteFunc(s.past, func(v *app.Spec, _ bool) bool { return v.ID == c.ID && v.Version.Equal(c.Version) })
	case core.PutGroup:
		s.groups[c.Group.ID] = c.Group
	case core.DropGroup:
		delete(s.groups, c.ID)
	case core.PutEdit:
		s.edits[c.Edit.Version] = c.Edit
	case core.DropEdit:
		delete(s.edits, c.Version)
	}
}

// stored is what a new State begins with.
func (s *store) stored() core.Stored {
	st := core.Stored{Framework: s.framework, Troubles: map[app.ID]core.Trouble{}, Quotas: maps.Clone(s.quotas), Releases: maps.Clone(s.releases)}
	for _, vs := range s.versions {
		st.Versions = append(st.Versions, vs...)
	}
	for _, i := range s.instances {
		st.Instances = append(st.Instances, i)
	}
	for _, d := range s.deployments {
		st.Deployments = append(st.Deployments, d)
	}
	st.Past = slices.Collect(maps.Keys(s.past))
	st.Groups = slices.Collect(maps.Values(s.groups))
	st.Edits = slices.Collect(maps.Values(s.edits))
	maps.Copy(st.Troubles, s.troubles)
	return st
}

// newest is when the current definition of an App was made, zero without one.
func (s *store) newest(id app.ID) (at time.Time) {
	for _, v := range s.versions[id] {
		if v.Version.After(at) {
			at = v.Version
		}
	}
	return at
}
