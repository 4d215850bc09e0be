package discovery

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// Config is what a Table goes by.
type Config struct {
	// Term is that of the table's index; it is greater than those of earlier tables.
	Term uint64
	// GuardShare is the share of the instances that were ready a minute before which
	// stay published even if their checks fail; 0 is no guard.
	GuardShare float64
	Gate       GateConfig
}

// Table has the endpoints of all Apps. Only one goroutine uses it.
type Table struct {
	cfg  Config
	apps map[app.ID]*entry
	// ips are the addresses of agents by name, "" while they are not known; unlocated
	// are the names that nobody was asked for yet.
	ips       map[string]string
	unlocated map[string]bool
	log       changelog
	// Gate is told of the tasks that are being drained.
	Gate *Gate
}

// entry is what the table has of one App.
type entry struct {
	app *view.App
	// told is what consumers are told of it.
	told  *endpoint.App
	rows  []row
	guard guard
	kept  int
}

// row is one instance with its task's endpoints.
type row struct {
	is        *instance.Instance
	ordinal   int
	state     endpoint.State
	published bool
	endpoints []*endpoint.Endpoint
}

// New returns a Table without Apps.
func New(cfg Config) *Table {
	return &Table{cfg: cfg, apps: map[app.ID]*entry{}, ips: map[string]string{}, unlocated: map[string]bool{}, Gate: newGate(cfg.Gate)}
}

// Index is that of the newest change.
func (t *Table) Index() endpoint.Index { return endpoint.Index{Term: t.cfg.Term, Number: t.log.last} }

// Update has the table show the App as it is now. Its cost grows with what has
// changed, and little with the App.
func (t *Table) Update(now time.Time, a *view.App) {
	e := t.apps[a.Spec.ID]
	if e == nil {
		e = &entry{}
		t.apps[a.Spec.ID] = e
	}
	if e.app == a {
		return
	}
	before := e.rows
	e.app = a
	e.rows = t.rows(before, a)
	t.renew(now, e, before)
}

// renew notes what has become of an App's rows.
func (t *Table) renew(now time.Time, e *entry, before []row) {
	e.publish(now, t.cfg.GuardShare)
	t.log.begin()
	if e.told == nil || !e.told.Version.Equal(e.app.Spec.Version) || e.told.Kept != e.kept {
		e.told = describe(e.app)
		e.told.Kept = e.kept
		t.log.add(change{app: e.told})
	}
	t.compare(e, before)
}

// Remove takes an App off the table.
func (t *Table) Remove(id app.ID) {
	e := t.apps[id]
	if e == nil {
		return
	}
	for n := range e.rows {
		t.Gate.end(e.rows[n].is.TaskID())
	}
	delete(t.apps, id)
	t.log.begin()
	t.log.add(change{app: e.told, gone: true})
}

// Locate notes the address of an agent by its name, "" if it is not known.
func (t *Table) Locate(now time.Time, host, ip string) {
	known, asked := t.ips[host]
	if t.ips[host] = ip; asked && known == ip || !asked && ip == "" {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(t.apps)) {
		e := t.apps[id]
		before, moved := e.rows, false
		e.rows = slices.Clone(before)
		for n := range e.rows {
			moved = e.rows[n].locate(host, ip) || moved
		}
		if moved {
			t.renew(now, e, before)
		}
	}
}

// locate gives the endpoints on a host its address.
func (r *row) locate(host, ip string) (moved bool) {
	for n, p := range r.endpoints {
		if p.Host != host || p.IP == ip || p.Host == p.ContainerIP {
			continue
		}
		if !moved {
			r.endpoints, moved = slices.Clone(r.endpoints), true
		}
		located := *p
		located.IP = ip
		r.endpoints[n] = &located
	}
	return moved
}

// Hosts lists the names of agents that endpoints lead to, and forgets the
// addresses of all others.
func (t *Table) Hosts() []string {
	used := map[string]bool{}
	for _, e := range t.apps {
		for n := range e.rows {
			if len(e.rows[n].endpoints) > 0 {
				used[e.rows[n].is.Hostname] = true
			}
		}
	}
	maps.DeleteFunc(t.ips, func(host, _ string) bool { return !used[host] })
	return slices.Sorted(maps.Keys(used))
}

// Wanting reports whether there are agents whose addresses are wanted.
func (t *Table) Wanting() bool { return len(t.unlocated) > 0 }

// Unlocated lists, once, the names of agents whose addresses are wanted.
func (t *Table) Unlocated() []string {
	names := slices.Sorted(maps.Keys(t.unlocated))
	clear(t.unlocated)
	return names
}

