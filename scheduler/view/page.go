package view

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// Page is what a Builder keeps of one App beside the roster's part: whoever takes
// care of the App has it in their own record of the App, so that both lie close
// together in memory.
type Page struct {
	app *roster.App
	// shown is the App in the last View, nil before the first.
	shown *App
	// What a launch touches stands last, for those who have it beside what it
	// touches, too. queue is what is told of the instances that wait, nil as long as
	// there is nothing to tell.
	queue *told
	// stale says that the Builder's list of Apps to draw has it, gone that the App is no more.
	stale, gone bool
}

// NewPage returns the Page of an App that no View has shown yet.
func NewPage(a *roster.App) Page { return Page{app: a} }

// Used notes that an offer was used for one of the App's instances while others
// still wait.
func (p *Page) Used(now time.Time) { p.tell().LastUsed = now }

// Served notes that none of the App's instances waits any more.
func (p *Page) Served() {
	if p.queue != nil {
		p.queue = nil
	}
}

// tell returns what is told of the App's waiting instances, to be added to.
func (p *Page) tell() *told {
	if p.queue == nil {
		p.queue = &told{}
	}
	return p.queue
}

// told is what is kept of an App while its instances wait.
type told struct {
	Queue
	// explainedAt is when the App's rejections were last counted, attemptSince the
	// beginning of the wait that they are counted for.
	explainedAt, attemptSince time.Time
}

// Sharing is how the queues share the cluster.
type Sharing struct {
	Mode fairshare.Mode
	// Total is the part of the cluster that shares are of: the most that offers
	// and tasks have shown.
	Total resource.Vector
	// Queues are the shares by path, the whole first.
	Queues []fairshare.Share
	// Set has the paths of the queues whose quota was set at run time.
	Set map[string]bool
	// Held are the agents held for Apps whose instances are large, by App.
	Held []Held
}

// Held is an agent that is held for an App whose instances are too large for
// what becomes free in small parts.
type Held struct {
	App   app.ID
	Agent mesos.AgentID
	// Since is when the hold began.
	Since time.Time
}
