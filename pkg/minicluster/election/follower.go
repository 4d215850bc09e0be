package election

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/gogo/protobuf/proto"
	"go.uber.org/zap"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/pause"
	"github.com/gantry-mesos/gantry/pkg/zkconn"
)

// follower follows a group through as many ZooKeeper sessions as it takes.
type follower struct {
	z      *ZooKeeper
	report func(*mesos.MasterInfo)
	data   []byte // of the own node; nil: only watches

	node     string // the own node in this session
	leader   string // the leader's node last reported, empty: none
	reported bool
}

// errGone says that the own node is not there any more.
var errGone = errors.New("the member's node is gone")

// run returns nil when ctx is done and ErrDeposed when the own node led and is gone.
func (f *follower) run(ctx context.Context, gate *Gate) error {
	for {
		err := f.once(ctx, gate)
		if gate.Wait(ctx) != nil {
			return nil //nolint:nilerr // stopped
		}
		if f.node != "" && f.leader == f.node {
			return fmt.Errorf("%w: %w", ErrDeposed, err)
		}
		f.z.log.Warn("session ended", zap.Error(err))
		f.node = ""
		f.tell("", nil)
		if !pause.For(ctx, retryEvery) || gate.Wait(ctx) != nil {
			return nil //nolint:nilerr // stopped
		}
	}
}

// once lives through one session.
func (f *follower) once(ctx context.Context, gate *Gate) error {
	ctx, cancel := context.WithCancel(ctx)
	conn, err := zkconn.Open(zkconn.Config{
		URL: f.z.url, Timeout: f.z.timeout, Readable: true, Dial: gate.dialer(ctx), Log: f.z.log,
	})
	if err != nil {
		cancel()
		return err
	}
	defer conn.Close()
	defer cancel() // before Close, which waits for connections that may stand still
	if err := f.begin(ctx, conn, gate); err != nil {
		return err
	}
	for {
		changed, err := f.look(ctx, conn)
		if err != nil && (zkconn.IsSessionOver(err) || zkconn.OutcomeOf(err) == zkconn.Refused || errors.Is(err, errGone)) {
			return err
		}
		if err != nil {
			changed = nil
		}
		if err := await(ctx, conn, changed); err != nil {
			return err
		}
		if err := gate.Wait(ctx); err != nil {
			return err
		}
	}
}

// begin waits for the session and enrolls the own node. After an error nobody knows whether the node exists; a new
// session makes that certain.
func (f *follower) begin(ctx context.Context, conn *zkconn.Session, gate *Gate) error {
	if err := errors.Join(conn.WaitConnected(ctx), gate.Wait(ctx)); err != nil {
		return err
	}
	if f.data == nil {
		return conn.EnsurePath(ctx, f.z.url.Path)
	}
	var err error
	f.node, err = f.z.enroll(ctx, conn, f.data)
	return err
}

// await returns at the next change of the group, or a little later if the last look failed.
func await(ctx context.Context, conn *zkconn.Session, changed <-chan zk.Event) error {
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
	case <-conn.Done():
		return conn.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// look reports the leader if it has changed and returns a channel for the next change.
func (f *follower) look(ctx context.Context, conn *zkconn.Session) (<-chan zk.Event, error) {
	children, changed, err := conn.ChildrenW(ctx, f.z.url.Path)
	if err != nil {
		return nil, err
	}
	if f.node != "" && !slices.Contains(children, f.node) {
		return nil, errGone
	}
	node, ok := leaderOf(children)
	if ok && f.reported && node == f.leader {
		return changed, nil
	}
	if !ok {
		f.tell("", nil)
		return changed, nil
	}
	leader, err := conn.Get(ctx, f.z.url.Join(node))
	if errors.Is(err, zk.ErrNoNode) {
		return f.look(ctx, conn) // the leader went away in between
	}
	if err != nil {
		return nil, err
	}
	info, err := parseLeader(node, leader.Data)
	if err != nil {
		return nil, err
	}
	f.tell(node, info)
	return changed, nil
}

func (f *follower) tell(node string, leader *mesos.MasterInfo) {
	if f.reported && node == f.leader {
		return
	}
	f.leader, f.reported = node, true
	f.report(leader)
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
