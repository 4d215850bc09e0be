package volumes

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// Release says that an instance is gone for good and that what was reserved for
// it, its data included, is to be destroyed. Nothing is destroyed without one,
// so that a store which lost its instances costs no data.
type Release struct {
	// Agent is where the instance was at home, Role what its resources are reserved for.
	Agent mesos.AgentID
	Role  string
	Since time.Time
}

// Clerk keeps the records of volumes without an instance.
type Clerk interface {
	// Released has a new Release stored, Finished has it forgotten.
	Released(id instance.ID, r Release)
	Finished(id instance.ID)
	// Unclaimed hears of volumes on an agent that nobody knows, once for each
	// instance that they were made for.
	Unclaimed(id instance.ID, agent mesos.AgentID)
}

// Keeper acts on what a Book finds out, at once.
type Keeper interface {
	Clerk
	// Returned hears that the volume of an instance whose task is out of sight is
	// on offer again: the task is over.
	Returned(m *roster.Member)
	// AtHome hears that the volumes of an instance without a task are on this offer.
	AtHome(m *roster.Member, o *mesos.Offer)
	// NeverMade hears that the home of a waiting instance does not exist.
	NeverMade(m *roster.Member)
	// Doubtful hears of an instance with volumes whose agent is out of sight: it
	// may be back without its task.
	Doubtful(m *roster.Member)
	// Search hears that offers are wanted until a time.
	Search(until time.Time)
}

// spot is an agent as it offers to a role.
type spot struct {
	agent mesos.AgentID
	role  string
}

func spotOf(h *instance.Home) spot { return spot{h.AgentID, h.Role} }

// trace is what was seen of a released instance lately.
type trace struct {
	spot
	// missed is when the spot first offered without it, zero since it was seen.
	missed time.Time
	// running says that its task lives and so keeps everything from being offered.
	running bool
}

// Book is the account of volumes. One goroutine steps it.
type Book struct {
	keeper  Keeper
	roster  *roster.Roster
	confirm time.Duration
	now     *time.Time

	releases map[instance.ID]Release
	// traces are of releases; tidy says that something of one is on offer.
	traces map[instance.ID]*trace
	tidy   bool
	// unsure are waiting instances whose home may never have been made.
	unsure map[instance.ID]bool
	// absent are instances with data whose agent is out of sight.
	absent map[instance.ID]bool
	// unclaimed are instances with volumes of this framework's on offer that
	// neither live nor were released.
	unclaimed map[instance.ID]spot
	// searchUntil is how long offers are asked for.
	searchUntil time.Time
}

const (
	// searchFor is how long offers are asked for after something was released: the
	// executor may outlive the task for a while and hold on to its part.
	searchFor = 2 * time.Minute
	// glance is how long they are asked for from time to time: each time costs an
	// offer of every agent.
	glance = 5 * time.Second
	// releaseMax is when an agent that holds something released counts as gone. If
	// it comes back later, its volumes are kept until a user confirms their end.
	releaseMax = 30 * 24 * time.Hour
)

// New returns the Book that goes on with the releases that were stored. A launch
// has reached its agent after confirm; now points to the time, which the caller
// keeps right.
func New(keeper Keeper, r *roster.Roster, confirm time.Duration, now *time.Time, stored map[instance.ID]Release) *Book {
	b := &Book{
		keeper: keeper, roster: r, confirm: confirm, now: now,
		releases: map[instance.ID]Release{}, traces: map[instance.ID]*trace{},
		unsure: map[instance.ID]bool{}, absent: map[instance.ID]bool{}, unclaimed: map[instance.ID]spot{},
	}
	maps.Copy(b.releases, stored)
	return b
}

