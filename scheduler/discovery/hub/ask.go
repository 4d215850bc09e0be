package hub

import (
	"context"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
)

// Changes returns what has changed after an index in the Apps that the selector
// chooses. If nothing has, it waits for up to wait until something does; it
// returns early with the context's error.
func (h *Hub) Changes(ctx context.Context, after endpoint.Index, s endpoint.Selector, wait time.Duration) (*endpoint.Changes, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		h.mu.Lock()
		changes, changed := h.table.Since(after, s), h.changed
		h.mu.Unlock()
		if changes.Full || len(changes.Apps)+len(changes.RemovedApps)+len(changes.Endpoints)+len(changes.Removed) > 0 {
			return changes, nil
		}
		select {
		case <-changed:
		case <-timer.C:
			return changes, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// All returns the whole table.
func (h *Hub) All(s endpoint.Selector) *endpoint.Changes {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.table.All(s)
}

// App returns what is told of an App, with its endpoints and those of its tasks that
// are being drained.
func (h *Hub) App(id app.ID) (a *endpoint.App, endpoints []*endpoint.Endpoint, drains []endpoint.Drain, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a, endpoints, ok = h.table.App(id); !ok {
		return nil, nil, nil, false
	}
	drains = []endpoint.Drain{}
	for _, d := range h.drains() {
		if d.App == id {
			drains = append(drains, d)
		}
	}
	return a, endpoints, drains, true
}

// drains needs h.mu.
func (h *Hub) drains() []endpoint.Drain {
	return h.table.Gate.Drains(time.Now(), h.table.Index().Term)
}

// Register takes in a consumer; see discovery.Table.
func (h *Hub) Register(id string, r endpoint.Registration) (endpoint.Registered, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer wake(h.look)
	return h.table.Register(time.Now(), id, r)
}

// Acknowledge notes what a consumer has carried out; see discovery.Table.
func (h *Hub) Acknowledge(id string, a endpoint.Ack) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer wake(h.look)
	return h.table.Acknowledge(time.Now(), id, a)
}

// Leave forgets a consumer; see discovery.Table.
func (h *Hub) Leave(id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer wake(h.look)
	return h.table.Leave(time.Now(), id)
}

// Consumers lists the registered consumers, and the tasks that are being drained.
func (h *Hub) Consumers() ([]endpoint.Consumer, []endpoint.Drain) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.table.Consumers(time.Now()), h.drains()
}

// Output has kills of drained tasks wait for an output from now on.
func (h *Hub) Output(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.outputs[name] = &output{since: time.Now()}
	h.table.Gate.Output(name)
}

// Written notes that an output shows the table as it was at this index.
func (h *Hub) Written(name string, at endpoint.Index) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.table.Gate.Written(name, at.Number)
	h.outputs[name] = &output{written: at, since: time.Now()}
	wake(h.look)
}
