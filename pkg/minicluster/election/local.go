package election

import (
	"context"
	"errors"
	"sync"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Local is a Group in memory, for clusters without ZooKeeper. The zero value is ready to use.
type Local struct {
	mu       sync.Mutex
	next     int
	members  []localMember // in the order of their sequence numbers
	watchers map[int]chan struct{}
}

type localMember struct {
	seq  int
	info mesos.MasterInfo
}

// Contend implements Group. A frozen member keeps its place: there is no session that could expire.
func (l *Local) Contend(ctx context.Context, info mesos.MasterInfo, gate *Gate, report func(*mesos.MasterInfo)) error {
	if gate.Wait(ctx) != nil {
		return nil
	}
	seq := l.join(info)
	defer l.leave(seq)
	led := false
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var deposed error
	err := l.Watch(ctx, gate, func(leader *mesos.MasterInfo) {
		leads := leader != nil && leader.ID == info.ID
		if led && !leads {
			deposed = ErrDeposed
			cancel()
			return
		}
		led = leads
		report(leader)
	})
	return errors.Join(err, deposed)
}

// Resign makes the member with a master id lose its place, as an expired session would. It reports whether there was one.
func (l *Local) Resign(masterID string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, m := range l.members {
		if m.info.ID == masterID {
			l.members = append(l.members[:i:i], l.members[i+1:]...)
			l.wake()
			return true
		}
	}
	return false
}

// Watch implements Group.
func (l *Local) Watch(ctx context.Context, gate *Gate, report func(*mesos.MasterInfo)) error {
	changed, stop := l.subscribe()
	defer stop()
	known, first := 0, true
	for {
		if gate.Wait(ctx) != nil {
			return nil
		}
		seq, leader := l.leader()
		if first || seq != known {
			report(leader)
		}
		known, first = seq, false
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

func (l *Local) join(info mesos.MasterInfo) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	l.members = append(l.members, localMember{seq: l.next, info: info})
	l.wake()
	return l.next
}

func (l *Local) leave(seq int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, m := range l.members {
		if m.seq == seq {
			l.members = append(l.members[:i:i], l.members[i+1:]...)
			l.wake()
			return
		}
	}
}

func (l *Local) leader() (int, *mesos.MasterInfo) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.members) == 0 {
		return 0, nil
	}
	info := l.members[0].info
	return l.members[0].seq, &info
}

func (l *Local) subscribe() (<-chan struct{}, func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watchers == nil {
		l.watchers = map[int]chan struct{}{}
	}
	l.next++
	id, changed := l.next, make(chan struct{}, 1)
	l.watchers[id] = changed
	return changed, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.watchers, id)
	}
}

// wake tells all watchers; a watcher that has not yet looked needs no second notice.
func (l *Local) wake() {
	for _, w := range l.watchers {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}
