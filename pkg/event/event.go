// Package event holds the events that Gantry publishes, named and shaped as
// Marathon's event stream names them ("Marathon, event stream"). Package
// httpapi writes them as JSON.
package event

import "time"

// Event is one event. Type is Marathon's name, such as "status_update_event";
// Fields are its further members, ready for JSON.
type Event struct {
	Type   string
	At     time.Time
	Fields map[string]any
}
