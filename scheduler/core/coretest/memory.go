package coretest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
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

// Memory keeps in memory what a State wants stored. Its fields are for reading,
// while nothing is appended.
type Memory struct {
	Framework mesos.FrameworkID
	// Versions are in the order of writing; an App without any has no entry.
	Versions map[app.ID][]*app.Spec
	// Past are the definitions of Apps that are no more.
	Past        map[*app.Spec]bool
	Groups      map[app.ID]*group.Group
	Edits       map[time.Time]*groups.Edit
	Instances   map[instance.ID]*instance.Instance
	Deployments map[deployment.ID]*deployment.Deployment
	Troubles    map[app.ID]core.Trouble
	Releases    map[instance.ID]volumes.Release
	Quotas      map[string]fairshare.Quota
	// Refuse, if it is set, is asked before every Append, which changes nothing and
	// fails with the error that it returns.
	Refuse func([]core.Change) error

	mu sync.Mutex
}

// NewMemory returns a Memory that holds nothing.
func NewMemory() *Memory {
	return &Memory{
		Versions: map[app.ID][]*app.Spec{}, Instances: map[instance.ID]*instance.Instance{},
		Deployments: map[deployment.ID]*deployment.Deployment{}, Troubles: map[app.ID]core.Trouble{},
		Releases: map[instance.ID]volumes.Release{}, Quotas: map[string]fairshare.Quota{},
		Past: map[*app.Spec]bool{}, Groups: map[app.ID]*group.Group{}, Edits: map[time.Time]*groups.Edit{},
	}
}

// Append makes changes, all or none. It may be called from any goroutine.
func (m *Memory) Append(_ context.Context, changes []core.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Refuse != nil {
		if err := m.Refuse(changes); err != nil {
			return err
		}
	}
	for _, c := range changes {
		m.Apply(c)
	}
	return nil
}

// Apply makes one change.
func (m *Memory) Apply(c core.Change) {
	switch c := c.(type) {
	case core.PutFramework:
		m.Framework = c.ID
	case core.PutApp:
		m.Versions[c.Spec.ID] = append(m.Versions[c.Spec.ID], c.Spec)
	case core.DropApp:
		m.Versions[c.ID] = slices.DeleteFunc(m.Versions[c.ID], func(v *app.Spec) bool { return v.Version.Equal(c.Version) })
		if len(m.Versions[c.ID]) == 0 {
			delete(m.Versions, c.ID)
		}
	case core.PutInstance:
		m.Instances[c.Instance.ID] = c.Instance
	case core.DropInstance:
		delete(m.Instances, c.ID)
	case core.PutDeployment:
		m.Deployments[c.Deployment.ID] = c.Deployment
	case core.PutProgress:
		d := *m.Deployments[c.ID]
		d.Current, d.Progressed = c.Current, c.Progressed
		m.Deployments[c.ID] = &d
	case core.DropDeployment:
		delete(m.Deployments, c.ID)
	case core.PutTrouble:
		m.Troubles[c.App] = c.Trouble
	case core.DropTrouble:
		delete(m.Troubles, c.App)
	case core.PutRelease:
		m.Releases[c.ID] = c.Release
	case core.DropRelease:
		delete(m.Releases, c.ID)
	case core.PutQuota:
		m.Quotas[c.Queue] = c.Quota
	case core.DropQuota:
		delete(m.Quotas, c.Queue)
	default:
		m.applyTree(c)
	}
}

func (m *Memory) applyTree(c core.Change) {
	switch c := c.(type) {
	case core.PutPast:
		m.Past[c.Spec] = true
	case core.DropPast:
		maps.DeleteFunc(m.Past, func(v *app.Spec, _ bool) bool { return v.ID == c.ID && v.Version.Equal(c.Version) })
	case core.PutGroup:
		m.Groups[c.Group.ID] = c.Group
	case core.DropGroup:
		delete(m.Groups, c.ID)
	case core.PutEdit:
		m.Edits[c.Edit.Version] = c.Edit
	case core.DropEdit:
		delete(m.Edits, c.Version)
	}
}

// Stored is what a State that starts now begins with.
func (m *Memory) Stored() core.Stored {
	m.mu.Lock()
	defer m.mu.Unlock()
	st := core.Stored{Framework: m.Framework, Troubles: maps.Clone(m.Troubles), Releases: maps.Clone(m.Releases), Quotas: maps.Clone(m.Quotas)}
	for _, id := range slices.Sorted(maps.Keys(m.Versions)) {
		st.Versions = append(st.Versions, m.Versions[id]...)
	}
	for _, id := range slices.Sorted(maps.Keys(m.Instances)) {
		st.Instances = append(st.Instances, m.Instances[id])
	}
	for _, id := range slices.Sorted(maps.Keys(m.Deployments)) {
		st.Deployments = append(st.Deployments, m.Deployments[id])
	}
	st.Past = slices.SortedFunc(maps.Keys(m.Past), func(a, b *app.Spec) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), a.Version.Compare(b.Version))
	})
	for _, id := range slices.Sorted(maps.Keys(m.Groups)) {
		st.Groups = append(st.Groups, m.Groups[id])
	}
	for _, v := range slices.SortedFunc(maps.Keys(m.Edits), time.Time.Compare) {
		st.Edits = append(st.Edits, m.Edits[v])
	}
	return st
}
