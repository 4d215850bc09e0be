// Package event holds what Gantry tells of itself as it happens: one struct for
// each event, with the names and members of Marathon's event stream ("Marathon,
// event stream"), and Gantry's own. The core publishes them, scheduler/eventlog
// numbers and keeps them, and pkg/api writes them as JSON.
//
// An event is immutable once it is published: many readers share it.
package event

import (
	"encoding/json"
	"strings"
	"time"
)

// Event is something that happened. All of them, but for a Draft, are pointers to
// the structs of this package, so that a type switch tells them apart.
type Event interface {
	// Type is the name by which the stream knows the event, such as "status_update_event".
	Type() string
}

// Draft is an event that is not in its struct yet. Who makes thousands at once
// publishes drafts; who hands events on to readers makes them final.
type Draft interface {
	Event
	// Final returns the event in its struct.
	Final() Event
}

// Final returns the event that a draft is of, and any other event as it is.
func Final(e Event) Event {
	if d, ok := e.(Draft); ok {
		return d.Final()
	}
	return e
}

// Entry is an event as the log keeps it.
type Entry struct {
	// Number is larger by one than that of the event before it.
	Number uint64
	At     time.Time
	Event
}

// timeLayout is how Marathon writes times: UTC, always three digits of fraction.
const timeLayout = `"2006-01-02T15:04:05.000Z"`

// Time is a version, or another time, which is written as Marathon does.
type Time struct{ time.Time }

// MarshalJSON writes it in milliseconds.
func (t Time) MarshalJSON() ([]byte, error) {
	return t.UTC().AppendFormat(make([]byte, 0, len(timeLayout)), timeLayout), nil
}

// Addresses are the IP addresses of a task.
type Addresses []string

// MarshalJSON writes each with its protocol.
func (a Addresses) MarshalJSON() ([]byte, error) {
	type address struct {
		IPAddress string `json:"ipAddress"`
		Protocol  string `json:"protocol"`
	}
	list := make([]address, 0, len(a))
	for _, ip := range a {
		protocol := "IPv4"
		if strings.Contains(ip, ":") {
			protocol = "IPv6"
		}
		list = append(list, address{ip, protocol})
	}
	return json.Marshal(list)
}

// Ports are the host ports of a task.
type Ports []uint32

// MarshalJSON writes a list in any case.
func (p Ports) MarshalJSON() ([]byte, error) {
	if p == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]uint32(p))
}
