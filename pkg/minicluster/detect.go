package minicluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
	"github.com/gantry-mesos/gantry/pkg/minicluster/election"
)

// electorate is where the masters elect their leader.
type electorate struct {
	local     *election.Local // nil with ZooKeeper
	zooKeeper string
	log       *zap.Logger
}

// group is the masters' election; every process gets a session of its own.
func (e *electorate) group(sessionTimeout time.Duration) (election.Group, error) {
	if e.local != nil {
		return e.local, nil
	}
	return election.NewZooKeeper(e.zooKeeper, sessionTimeout, e.log)
}

// detector finds the leading master: the only one, or by watching the group, which the returned function does until
// its context is done.
func (e *electorate) detector(gate *election.Gate, masters []*masterNode) (agent.Detector, func(context.Context) error, error) {
	if e.local != nil && len(masters) == 1 {
		return agent.StaticMaster(masters[0].port.address()), func(context.Context) error { return nil }, nil
	}
	group, err := e.group(0)
	if err != nil {
		return nil, nil, fmt.Errorf("detector: %w", err)
	}
	d := newLeaderWatch()
	return d, func(ctx context.Context) error {
		return group.Watch(ctx, gate, func(leader *mesos.MasterInfo) { d.set(linkAddress(leader)) })
	}, nil
}

// leaderWatch is the agents' Detector: it holds the newest leader's address.
type leaderWatch struct {
	mu      sync.Mutex
	leader  string
	changed chan struct{} // closed at the next change
}

func newLeaderWatch() *leaderWatch { return &leaderWatch{changed: make(chan struct{})} }

func (w *leaderWatch) set(leader string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if leader != w.leader {
		w.leader = leader
		close(w.changed)
		w.changed = make(chan struct{})
	}
}

// Detect implements agent.Detector.
func (w *leaderWatch) Detect(ctx context.Context, previous string) (string, error) {
	for {
		w.mu.Lock()
		leader, changed := w.leader, w.changed
		w.mu.Unlock()
		if leader != previous {
			return leader, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}
