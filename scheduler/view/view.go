package view

import (
	"maps"
	"slices"
	"time"

	"github.com/google/btree"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/why"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/groups"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// View is an immutable picture of the scheduler's state. It shares structure
// with earlier and later Views; nothing reached from it may be written to.
type View struct {
	// At is the time of the step it shows.
	At        time.Time
	Framework Framework
	// Deployments are the active ones, oldest first.
	Deployments []*deployment.Deployment
	// Groups are what Apps are in, with their history. Apps that are leaving are in none.
	Groups groups.Tree
	// Sharing is what the tenants' queues have.
	Sharing Sharing
	apps    *btree.BTreeG[*App]
	agents  *btree.BTreeG[*Agent]
	tasks   roster.Counts
}

// Framework is the framework's standing with Mesos.
type Framework struct {
	// ID is "" until the first subscription.
	ID         mesos.FrameworkID
	Subscribed bool
	Master     mesos.MasterInfo
	// LastOffer is when offers last came, zero before the first.
	LastOffer time.Time
	// KillsGuarded is how many kills the mass-kill guard holds back for a confirmation.
	KillsGuarded int
	// AgentsAvoided are the agents that are tried last, since tasks failed there by
	// the agent's fault, by id.
	AgentsAvoided []mesos.AgentID
	// VolumesUnclaimed is how many instances that nobody knows have volumes on offer,
	// which are destroyed only when a user confirms it.
	VolumesUnclaimed int
}

// App is one App with its instances.
type App struct {
	Spec *app.Spec
	// Versions are the definitions kept, newest first; the first is Spec.
	Versions []*app.Spec
	// Instances are ordered by id.
	Instances []*instance.Instance
	// Leaving says that the App is deleted: it is only there until its last task has ended.
	Leaving bool
	// Deployments lists the active deployments that affect the App.
	Deployments []deployment.ID
	// LastFailure is the last abnormal end of a task, nil when there was none.
	LastFailure *instance.TaskFailure
	Counts      roster.Counts
	// Spared is how many unhealthy instances are not replaced yet, since too many are.
	Spared int
	Queue  Queue
}

// Queue is what waits for an offer, and why it still does.
type Queue struct {
	// Waiting is how many instances want an offer.
	Waiting int
	// Since is when the oldest of them began to wait.
	Since time.Time
	// DelayUntil is when the App's back-off ends; zero or past means it does not back off.
	DelayUntil time.Time
	// Offers counts what happened to offers since the App began to wait.
	Processed, Unused    int
	LastUsed, LastUnused time.Time
	// Rejections counts the reasons against the latest offer of each agent, in
	// funnel order, Attempt those against all offers since the App began to wait.
	Rejections, Attempt []placement.Tally
	// UnusedOffers are some of the latest offers, each with the first reason against it.
	UnusedOffers []UnusedOffer
	// Cause is why nothing fits, nil when something does; see Why.
	Cause why.Cause
}

// UnusedOffer is an offer that an App could not use at a time.
type UnusedOffer struct {
	Offer  *mesos.Offer
	Reason placement.Reason
	At     time.Time
}

// Agent is an agent as far as offers and tasks have shown it.
type Agent struct {
	mesos.Site
	// LastSeen is when an offer or a status last named it.
	LastSeen time.Time
}

// App returns the App with this id.
func (v *View) App(id app.ID) (*App, bool) {
	if v.apps == nil {
		return nil, false
	}
	return v.apps.Get(&App{Spec: &app.Spec{ID: id}})
}

// Apps calls yield for every App in the order of ids until it returns false.
func (v *View) Apps(yield func(*App) bool) {
	if v.apps != nil {
		v.apps.Ascend(yield)
	}
}

// AppsIn calls yield for every App below group, at any depth, in the order of ids.
func (v *View) AppsIn(group app.ID, yield func(*App) bool) {
	if v.apps == nil {
		return
	}
	v.apps.AscendGreaterOrEqual(&App{Spec: &app.Spec{ID: group}}, func(a *App) bool {
		if !a.Spec.ID.Within(group) {
			return a.Spec.ID <= group+"/" || a.Spec.ID < group+"0"
		}
		return yield(a)
	})
}

// AppCount is how many Apps there are.
func (v *View) AppCount() int {
	if v.apps == nil {
		return 0
	}
	return v.apps.Len()
}

// Agent returns the agent with this id, if it ever made an offer.
func (v *View) Agent(id mesos.AgentID) (*Agent, bool) {
	if v.agents == nil {
		return nil, false
	}
	return v.agents.Get(&Agent{Site: mesos.Site{AgentID: id}})
}

// Hostname returns the name of an agent, its id if it is not known any more.
func (v *View) Hostname(id mesos.AgentID) string {
	if g, ok := v.Agent(id); ok {
		return g.Hostname
	}
	return string(id)
}

// Agents calls yield for every known agent in the order of ids.
func (v *View) Agents(yield func(*Agent) bool) {
	if v.agents != nil {
		v.agents.Ascend(yield)
	}
}

// Totals are the counts over all Apps.
func (v *View) Totals() roster.Counts { return v.tasks }

// Instance finds the instance that a task belongs to, over all Apps.
func (v *View) Instance(task mesos.TaskID) (*App, *instance.Instance, bool) {
	id, appID, ok := instance.OfTask(task)
	if !ok {
		return nil, nil, false
	}
	a, ok := v.App(appID)
	if !ok {
		return nil, nil, false
	}
	i, ok := a.instance(id)
	if !ok || !i.Owns(task) {
		return nil, nil, false
	}
	return a, i, true
}

func (a *App) instance(id instance.ID) (*instance.Instance, bool) {
	lo, hi := 0, len(a.Instances)
	for lo < hi {
		mid := (lo + hi) / 2
		if a.Instances[mid].ID < id {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(a.Instances) && a.Instances[lo].ID == id {
		return a.Instances[lo], true
	}
	return nil, false
}

// New makes a View of just these, in the groups that their ids name, for readers
// that have no scheduler yet and for tests.
func New(at time.Time, fw Framework, apps []*App, deployments []*deployment.Deployment) *View {
	v := &View{At: at, Framework: fw, Deployments: deployments, apps: newAppTree(), agents: newAgentTree()}
	above := map[app.ID]*group.Group{group.Root: {ID: group.Root}}
	for _, a := range apps {
		v.apps.ReplaceOrInsert(a)
		v.tasks = v.tasks.Plus(a.Counts)
		for id := range group.Above(a.Spec.ID) {
			above[id] = &group.Group{ID: id, Version: a.Spec.Version}
		}
	}
	v.Groups = groups.NewTree(slices.Collect(maps.Values(above))...)
	return v
}

func newAppTree() *btree.BTreeG[*App] {
	return btree.NewG(32, func(a, b *App) bool { return a.Spec.ID < b.Spec.ID })
}

func newAgentTree() *btree.BTreeG[*Agent] {
	return btree.NewG(32, func(a, b *Agent) bool { return a.AgentID < b.AgentID })
}
