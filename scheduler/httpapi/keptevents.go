package httpapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/scheduler/eventlog"
)

const (
	// keptMax is how many kept events are told at once, keptUsual how many unless
	// the query says otherwise.
	keptMax, keptUsual = 1000, 100
	// keptStep is how many are looked at before others get at the log.
	keptStep = 1024
)

// listKept answers with the newest of the kept events that the query asks for.
func (s eventRoutes) listKept(w http.ResponseWriter, r *http.Request) error {
	limit, err := limitOf(r, keptUsual, keptMax)
	if err != nil {
		return err
	}
	log := s.log()
	if log == nil {
		return errNoLog()
	}
	q := r.URL.Query()
	of, types := app.ID(""), q["event_type"]
	if q.Has("app") {
		of = app.Canonical(q.Get("app"))
	}
	entries, oldest, last := newest(log, limit, func(e event.Event) bool {
		return (len(types) == 0 || slices.Contains(types, e.Type())) && (of == "" || event.Concerns(e, of))
	})
	out := api.KeptEvents{Events: make([]json.RawMessage, 0, len(entries)), Oldest: oldest, Last: last}
	for _, e := range slices.Backward(entries) {
		text, err := api.AppendEvent(nil, e, true)
		if err != nil {
			return err
		}
		numbered := strconv.AppendUint([]byte(`{"number":`), e.Number, 10)
		out.Events = append(out.Events, append(append(numbered, ','), text[1:]...))
	}
	return reply(w, http.StatusOK, out)
}

// newest returns the newest events that are wanted, the oldest of them first, and
// the numbers of the oldest and the newest event that there are.
func newest(log *eventlog.Log, limit int, wanted func(event.Event) bool) (found []event.Entry, oldest, last uint64) {
	last = log.Last()
	buf := make([]event.Entry, keptStep)
	for at := uint64(0); at < last; {
		entries, next, _ := log.Since(at, buf)
		if len(entries) == 0 {
			break
		}
		if oldest == 0 {
			oldest = entries[0].Number
		}
		for _, e := range entries {
			if e.Number > last || !wanted(e.Event) {
				continue
			}
			if found = append(found, e); len(found) >= 2*limit {
				found = append(found[:0], found[len(found)-limit:]...)
			}
		}
		at = next
	}
	return found[max(0, len(found)-limit):], oldest, last
}
