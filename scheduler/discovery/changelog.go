package discovery

import (
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
)

// changesKept is how many changes a consumer may be behind before it gets all of the
// table instead.
const changesKept = 1 << 14

// changelog has the newest changes of the table, numbered. Changes that happened at
// once have one number.
type changelog struct {
	ring []change
	// next is where the next change goes once the ring is full.
	next int
	// last is the number of the newest change, lost that of the newest one that is not
	// kept any more.
	last, lost uint64
	// fresh says that the next change has a number of its own.
	fresh bool
}

// change is one that consumers are told of: of an App or of an endpoint.
type change struct {
	number   uint64
	app      *endpoint.App
	endpoint *endpoint.Endpoint
	gone     bool
}

// begin has the changes that follow counted as one.
func (l *changelog) begin() { l.fresh = true }

// add takes in a change and returns its number.
func (l *changelog) add(c change) uint64 {
	if l.fresh {
		l.last++
		l.fresh = false
	}
	c.number = l.last
	if len(l.ring) < changesKept {
		l.ring = append(l.ring, c)
		return l.last
	}
	l.lost = l.ring[l.next].number
	l.ring[l.next] = c
	l.next = (l.next + 1) % changesKept
	return l.last
}

// since calls yield for each change after the one with this number, oldest first;
// ok is false if some of them are not kept any more.
func (l *changelog) since(number uint64, yield func(change)) (ok bool) {
	if number < l.lost || number > l.last {
		return false
	}
	n := len(l.ring)
	// What is new is at the end.
	from := n
	for from > 0 && l.ring[(l.next+from-1)%n].number > number {
		from--
	}
	for ; from < n; from++ {
		yield(l.ring[(l.next+from)%n])
	}
	return true
}

// Since returns what has changed after an index in the Apps that the selector
// chooses, or all of the table if that is not known.
func (t *Table) Since(after endpoint.Index, s endpoint.Selector) *endpoint.Changes {
	f := folder{table: t, selector: s, apps: map[app.ID]bool{}, endpoints: map[string]*endpoint.Endpoint{}}
	if after.Term != t.cfg.Term || !t.log.since(after.Number, f.fold) {
		return t.All(s)
	}
	return f.changes()
}

// All returns the whole table, as far as the selector chooses.
func (t *Table) All(s endpoint.Selector) *endpoint.Changes {
	out := empty(t.Index())
	out.Full = true
	for a, endpoints := range t.Each {
		if s.Matches(a) {
			out.Apps = append(out.Apps, a)
			out.Endpoints = append(out.Endpoints, endpoints...)
		}
	}
	return out
}

func empty(at endpoint.Index) *endpoint.Changes {
	return &endpoint.Changes{
		Index: at.String(), Apps: []*endpoint.App{}, Endpoints: []*endpoint.Endpoint{}, Removed: []string{}, RemovedApps: []app.ID{},
	}
}

// folder makes of many changes the last of each thing.
type folder struct {
	table    *Table
	selector endpoint.Selector
	// apps are those that changed themselves, endpoints the endpoints by key, nil for
	// those that are gone; order has both as they first changed.
	apps      map[app.ID]bool
	endpoints map[string]*endpoint.Endpoint
	order     []change
}

func (f *folder) fold(c change) {
	if c.endpoint == nil {
		if !f.apps[c.app.ID] {
			f.apps[c.app.ID] = true
			f.order = append(f.order, c)
		}
		return
	}
	key := c.endpoint.Key()
	if _, seen := f.endpoints[key]; !seen {
		f.order = append(f.order, c)
	}
	f.endpoints[key] = c.endpoint
	if c.gone {
		f.endpoints[key] = nil
	}
}

func (f *folder) changes() *endpoint.Changes {
	out := empty(f.table.Index())
	for _, c := range f.order {
		if c.endpoint == nil {
			f.app(out, c.app.ID)
			continue
		}
		e := f.table.apps[c.endpoint.App]
		switch is := f.endpoints[c.endpoint.Key()]; {
		case f.apps[c.endpoint.App], e == nil || !f.selector.Matches(e.told): // told with the App, or of no interest
		case is == nil:
			out.Removed = append(out.Removed, c.endpoint.Key())
		default:
			out.Endpoints = append(out.Endpoints, is)
		}
	}
	return out
}

// app tells of an App that changed itself, with all of its endpoints.
func (f *folder) app(out *endpoint.Changes, id app.ID) {
	e := f.table.apps[id]
	if e == nil || !f.selector.Matches(e.told) {
		out.RemovedApps = append(out.RemovedApps, id)
		return
	}
	out.Apps = append(out.Apps, e.told)
	out.Endpoints = append(out.Endpoints, e.endpoints()...)
}