// rows makes the rows of an App as it is now; those of instances that have not
// changed are taken over.
func (t *Table) rows(before []row, a *view.App) []row {
	out := make([]row, 0, len(a.Instances))
	old := 0
	var numbers *ordinals
	for _, i := range a.Instances {
		for old < len(before) && before[old].is.ID < i.ID {
			old++
		}
		var was row
		if old < len(before) && before[old].is.ID == i.ID {
			was = before[old]
		}
		if was.is == i {
			out = append(out, was)
			continue
		}
		spec := specOf(a, i)
		r := row{is: i, ordinal: was.ordinal}
		if was.is == nil {
			if numbers == nil {
				numbers = ordinalsOf(before)
			}
			r.ordinal = numbers.next()
		}
		if was.is != nil && was.is.Incarnation == i.Incarnation {
			r.state = was.state
		}
		if r.state = stateOf(spec, i, r.state); r.state == 0 {
			out = append(out, r)
			continue
		}
		found := addresses(spec, i)
		for n := range found {
			found[n].Ordinal = r.ordinal
			t.address(&found[n])
			r.endpoints = append(r.endpoints, &found[n])
		}
		out = append(out, r)
	}
	return out
}

// address gives an endpoint its host's address, or notes that it is wanted.
func (t *Table) address(p *endpoint.Endpoint) {
	if p.IP != "" {
		return
	}
	ip, asked := t.ips[p.Host]
	if p.IP = ip; !asked {
		t.unlocated[p.Host] = true
	}
}

// compare finds out which endpoints of an App have changed, and notes them. Those
// that have not stay the ones that they were.
func (t *Table) compare(e *entry, before []row) {
	old := 0
	for n := range e.rows {
		r := &e.rows[n]
		for old < len(before) && before[old].is.ID < r.is.ID {
			t.gone(&before[old], nil)
			old++
		}
		var was row
		if old < len(before) && before[old].is.ID == r.is.ID {
			was = before[old]
			old++
		}
		t.compareRow(e, r, &was)
	}
	for ; old < len(before); old++ {
		t.gone(&before[old], nil)
	}
}

func (t *Table) compareRow(e *entry, r, was *row) {
	if was.is != nil {
		t.gone(was, r)
	}
	owned := false
	for n, p := range r.endpoints {
		weight := 0
		if r.state == endpoint.Ready || r.state == endpoint.Unreachable || r.state == endpoint.Unhealthy && r.published {
			weight = endpoint.Standard
		}
		made := *p
		made.State, made.Published, made.Weight = r.state, r.published, weight
		next := was.find(p.PortIndex, p.Task)
		if next == nil || !same(next, &made) {
			next = &made
			next.Index = t.log.add(change{app: e.told, endpoint: next})
		}
		if next == p {
			continue
		}
		if !owned {
			r.endpoints, owned = slices.Clone(r.endpoints), true
		}
		r.endpoints[n] = next
	}
	task := r.is.TaskID()
	switch {
	case r.is.Draining && (was.is == nil || !was.is.Draining):
		t.Gate.begin(e, r, t.log.last)
	case !r.is.Draining && was.is != nil && was.is.Draining:
		t.Gate.end(task)
	}
}

// gone notes the endpoints that a row had and has no more.
func (t *Table) gone(was, is *row) {
	for _, p := range was.endpoints {
		if is == nil || is.find(p.PortIndex, p.Task) == nil {
			t.log.add(change{app: nil, endpoint: p, gone: true})
		}
	}
	if was.is.Draining && (is == nil || is.is.TaskID() != was.is.TaskID()) {
		t.Gate.end(was.is.TaskID())
	}
}

func (r *row) find(port int, task mesos.TaskID) *endpoint.Endpoint {
	for _, p := range r.endpoints {
		if p.PortIndex == port && p.Task == task {
			return p
		}
	}
	return nil
}

// same reports whether two endpoints of one task's port tell the same.
func same(a, b *endpoint.Endpoint) bool {
	return a.State == b.State && a.Published == b.Published && a.Weight == b.Weight && a.Host == b.Host && a.IP == b.IP && a.Port == b.Port &&
		a.HostPort == b.HostPort && a.ContainerIP == b.ContainerIP && a.AppVersion.Equal(b.AppVersion.Time)
}

// App returns what consumers are told of an App, and its endpoints.
func (t *Table) App(id app.ID) (a *endpoint.App, endpoints []*endpoint.Endpoint, ok bool) {
	e := t.apps[id]
	if e == nil {
		return nil, nil, false
	}
	return e.told, e.endpoints(), true
}

// Each calls yield for each App with its endpoints, in the order of ids.
func (t *Table) Each(yield func(a *endpoint.App, endpoints []*endpoint.Endpoint) bool) {
	for _, id := range slices.SortedFunc(maps.Keys(t.apps), cmp.Compare[app.ID]) {
		e := t.apps[id]
		if !yield(e.told, e.endpoints()) {
			return
		}
	}
}

func (e *entry) endpoints() []*endpoint.Endpoint {
	var out []*endpoint.Endpoint
	for n := range e.rows {
		out = append(out, e.rows[n].endpoints...)
	}
	return out
}
