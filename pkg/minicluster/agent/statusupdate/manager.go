// Package statusupdate keeps the status updates of tasks until their scheduler has acknowledged them.
//
// Each task has a stream: updates leave in order, one at a time, and the one in flight is sent again with growing
// intervals until its acknowledgement comes (Mesos, status update manager: 10 s doubling to 10 min). A [Manager] has no
// clock and no goroutine; the agent that owns it passes the time and asks when to call again.
package statusupdate

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Default retry intervals of Mesos agents.
const (
	DefaultRetryMin = 10 * time.Second
	DefaultRetryMax = 10 * time.Minute
)

// ErrUnexpected is returned for an acknowledgement that does not match the update in flight.
var ErrUnexpected = errors.New("acknowledgement does not match the update in flight")

// Key names a task of a framework.
type Key struct {
	Framework, Task string
}

// Update is one status with where it came from. Status.UUID is set.
type Update struct {
	Key      Key
	Executor string // executor id; empty if the agent has none for the task
	Status   mesos.TaskStatus
}

// Sender forwards updates to the master.
type Sender interface {
	// Forward sends u; latest is the newest status of the same stream, which may be u.Status itself.
	Forward(u Update, latest mesos.TaskStatus)
}

// Manager holds the streams. It is not safe for concurrent use.
type Manager struct {
	sender   Sender
	min, max time.Duration
	paused   bool
	streams  map[Key]*stream
	pending  int // of all streams
}

type stream struct {
	pending  []Update
	seen     [][]byte // uuids of all updates taken and not yet forgotten
	interval time.Duration
	due      time.Time // when the head is sent again; zero while paused or empty
}

// NewManager returns a paused manager that retries after first and at most every longest interval.
func NewManager(sender Sender, first, longest time.Duration) *Manager {
	return &Manager{sender: sender, min: first, max: longest, paused: true, streams: make(map[Key]*stream)}
}

// Add appends an update to its task's stream and sends it if nothing is in flight. It returns false for a duplicate.
func (m *Manager) Add(now time.Time, u Update) bool {
	s, ok := m.streams[u.Key]
	if !ok {
		s = &stream{}
		m.streams[u.Key] = s
	}
	if slices.ContainsFunc(s.seen, func(uuid []byte) bool { return bytes.Equal(uuid, u.Status.UUID) }) {
		return false
	}
	s.seen = append(s.seen, u.Status.UUID)
	s.pending = append(s.pending, u)
	m.pending++
	if len(s.pending) == 1 {
		m.send(now, s, m.min)
	}
	return true
}

// Restore puts back a stream read from disk: all uuids ever taken and the updates not yet acknowledged.
func (m *Manager) Restore(key Key, seen [][]byte, pending []Update) {
	m.streams[key] = &stream{seen: seen, pending: pending}
	m.pending += len(pending)
}

// Pending returns how many updates have not been acknowledged.
func (m *Manager) Pending() int { return m.pending }

// Acknowledge removes the update in flight and sends the next one. It returns the removed update and whether the
// stream ended with it, that is, it was terminal and nothing is behind it; a stream that ended is forgotten.
func (m *Manager) Acknowledge(now time.Time, key Key, uuid []byte) (u Update, ended bool, err error) {
	s, ok := m.streams[key]
	if !ok || len(s.pending) == 0 || !bytes.Equal(s.pending[0].Status.UUID, uuid) {
		return Update{}, false, fmt.Errorf("task %s of framework %s: %w", key.Task, key.Framework, ErrUnexpected)
	}
	u = s.pending[0]
	s.pending = s.pending[1:]
	m.pending--
	s.due = time.Time{}
	if len(s.pending) > 0 {
		m.send(now, s, m.min)
		return u, false, nil
	}
	if Terminal(u.Status.GetState()) {
		delete(m.streams, key)
		return u, true, nil
	}
	return u, false, nil
}

// Pause stops sending, for example while there is no master.
func (m *Manager) Pause() {
	m.paused = true
	for _, s := range m.streams {
		s.due = time.Time{}
	}
}

// Resume starts sending again, beginning at once with the head of every stream.
func (m *Manager) Resume(now time.Time) {
	m.paused = false
	for _, key := range m.keys("") {
		m.send(now, m.streams[key], m.min)
	}
}

// Resend sends the heads of one framework's streams at once, for example because it has subscribed again.
func (m *Manager) Resend(now time.Time, framework string) {
	for _, key := range m.keys(framework) {
		m.send(now, m.streams[key], m.min)
	}
}

// Forget drops all streams of a framework.
func (m *Manager) Forget(framework string) {
	for _, key := range m.keys(framework) {
		m.pending -= len(m.streams[key].pending)
		delete(m.streams, key)
	}
}

// Tick sends again what is due.
func (m *Manager) Tick(now time.Time) {
	for _, key := range m.keys("") {
		if s := m.streams[key]; !s.due.IsZero() && !now.Before(s.due) {
			m.send(now, s, min(2*s.interval, m.max))
		}
	}
}

// Next returns when to call Tick; ok is false when nothing waits for its time.
func (m *Manager) Next() (at time.Time, ok bool) {
	for _, s := range m.streams {
		if !s.due.IsZero() && (!ok || s.due.Before(at)) {
			at, ok = s.due, true
		}
	}
	return at, ok
}

// Head returns the update in flight of a task and the newest status of its stream.
func (m *Manager) Head(key Key) (head Update, latest mesos.TaskStatus, ok bool) {
	s, found := m.streams[key]
	if !found || len(s.pending) == 0 {
		return Update{}, mesos.TaskStatus{}, false
	}
	return s.pending[0], s.pending[len(s.pending)-1].Status, true
}

func (m *Manager) send(now time.Time, s *stream, interval time.Duration) {
	if m.paused || len(s.pending) == 0 {
		return
	}
	s.interval = interval
	s.due = now.Add(interval)
	m.sender.Forward(s.pending[0], s.pending[len(s.pending)-1].Status)
}

// keys lists the streams of a framework (empty = all) in a stable order.
func (m *Manager) keys(framework string) []Key {
	keys := make([]Key, 0, len(m.streams))
	for key := range m.streams {
		if framework == "" || key.Framework == framework {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b Key) int {
		if a.Framework != b.Framework {
			return compare(a.Framework, b.Framework)
		}
		return compare(a.Task, b.Task)
	})
	return keys
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

// Terminal tells whether a task in this state has ended for good from the agent's point of view.
func Terminal(state mesos.TaskState) bool {
	switch state {
	case mesos.TASK_FINISHED, mesos.TASK_FAILED, mesos.TASK_KILLED, mesos.TASK_ERROR, mesos.TASK_LOST,
		mesos.TASK_DROPPED, mesos.TASK_GONE, mesos.TASK_GONE_BY_OPERATOR:
		return true
	case mesos.TASK_STAGING, mesos.TASK_STARTING, mesos.TASK_RUNNING, mesos.TASK_KILLING, mesos.TASK_UNREACHABLE,
		mesos.TASK_UNKNOWN:
		return false
	}
	return false
}
