package roster

import (
	"cmp"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// App is what the Roster keeps of one App. Who knows more of it embeds it, so
// that both lie close together in memory: with many Apps, fetching them is most
// of the work of a launch. The zero value is ready for Roster.Add.
type App struct {
	spec  *app.Spec
	owner any
	// first and last are the ends of the line of instances that want an offer, in
	// the order in which they began to; waiting is how many they are.
	first, last *Member
	waiting     int32
	// resident says that spec has persistent volumes.
	resident bool
	tally    deployment.Tally
	counts   Counts
	versions []*app.Spec // newest first; the first is spec
	members  []*Member   // by id
	// current remembers which versions (Unix milliseconds) have the configuration of spec.
	current map[int64]bool
}

// Spec is the current definition.
func (a *App) Spec() *app.Spec { return a.spec }

// Owner is who takes care of the App, as given to Roster.Add.
func (a *App) Owner() any { return a.owner }

// Resident reports whether the current definition has persistent volumes.
func (a *App) Resident() bool { return a.resident }

// Tally is what deployments go by.
func (a *App) Tally() deployment.Tally { return a.tally }

// Counts is what the API shows.
func (a *App) Counts() Counts { return a.counts }

// Len is how many instances there are.
func (a *App) Len() int { return len(a.members) }

// Waiting is how many instances want an offer.
func (a *App) Waiting() int { return int(a.waiting) }

// First is the instance that has wanted an offer for longest, nil if none does.
func (a *App) First() *Member { return a.first }

// Install makes spec the current definition and judges all instances anew.
func (a *App) Install(spec *app.Spec) {
	a.spec, a.resident = spec, spec.HasPersistentVolumes()
	a.versions = slices.Insert(a.versions, 0, spec)
	a.judge()
}

// judge works out again which versions are current and what follows from it.
func (a *App) judge() {
	a.current = map[int64]bool{}
	for _, v := range a.versions {
		a.current[v.Version.UnixMilli()] = SameConfig(v, a.spec)
	}
	a.tally, a.counts, a.waiting = deployment.Tally{}, Counts{}, 0
	for i := range a.Instances {
		a.count(i, 1)
	}
}

// Versions lists the definitions that are kept, the newest and current one first.
func (a *App) Versions() []*app.Spec { return a.versions }

// Keep forgets all definitions but these, which are among those of Versions.
func (a *App) Keep(versions []*app.Spec) { a.versions = versions }

// Version returns the definition with this version, nil if it is not kept.
func (a *App) Version(v time.Time) *app.Spec {
	for _, s := range a.versions {
		if s.Version.Equal(v) {
			return s
		}
	}
	return nil
}

// Ran returns the definition that an instance was made from, by which it is
// judged; the current one if that is not kept any more.
func (a *App) Ran(i *instance.Instance) *app.Spec {
	if spec := a.Version(i.Version); spec != nil {
		return spec
	}
	return a.spec
}

// Ready reports whether the instance does its work as far as its own version
// checks that: all its health checks and readiness checks have passed. A check that
// was added later says nothing about it.
func (a *App) Ready(i *instance.Instance) bool {
	if i.Condition != instance.Running {
		return false
	}
	ran := a.Ran(i)
	return (i.Healthy != nil && *i.Healthy || len(ran.HealthChecks) == 0) && i.Report().Ready(len(ran.Readiness))
}

// Outdated reports whether the instance has another configuration than the current one.
func (a *App) Outdated(i *instance.Instance) bool {
	return !i.Version.Equal(a.spec.Version) && i.Condition != instance.Scheduled && !a.current[i.Version.UnixMilli()]
}

// Counted reports whether an instance counts for the constraints of its App
// ("Marathon, constraints"): its configuration is the current one, and its task
// lives, also while it is being ended, or it will return to its volumes. Nothing,
// which is nil, does not.
func (a *App) Counted(i *instance.Instance) bool {
	return i != nil && a.current[i.Version.UnixMilli()] &&
		(i.Condition.Live() && i.Condition != instance.UnreachableInactive || i.Home != nil && i.Goal == instance.GoalRunning)
}

// Instances calls yield for each of the App's instances in the order of ids.
func (a *App) Instances(yield func(*instance.Instance) bool) {
	for _, m := range a.members {
		if !yield(m.is) {
			return
		}
	}
}

// Members lists the App's instances in the order of ids. It is a copy: they may
// be changed and dropped while it is gone through.
func (a *App) Members() []*Member { return slices.Clone(a.members) }

// Member returns the App's instance with this id, nil if there is none.
func (a *App) Member(id instance.ID) *Member {
	if n, ok := a.find(id); ok {
		return a.members[n]
	}
	return nil
}

// Copies lists the instances that a deployment may end, of one kind.
func (a *App) Copies(keep func(*instance.Instance) bool) []deployment.Copy {
	var out []deployment.Copy
	for i := range a.Instances {
		if i.Goal == instance.GoalRunning && keep(i) {
			out = append(out, deployment.Copy{Instance: i, Ready: a.Ready(i)})
		}
	}
	return out
}

func (a *App) find(id instance.ID) (int, bool) {
	return slices.BinarySearchFunc(a.members, id, func(m *Member, id instance.ID) int { return cmp.Compare(m.is.ID, id) })
}

// insertMax is up to how many new members are put in their places one by one.
const insertMax = 16

// arrange puts new members in their places.
func (a *App) arrange(fresh []*Member) {
	if len(fresh) <= insertMax {
		for _, m := range fresh {
			at, _ := a.find(m.is.ID)
			a.members = slices.Insert(a.members, at, m)
		}
		return
	}
	old := a.members
	all := append(old, fresh...) //nolint:gocritic // it is filled from its end, where old is not read any more
	fresh = slices.Clone(fresh)
	slices.SortFunc(fresh, func(x, y *Member) int { return cmp.Compare(x.is.ID, y.is.ID) })
	for at := len(all) - 1; len(fresh) > 0; at-- {
		from := &fresh
		if len(old) > 0 && old[len(old)-1].is.ID > fresh[len(fresh)-1].is.ID {
			from = &old
		}
		last := len(*from) - 1
		all[at] = (*from)[last]
		*from = (*from)[:last]
	}
	a.members = all
}

// remove takes a member out of the App.
func (a *App) remove(m *Member) {
	if n, ok := a.find(m.is.ID); ok {
		a.members = slices.Delete(a.members, n, n+1)
	}
	if m.lined {
		a.unline(m)
	}
}
