package roster

import (
	"github.com/google/btree"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// Roster has all Apps and their instances.
type Roster struct {
	apps map[app.ID]*App
	// order has the Apps by id, for those below a group.
	order *btree.BTreeG[app.ID]
	// observers hear of every change, ofLaunches are those who hear of launches, too.
	observers, ofLaunches []Observer
	// waiting is how many instances want an offer.
	waiting int
}

// Observer hears of changes of instances. It gets a Change by value, which costs
// less than a place in memory for it.
type Observer func(c Change)

// Change is what happened to an instance.
type Change struct {
	App    *App
	Member *Member
	// Was is the record before, nil for a new instance; Is the one after, nil for
	// an instance that is forgotten.
	Was, Is *instance.Instance
	// Over is the record with which the instance's task ended, nil if none did. It
	// comes between Was and Is and is not kept.
	Over *instance.Instance
	// Moved says that what a deployment goes by has changed: the App's Tally, or
	// instances that are stopped and may be started again.
	Moved bool
	// Placed says that it is a launch: placement has found a place for an instance
	// that waited, and has counted it there.
	Placed bool
}

// New returns a Roster without any App.
func New() *Roster {
	return &Roster{apps: map[app.ID]*App{}, order: btree.NewOrderedG[app.ID](32)}
}

// Observe adds observers, which hear of all changes from now on after those that
// were added before.
func (r *Roster) Observe(o ...Observer) {
	r.ObserveAllButLaunches(o...)
	r.ofLaunches = append(r.ofLaunches, o...)
}

// ObserveAllButLaunches adds observers, in line with the others, to whom a launch
// (Change.Placed) says nothing: launches are the most frequent changes, and cheap
// enough that it shows.
func (r *Roster) ObserveAllButLaunches(o ...Observer) { r.observers = append(r.observers, o...) }

// Add takes in an App without instances. Owner is what App.Owner returns.
func (r *Roster) Add(a *App, spec *app.Spec, owner any) {
	a.owner = owner
	a.Install(spec)
	r.apps[spec.ID] = a
	r.order.ReplaceOrInsert(spec.ID)
}

// Remove forgets an App that has no instances any more.
func (r *Roster) Remove(a *App) {
	delete(r.apps, a.spec.ID)
	r.order.Delete(a.spec.ID)
}

// Len is how many Apps there are.
func (r *Roster) Len() int { return len(r.apps) }

// Waiting is how many instances want an offer.
func (r *Roster) Waiting() int { return r.waiting }

// App returns the App with this id, nil if there is none.
func (r *Roster) App(id app.ID) *App { return r.apps[id] }

// Apps calls yield for each App in the order of ids. Apps may be changed
// meanwhile, but neither added nor removed.
func (r *Roster) Apps(yield func(*App) bool) {
	r.order.Ascend(func(id app.ID) bool { return yield(r.apps[id]) })
}

// Below lists the Apps below a group at any depth, in the order of ids.
func (r *Roster) Below(group app.ID) []app.ID {
	var ids []app.ID
	start := group + "/"
	if group == "/" {
		start = "/"
	}
	r.order.AscendGreaterOrEqual(start, func(id app.ID) bool {
		if !id.Within(group) {
			return false
		}
		ids = append(ids, id)
		return true
	})
	return ids
}

// Find returns the instance with this id, nil if there is none.
func (r *Roster) Find(id instance.ID) *Member {
	_, appID, ok := instance.OfTask(id.TaskID(1))
	if a := r.apps[appID]; ok && a != nil {
		return a.Member(id)
	}
	return nil
}

// FindTask returns the instance whose current task this is, nil if there is none.
func (r *Roster) FindTask(t mesos.TaskID) *Member {
	id, appID, ok := instance.OfTask(t)
	if !ok || r.apps[appID] == nil {
		return nil
	}
	m := r.apps[appID].Member(id)
	if m == nil || !m.is.Owns(t) {
		return nil
	}
	return m
}

// Join makes new instances of an App members of it.
func (r *Roster) Join(a *App, fresh ...*instance.Instance) {
	members := make([]*Member, len(fresh))
	for n, i := range fresh {
		members[n] = &Member{app: a, is: i}
	}
	a.arrange(members)
	for n, m := range members {
		before := a.tally
		a.count(fresh[n], 1)
		a.lineUp(m)
		r.waiting += wants(m)
		r.tell(m, nil, fresh[n], nil, &before)
	}
}

// Put replaces an instance's record.
func (r *Roster) Put(m *Member, is *instance.Instance) { r.replace(m, nil, is) }

// End replaces an instance's record after its task has ended as over says; next
// is nil if the instance goes with it.
func (r *Roster) End(m *Member, over, next *instance.Instance) {
	if next == nil {
		r.drop(m, over)
		return
	}
	r.replace(m, over, next)
}

// Drop forgets an instance.
func (r *Roster) Drop(m *Member) { r.drop(m, nil) }

func (r *Roster) replace(m *Member, over, is *instance.Instance) {
	a, was, before := m.app, m.is, m.app.tally
	a.count(was, -1)
	r.waiting -= wants(m)
	m.is = is
	r.waiting += wants(m)
	a.count(is, 1)
	a.lineUp(m)
	r.tell(m, was, is, over, &before)
}

func (r *Roster) drop(m *Member, over *instance.Instance) {
	a, before := m.app, m.app.tally
	a.count(m.is, -1)
	r.waiting -= wants(m)
	a.remove(m)
	r.tell(m, m.is, nil, over, &before)
}

func (r *Roster) tell(m *Member, was, is, over *instance.Instance, before *deployment.Tally) {
	c := Change{
		App: m.app, Member: m, Was: was, Is: is, Over: over,
		Moved:  m.app.tally != *before || suspended(was) || suspended(is),
		Placed: was != nil && is != nil && was.Condition == instance.Scheduled && is.Condition == instance.Provisioned,
	}
	observers := r.observers
	if c.Placed {
		observers = r.ofLaunches
	}
	for _, o := range observers {
		o(c)
	}
}

// suspended reports whether an instance is kept for the next time that its App
// wants one more, which the Tally does not say.
func suspended(i *instance.Instance) bool { return i != nil && i.Goal == instance.GoalStopped }

func wants(m *Member) int {
	if m.Waits() {
		return 1
	}
	return 0
}