// Doubt is an observer of the roster: it keeps in mind a waiting instance whose
// home may not have been made, and one whose home is out of sight.
func (b *Book) Doubt(c roster.Change) {
	switch {
	case c.Is == nil || c.Is.Home == nil:
	case unsure(c.Is):
		b.unsure[c.Is.ID] = true
	case absent(c.Is):
		b.absent[c.Is.ID] = true
		if c.Was != nil && !c.Was.Condition.OutOfSight() {
			b.search(searchFor)
		}
	}
}

// Free is an observer of the roster: what a forgotten instance reserved is
// released, to be destroyed as soon as its agent offers it.
func (b *Book) Free(c roster.Change) {
	if c.Is == nil && c.Was.Home != nil {
		b.release(c.Was.ID, spotOf(c.Was.Home))
	}
}

func absent(i *instance.Instance) bool { return i.Home != nil && i.Condition.OutOfSight() }

func unsure(i *instance.Instance) bool {
	return i.Home != nil && !i.Home.Made && i.Condition == instance.Scheduled
}

func (b *Book) release(id instance.ID, at spot) {
	r := Release{Agent: at.agent, Role: at.role, Since: *b.now}
	b.releases[id] = r
	b.keeper.Released(id, r)
	b.search(searchFor)
}

// finish forgets a release.
func (b *Book) finish(id instance.ID) {
	delete(b.releases, id)
	delete(b.traces, id)
	b.keeper.Finished(id)
}

// search asks for offers for a while, though nothing waits for one.
func (b *Book) search(d time.Duration) {
	if until := b.now.Add(d); until.After(b.searchUntil) {
		b.searchUntil = until
	}
	b.keeper.Search(b.searchUntil)
}

// Glance looks for what is still to be destroyed, and for volumes whose agent may
// be back under another id, as after a new subscription. An agent may also be
// back without the task, which nobody says without being asked.
func (b *Book) Glance() {
	for _, id := range slices.Sorted(maps.Keys(b.absent)) {
		m := b.roster.Find(id)
		if m == nil || !absent(m.Is()) {
			delete(b.absent, id)
			continue
		}
		b.keeper.Doubtful(m)
	}
	for _, id := range slices.Sorted(maps.Keys(b.releases)) {
		if b.now.Sub(b.releases[id].Since) > releaseMax {
			b.finish(id)
		}
	}
	if len(b.releases)+len(b.absent) > 0 {
		b.search(glance)
	}
}

// Unclaimed is of how many instances there are volumes that nobody knows.
func (b *Book) Unclaimed() int { return len(b.unclaimed) }

// Confirm releases the unclaimed volumes that were found so far.
func (b *Book) Confirm() {
	for _, id := range slices.Sorted(maps.Keys(b.unclaimed)) {
		if b.roster.Find(id) == nil {
			b.release(id, b.unclaimed[id])
		}
	}
	clear(b.unclaimed)
}

// Stray notes that the task of a released instance is or was alive: what it used
// will only be offered afterwards.
func (b *Book) Stray(task mesos.TaskID, live bool) {
	id, _, ok := instance.OfTask(task)
	if _, released := b.releases[id]; !ok || !released {
		return
	}
	t := b.traceOf(id)
	t.running, t.missed = live, time.Time{}
	b.search(searchFor)
}

// Found reports, once, whether something released is on offer. Destroying it
// brings the rest of it to light: the search goes on.
func (b *Book) Found() bool {
	found := b.tidy
	b.tidy = false
	return found
}

// Keeps reports whether what was reserved for an instance has to stay.
func (b *Book) Keeps(owner string) bool {
	id := instance.ID(owner)
	_, released := b.releases[id]
	return !released || b.roster.Find(id) != nil
}

// Destroyed notes that something released is being destroyed: more of it may follow.
func (b *Book) Destroyed() { b.search(searchFor) }

func (b *Book) traceOf(id instance.ID) *trace {
	t := b.traces[id]
	if t == nil {
		r := b.releases[id]
		t = &trace{spot: spot{r.Agent, r.Role}}
		b.traces[id] = t
	}
	return t
}
