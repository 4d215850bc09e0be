package discovery

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// GateConfig is what a Gate goes by.
type GateConfig struct {
	// Began is when this scheduler's term did: consumers of the one before register
	// again within the time that their registrations hold.
	Began time.Time
	// Drain is how tasks are drained whose App does not say so, as core.Config has it.
	Drain app.Drain
	// PublishTimeout is how long an output may take to take a task back until nobody
	// waits for it any more.
	PublishTimeout time.Duration
}

// registrationTTL is how long a registration holds that does not say so.
const registrationTTL = 15 * time.Second

// askAgain is how long after a task was let go of it is let go of again, if it has
// not been killed by then: the command may not have been carried out.
const askAgain = 5 * time.Second

// Gate decides when a task that is being drained may be killed: when every output
// has taken it back, every consumer that acknowledges has let go of it, and the
// App's least time is over. That its App's longest time is over is not its matter:
// the core kills the task then whatever the Gate says.
type Gate struct {
	cfg       GateConfig
	drains    map[mesos.TaskID]*drain
	consumers map[string]*consumer
	outputs   map[string]uint64
}

// drain is one task that is being drained.
type drain struct {
	app  *endpoint.App
	task mesos.TaskID
	// number is that of the table's change that took it back, 0 if it had no endpoints.
	number uint64
	// since is when that was, out when every output had it, zero before.
	since, out time.Time
	limits     app.Drain
	// before says that the task was launched before this term began.
	before bool
	// asked is when it was last let go of, zero if it was not.
	asked time.Time
}

func newGate(cfg GateConfig) *Gate {
	return &Gate{cfg: cfg, drains: map[mesos.TaskID]*drain{}, consumers: map[string]*consumer{}, outputs: map[string]uint64{}}
}

// begin takes in a task that is to be drained.
func (g *Gate) begin(e *entry, r *row, number uint64) {
	d := &drain{
		app: e.told, task: r.is.TaskID(), number: number, since: r.is.Since, before: r.is.StagedAt.Before(g.cfg.Began),
		limits: limitsOf(e.app, r.is, g.cfg.Drain),
	}
	if len(r.endpoints) == 0 {
		d.number = 0
	}
	g.drains[d.task] = d
}

func limitsOf(a *view.App, i *instance.Instance, otherwise app.Drain) app.Drain {
	return specOf(a, i).Drain(otherwise)
}

// end forgets a task that is being drained no more.
func (g *Gate) end(t mesos.TaskID) { delete(g.drains, t) }

// Output has drains wait, from now on, for an output that tells by Written which
// changes it has carried out.
func (g *Gate) Output(name string) { g.outputs[name] = 0 }

// Written notes that an output shows the table as it was after this change.
func (g *Gate) Written(name string, number uint64) { g.outputs[name] = max(g.outputs[name], number) }

// Release returns the tasks that may be killed now, and when it is to be asked again
// at the latest, zero if nothing is waited for but changes and consumers.
func (g *Gate) Release(now time.Time) (free []mesos.TaskID, next time.Time) {
	g.expire(now)
	for _, t := range slices.Sorted(maps.Keys(g.drains)) {
		d := g.drains[t]
		g.published(d, now)
		held, until := g.holds(d, now)
		if len(held) == 0 && now.Sub(d.asked) >= askAgain {
			d.asked = now
			free = append(free, t)
		}
		if len(held) == 0 {
			until = d.asked.Add(askAgain)
		}
		next = earliest(next, until)
	}
	if len(g.drains) > 0 {
		for _, c := range g.consumers {
			next = earliest(next, c.expires)
		}
	}
	return free, next
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// published notes when every output has taken a task back, or has been given up.
func (g *Gate) published(d *drain, now time.Time) {
	if d.out.IsZero() && (len(g.lagging(d)) == 0 || !now.Before(d.since.Add(g.cfg.PublishTimeout))) {
		d.out = now
	}
}

func (g *Gate) lagging(d *drain) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(g.outputs)) {
		if g.outputs[name] < d.number {
			names = append(names, name)
		}
	}
	return names
}

// holds says what the kill of a task waits for, and until when, zero if that is not known.
func (g *Gate) holds(d *drain, now time.Time) (held []string, until time.Time) {
	if d.number == 0 {
		return nil, time.Time{}
	}
	if d.out.IsZero() {
		for _, name := range g.lagging(d) {
			held = append(held, "it is still published by the output "+name)
		}
		until = d.since.Add(g.cfg.PublishTimeout)
	} else if least := d.out.Add(d.limits.MinDelay); now.Before(least) {
		held = append(held, "its least time, for readers that tell nobody, is over in "+least.Sub(now).Round(time.Millisecond).String())
		until = earliest(until, least)
	}
	if late := g.cfg.Began.Add(registrationTTL); d.before && now.Before(late) {
		held = append(held, "this scheduler leads since a moment: load balancers may still have to register with it")
		until = earliest(until, late)
	}
	for _, id := range slices.Sorted(maps.Keys(g.consumers)) {
		if why := g.consumers[id].holds(d); why != "" {
			held = append(held, why)
		}
	}
	return held, until
}

// Drains lists the tasks that are being drained, those that began first first.
func (g *Gate) Drains(now time.Time, term uint64) []endpoint.Drain {
	out := make([]endpoint.Drain, 0, len(g.drains))
	for _, d := range g.drains {
		held, _ := g.holds(d, now)
		if held == nil {
			held = []string{}
		}
		out = append(out, endpoint.Drain{
			App: d.app.ID, Task: d.task, Since: d.since, Deadline: d.since.Add(d.limits.Timeout),
			Index: endpoint.Index{Term: term, Number: d.number}.String(), HeldBy: held,
		})
	}
	slices.SortFunc(out, func(a, b endpoint.Drain) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Task, b.Task)) })
	return out
}

// holds says in words why a consumer has not let go of a task, "" if it has.
func (c *consumer) holds(d *drain) string {
	selector := c.told.Selector()
	switch {
	case !c.told.Acks || !selector.Matches(d.app):
		return ""
	case c.acked < d.number:
		return fmt.Sprintf("consumer %s (%s) has not acknowledged the change that took it back", c.id, c.told.Kind)
	case c.draining[d.task].Connections > 0:
		return fmt.Sprintf("consumer %s (%s) has %d connections to it", c.id, c.told.Kind, c.draining[d.task].Connections)
	default:
		return ""
	}
}
