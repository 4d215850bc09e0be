package endpoint

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// Registration is what a program that uses endpoints tells of itself. It holds for
// TTL and is renewed by telling it again.
type Registration struct {
	// Kind is what the program is, such as "haproxy".
	Kind  string   `json:"kind"`
	Apps  []app.ID `json:"apps,omitempty"`
	Label string   `json:"label,omitempty"`
	// Acks says that it acknowledges indexes; no task that it may send to is killed
	// before it has, unless the App's time for that is over.
	Acks bool `json:"acks"`
	// TTL is such as "15s", from 2s to 10m; 15s if it is not given.
	TTL string `json:"ttl,omitempty"`
}

// Selector chooses the Apps that the registration is about.
func (r *Registration) Selector() Selector { return Selector{Apps: r.Apps, Label: r.Label} }

// Registered answers a Registration.
type Registered struct {
	// Index is where to start from.
	Index string `json:"index"`
}

// Ack says what a consumer has carried out. It renews the registration.
type Ack struct {
	// Index is that of the newest change which it has.
	Index string `json:"index"`
	// Draining are the tasks that are being drained and still have connections; those
	// that are not named have none.
	Draining map[mesos.TaskID]Connections `json:"draining,omitempty"`
}

// Connections is what a task that is being drained still does for a consumer.
type Connections struct {
	Connections int `json:"connections"`
}

// Consumer is a registered program as others are told of it.
type Consumer struct {
	ID string `json:"id"`
	Registration
	// Since is when it registered, Expires when it is forgotten unless it renews.
	Since   time.Time `json:"since"`
	Expires time.Time `json:"expires"`
	// Index is that of its last acknowledgement, "" before the first; Behind is how
	// many changes came since.
	Index  string `json:"index,omitempty"`
	Behind uint64 `json:"behind"`
	// Holds are the tasks whose kill waits for it.
	Holds []mesos.TaskID `json:"holds,omitempty"`
}

// Drain is a task that is being drained, and what its kill waits for.
type Drain struct {
	App   app.ID       `json:"app"`
	Task  mesos.TaskID `json:"task"`
	Since time.Time    `json:"since"`
	// Deadline is when it is killed whatever it waits for.
	Deadline time.Time `json:"deadline"`
	// Index is that of the change from which on it is not to be used.
	Index string `json:"index"`
	// HeldBy says in words what the kill waits for; nothing if it has been asked for.
	HeldBy []string `json:"heldBy"`
}
