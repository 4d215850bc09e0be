// Package event holds the events that Gantry publishes, named and shaped as
// Marathon's event stream names them ("Marathon, event stream"). Package
// httpapi writes them as JSON.
package event

import "time"

// Event is one event. Type is Marathon's name, such as "status_update_event".
type Event struct {
	Type  string
	At    time.Time
	Facts Facts
}

// Facts are an event's further members. They are put into words when somebody
// reads them, for most events are published to nobody.
type Facts interface {
	// Fields returns the members by name, ready for JSON.
	Fields() map[string]any
}

// Fields are facts that are in words already.
type Fields map[string]any

// Fields implements Facts.
func (f Fields) Fields() map[string]any { return f }
