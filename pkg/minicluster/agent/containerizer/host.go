package containerizer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

// ErrExists is returned when a container id is in use on the host.
var ErrExists = errors.New("container exists already")

// ErrClosed is returned by a host that is being closed.
var ErrClosed = errors.New("host is closed")

// Host is the machine under one or more agents: it owns their containers. All methods may be called by any goroutine.
type Host struct {
	log *zap.Logger

	mu         sync.Mutex
	containers map[string]*Container
	closed     bool
	closing    chan struct{} // closed with the host
	wg         sync.WaitGroup
}

// NewHost returns a host without containers. The caller closes it when the last agent on it is gone.
func NewHost(log *zap.Logger) *Host {
	return &Host{log: log.Named("host"), containers: make(map[string]*Container), closing: make(chan struct{})}
}

// Lookup finds a container by its id (see [Spec]). It may have ended already; it stays known until [Host.Forget].
func (h *Host) Lookup(id string) (*Container, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c, ok := h.containers[id]
	return c, ok
}

// IDs returns the ids of all known containers in no particular order.
func (h *Host) IDs() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := make([]string, 0, len(h.containers))
	for id := range h.containers {
		ids = append(ids, id)
	}
	return ids
}

// Running counts the containers that have not ended.
func (h *Host) Running() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, c := range h.containers {
		if !c.ended() {
			n++
		}
	}
	return n
}

// Forget drops an ended container. A container that still runs stays known.
func (h *Host) Forget(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c, ok := h.containers[id]; ok && c.ended() {
		delete(h.containers, id)
	}
}

// Close destroys every container and waits until all goroutines of the host are gone.
func (h *Host) Close() error {
	h.mu.Lock()
	if !h.closed {
		close(h.closing)
	}
	h.closed = true
	list := make([]*Container, 0, len(h.containers))
	for _, c := range h.containers {
		list = append(list, c)
	}
	h.mu.Unlock()
	var errs []error
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, c := range list {
		wg.Go(func() {
			if err := c.Destroy(); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	h.wg.Wait()
	return errors.Join(errs...)
}

// Abandon lets go of all containers without ending their processes, as the sudden death of the program would: built-in
// executors stop, processes live on as orphans. Tests use it to play a killed program.
func (h *Host) Abandon() {
	h.mu.Lock()
	h.closed = true
	for _, c := range h.containers {
		c.cancel()
		close(c.abandoned)
	}
	h.containers = make(map[string]*Container)
	h.mu.Unlock()
}

// add registers a new container under its id.
func (h *Host) add(spec Spec) (*Container, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	if old, ok := h.containers[spec.ID]; ok && !old.ended() {
		return nil, fmt.Errorf("container %s: %w", spec.ID, ErrExists)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Container{
		host: h, spec: spec, ctx: ctx, cancel: cancel,
		done: make(chan struct{}), abandoned: make(chan struct{}), roots: make(map[int]uint64), status: StatusUnknown,
		since: ticksNow(),
	}
	h.containers[spec.ID] = c
	return c, nil
}

func (h *Host) remove(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.containers, id)
}

// Linger runs f after d, or earlier when the host is closed, which waits for it. It is for cleaning up behind
// containers that stay visible for a while after their end.
func (h *Host) Linger(d time.Duration, f func()) {
	h.wg.Go(func() {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-h.closing:
		}
		f()
	})
}
