package election

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/gogo/protobuf/proto"
	"go.uber.org/zap"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/pause"
)

// session follows a group through as many ZooKeeper sessions as it takes.
type session struct {
	z      *ZooKeeper
	report func(*mesos.MasterInfo)
	data   []byte // of the own node; nil: only watches

	node     string // the own node in this session
	leader   string // the leader's node last reported, empty: none
	reported bool
}

// errExpired ends one ZooKeeper session.
var errExpired = errors.New("session expired")

// run returns nil when ctx is done and ErrDeposed when the own node led and is gone.
func (s *session) run(ctx context.Context, gate *Gate) error {
	for {
		err := s.once(ctx, gate)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // stopped
		}
		if s.node != "" && s.leader == s.node {
			return fmt.Errorf("%w: %w", ErrDeposed, err)
		}
		s.z.log.Warn("session ended", zap.Error(err))
		s.node = ""
		s.tell("", nil)
		if !pause.For(ctx, retryEvery) || gate.Wait(ctx) != nil {
			return nil //nolint:nilerr // stopped
		}
	}
}

// once lives through one session.
func (s *session) once(ctx context.Context, gate *Gate) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, events, err := zk.Connect(s.z.hosts, s.z.timeout, zk.WithLogger(quiet{}), zk.WithDialer(
		func(network, addr string, timeout time.Duration) (net.Conn, error) {
			return gate.dial(ctx, network, addr, timeout)
		}))
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	defer cancel() // before Close, which waits for connections that may stand still
	lost := make(chan error, 1)
	go s.watchSession(ctx, events, lost)
	if err := s.established(ctx, lost, conn, gate); err != nil {
		return err
	}
	for {
		changed, err := s.look(conn)
		if err != nil && !transient(err) {
			return err
		}
		if err != nil {
			changed = nil
		}
		if err := s.await(ctx, lost, changed); err != nil {
			return err
		}
		if err := gate.Wait(ctx); err != nil {
			return err
		}
	}
}

// await returns at the next change of the group, or a little later if the last look failed.
func (s *session) await(ctx context.Context, lost <-chan error, changed <-chan zk.Event) error {
	var again <-chan time.Time
	if changed == nil {
		timer := time.NewTimer(retryEvery)
		defer timer.Stop()
		again = timer.C
	}
	select {
	case <-changed:
		return nil
	case <-again:
		return nil
	case err := <-lost:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// established waits for the session and enrolls the own node.
func (s *session) established(ctx context.Context, lost <-chan error, conn *zk.Conn, gate *Gate) error {
	for {
		err := gate.Wait(ctx)
		if err != nil {
			return err
		}
		if conn.State() == zk.StateHasSession {
			if s.data != nil {
				s.node, err = s.z.enroll(conn, s.data)
			} else {
				err = s.z.create(conn, s.z.path)
			}
			// After an error nobody knows whether the node exists; a new session makes that certain.
			return err
		}
		select {
		case err := <-lost:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retryEvery / 10):
		}
	}
}

// watchSession reports the end of the session: the server says so, or the connection was lost for longer than the
// session can live.
func (s *session) watchSession(ctx context.Context, events <-chan zk.Event, lost chan<- error) {
	timer := time.NewTimer(s.z.timeout)
	defer timer.Stop()
	timer.Stop()
	had := false
	for {
		select {
		case e, ok := <-events:
			switch {
			case !ok || e.State == zk.StateExpired:
				lost <- errExpired
				return
			case e.State == zk.StateHasSession:
				had = true
				timer.Stop()
			case e.State == zk.StateDisconnected && had:
				had = false
				timer.Reset(s.z.timeout)
			}
		case <-timer.C:
			lost <- fmt.Errorf("%w: not connected for %v", errExpired, s.z.timeout)
			return
		case <-ctx.Done():
			return
		}
	}
}

// look reports the leader if it has changed and returns a channel for the next change.
func (s *session) look(conn *zk.Conn) (<-chan zk.Event, error) {
	children, _, changed, err := conn.ChildrenW(s.z.path)
	if err != nil {
		return nil, fmt.Errorf("children of %s: %w", s.z.path, err)
	}
	if s.node != "" && !slices.Contains(children, s.node) {
		return nil, errExpired
	}
	node, ok := leaderOf(children)
	if ok && s.reported && node == s.leader {
		return changed, nil
	}
	if !ok {
		s.tell("", nil)
		return changed, nil
	}
	raw, _, err := conn.Get(s.z.path + "/" + node)
	if errors.Is(err, zk.ErrNoNode) {
		return s.look(conn) // the leader went away in between
	}
	if err != nil {
		return nil, fmt.Errorf("get leader: %w", err)
	}
	info, err := parseLeader(node, raw)
	if err != nil {
		return nil, err
	}
	s.tell(node, info)
	return changed, nil
}

func (s *session) tell(node string, leader *mesos.MasterInfo) {
	if s.reported && node == s.leader {
		return
	}
	s.leader, s.reported = node, true
	s.report(leader)
}

// parseLeader reads the content of a member's node, JSON or the older protobuf.
func parseLeader(node string, raw []byte) (*mesos.MasterInfo, error) {
	if strings.HasPrefix(node, memberPrefix) {
		return decodeMember(raw)
	}
	info := &mesos.MasterInfo{}
	if err := proto.Unmarshal(raw, info); err != nil {
		return nil, fmt.Errorf("decode master %s: %w", node, err)
	}
	return info, nil
}

// transient tells whether the session may survive the error.
func transient(err error) bool {
	return errors.Is(err, zk.ErrConnectionClosed) || errors.Is(err, zk.ErrNoServer)
}
