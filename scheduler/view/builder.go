package view

import (
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/why"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/groups"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// Source is asked, while a View is drawn, for what it costs nothing to look up
// then. To answer changes nothing.
type Source interface {
	Framework() Framework
	// Deployments are the active ones, oldest first. They are copied.
	Deployments() []*deployment.Deployment
	// Shared counts the changes of what Sharing tells, which is made anew.
	Shared() uint64
	Sharing() Sharing
	Facts(a *roster.App) Facts
	// Home is what an App's longest waiting resident instance waits for, nil if none
	// waits for its home.
	Home(a *roster.App) *why.Home
}

// Facts are what is known of an App beside its instances.
type Facts struct {
	// Leaving says that the App is deleted, and only there until its last task has ended.
	Leaving bool
	// Deployment is the active one that affects the App, "" if none does.
	Deployment deployment.ID
	Failure    *instance.TaskFailure
	// DelayUntil is when its back-off ends, WaitsSince when the oldest of the
	// instances that want an offer began to; both zero if there is none.
	DelayUntil, WaitsSince time.Time
	// Spared is how many unhealthy instances are not replaced yet, since too many are.
	Spared int
}

// Builder makes Views from what it is told. Its zero value is not ready; see
// NewBuilder. Only one goroutine uses it.
type Builder struct {
	source Source
	last   *View
	// apps and agents are what the next View shows anew.
	apps   []*Page
	agents []*sighting
	seen   map[mesos.AgentID]*sighting
	// shared is which state of the shares was last shown, at sharedAt.
	shared   uint64
	sharedAt time.Time
	budget   budget
	// groups are those that the next View shows.
	groups groups.Tree
}

// sighting is an agent as its last offer showed it.
type sighting struct {
	Agent
	stale bool
}

// NewBuilder returns a Builder of Views of a scheduler without Apps.
func NewBuilder(source Source) *Builder {
	return &Builder{source: source, last: New(time.Time{}, Framework{}, nil, nil), seen: map[mesos.AgentID]*sighting{}}
}

// Changed has the next View show the App as it is then.
func (b *Builder) Changed(p *Page) {
	if !p.stale {
		p.stale = true
		b.apps = append(b.apps, p)
	}
}

// Removed has the next View not show the App any more. Another one may have its id.
func (b *Builder) Removed(p *Page) {
	p.gone = true
	b.Changed(p)
}

// Regrouped has the next View show these groups.
func (b *Builder) Regrouped(t groups.Tree) { b.groups = t }

// Saw notes that an agent made an offer.
func (b *Builder) Saw(now time.Time, o *mesos.Offer) {
	g := b.seen[o.AgentID]
	if g == nil {
		g = &sighting{}
		b.seen[o.AgentID] = g
	}
	g.Site, g.LastSeen = o.Site(), now
	if !g.stale {
		g.stale = true
		b.agents = append(b.agents, g)
	}
}

// ShowShares has the next View that shows any change show the shares.
func (b *Builder) ShowShares() { b.sharedAt = time.Time{} }

// Take returns the View of now. Its cost grows with what changed since the last
// one, not with the whole.
func (b *Builder) Take(now time.Time) *View {
	v := &View{
		At: now, Framework: b.source.Framework(), Deployments: slices.Clone(b.source.Deployments()),
		apps: b.last.apps.Clone(), agents: b.last.agents.Clone(), tasks: b.last.tasks, Sharing: b.last.Sharing, Groups: b.groups,
	}
	b.share(v)
	for _, p := range b.apps {
		p.stale = false
		if p.shown != nil {
			v.tasks = v.tasks.Plus(p.shown.Counts.Negative())
		}
		if p.gone {
			v.hide(p)
			continue
		}
		p.shown = b.draw(p, now)
		v.tasks = v.tasks.Plus(p.shown.Counts)
		v.apps.ReplaceOrInsert(p.shown)
	}
	for _, g := range b.agents {
		g.stale = false
		drawn := g.Agent
		v.agents.ReplaceOrInsert(&drawn)
	}
	clear(b.apps)
	clear(b.agents)
	b.apps, b.agents = b.apps[:0], b.agents[:0]
	b.last = v
	return v
}

// Where there are more than queuesMany, the shares are shown anew once in sharesPause at most.
const (
	queuesMany  = 100
	sharesPause = 250 * time.Millisecond
)

// share renews the shares.
func (b *Builder) share(v *View) {
	shared := b.source.Shared()
	if shared == b.shared && len(b.apps) == 0 || len(v.Sharing.Queues) > queuesMany && v.At.Sub(b.sharedAt) < sharesPause {
		return
	}
	b.shared, b.sharedAt = shared, v.At
	v.Sharing = b.source.Sharing()
}

// hide takes an App that is gone off the picture, unless a new one has its id.
func (v *View) hide(p *Page) {
	if p.shown == nil {
		return
	}
	if is, ok := v.apps.Get(p.shown); ok && is == p.shown {
		v.apps.Delete(p.shown)
	}
	p.shown = nil
}

func (b *Builder) draw(p *Page, now time.Time) *App {
	a, facts := p.app, b.source.Facts(p.app)
	v := &App{
		Spec: a.Spec(), Versions: slices.Clone(a.Versions()), Instances: make([]*instance.Instance, a.Len()),
		LastFailure: facts.Failure, Counts: a.Counts(), Leaving: facts.Leaving, Spared: facts.Spared,
	}
	if p.queue != nil {
		v.Queue = p.queue.Queue
	}
	n := 0
	for i := range a.Instances {
		v.Instances[n] = i
		n++
	}
	if facts.Deployment != "" {
		v.Deployments = []deployment.ID{facts.Deployment}
	}
	v.Queue.Waiting, v.Queue.Since = a.Waiting(), facts.WaitsSince
	if facts.DelayUntil.After(now) {
		v.Queue.DelayUntil = facts.DelayUntil
	}
	if h := b.source.Home(a); h != nil {
		v.Queue.Cause = *h
	}
	return v
}
