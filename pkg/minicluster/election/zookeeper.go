package election

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
	"go.uber.org/zap"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
)

// DefaultSessionTimeout is the default of Apache Mesos' --zk_session_timeout.
const DefaultSessionTimeout = zkconn.DefaultTimeout

const (
	memberPrefix = "json.info_"
	legacyPrefix = "info_"
	logReplicas  = "log_replicas"
	retryEvery   = 500 * time.Millisecond
)

// ZooKeeper is a Group below a path of ZooKeeper, in the layout that Apache Mesos masters, agents and schedulers read
// and write.
type ZooKeeper struct {
	url     zkurl.URL
	timeout time.Duration
	log     *zap.Logger
}

// NewZooKeeper returns the group at a URL zk://[user:secret@]host:port[,host:port...]/path. Servers that cannot be
// reached are not an error: no leader is known until they can. A sessionTimeout of zero is DefaultSessionTimeout.
func NewZooKeeper(rawURL string, sessionTimeout time.Duration, log *zap.Logger) (*ZooKeeper, error) {
	u, err := zkurl.Parse(rawURL)
	if err != nil {
		return nil, err
	}
	return &ZooKeeper{url: u, timeout: sessionTimeout, log: log.Named("zookeeper")}, nil
}

// Contend implements Group.
func (z *ZooKeeper) Contend(ctx context.Context, info mesos.MasterInfo, gate *Gate, report func(*mesos.MasterInfo)) error {
	data, err := encodeMember(info)
	if err != nil {
		return err
	}
	s := &follower{z: z, report: report, data: data}
	return s.run(ctx, gate)
}

// Watch implements Group.
func (z *ZooKeeper) Watch(ctx context.Context, gate *Gate, report func(*mesos.MasterInfo)) error {
	s := &follower{z: z, report: report}
	return s.run(ctx, gate)
}

// enroll creates the log replica's node, which Mesos does first, and the member's.
func (z *ZooKeeper) enroll(ctx context.Context, conn *zkconn.Session, data []byte) (node string, err error) {
	replicas := z.url.Join(logReplicas)
	if err := conn.EnsurePath(ctx, replicas); err != nil {
		return "", err
	}
	const flags = int32(zk.FlagEphemeral | zk.FlagSequence)
	if _, err := conn.Create(ctx, replicas+"/", nil, flags); err != nil {
		return "", fmt.Errorf("create log replica: %w", err)
	}
	member, err := conn.Create(ctx, z.url.Join(memberPrefix), data, flags)
	if err != nil {
		return "", fmt.Errorf("create member: %w", err)
	}
	return path.Base(member), nil
}

// leaderOf picks the member with the lowest sequence number; ok is false if there is none.
func leaderOf(children []string) (node string, ok bool) {
	lowest := int64(0)
	for _, child := range children {
		number := strings.TrimPrefix(strings.TrimPrefix(child, memberPrefix), legacyPrefix)
		seq, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			continue
		}
		if !ok || seq < lowest {
			node, lowest, ok = child, seq, true
		}
	}
	return node, ok
}
