package election

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
	"go.uber.org/zap"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// DefaultSessionTimeout is the default of Apache Mesos' --zk_session_timeout.
const DefaultSessionTimeout = 10 * time.Second

const (
	memberPrefix = "json.info_"
	legacyPrefix = "info_"
	logReplicas  = "log_replicas"
	retryEvery   = 500 * time.Millisecond
)

// ZooKeeper is a Group below a path of ZooKeeper, in the layout that Apache Mesos masters, agents and schedulers read
// and write.
type ZooKeeper struct {
	hosts   []string
	path    string
	user    string // of digest authentication, empty: none
	secret  string
	timeout time.Duration
	log     *zap.Logger
}

// NewZooKeeper returns the group at a URL zk://[user:secret@]host:port[,host:port...]/path. Servers that cannot be
// reached are not an error: no leader is known until they can. A sessionTimeout of zero is DefaultSessionTimeout.
func NewZooKeeper(rawURL string, sessionTimeout time.Duration, log *zap.Logger) (*ZooKeeper, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "zk" || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return nil, fmt.Errorf("ZooKeeper URL %q: want zk://host:port[,host:port]/path", rawURL)
	}
	if sessionTimeout == 0 {
		sessionTimeout = DefaultSessionTimeout
	}
	z := &ZooKeeper{path: "/" + strings.Trim(u.Path, "/"), timeout: sessionTimeout, log: log.Named("zookeeper")}
	for host := range strings.SplitSeq(u.Host, ",") {
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(host, "2181")
		}
		z.hosts = append(z.hosts, host)
	}
	if u.User != nil {
		z.user = u.User.Username()
		z.secret, _ = u.User.Password()
	}
	return z, nil
}

// Contend implements Group.
func (z *ZooKeeper) Contend(ctx context.Context, info mesos.MasterInfo, gate *Gate, report func(*mesos.MasterInfo)) error {
	data, err := encodeMember(info)
	if err != nil {
		return err
	}
	s := &session{z: z, report: report, data: data}
	return s.run(ctx, gate)
}

// Watch implements Group.
func (z *ZooKeeper) Watch(ctx context.Context, gate *Gate, report func(*mesos.MasterInfo)) error {
	s := &session{z: z, report: report}
	return s.run(ctx, gate)
}

// acl is open to all, or with credentials: everything for the creator, reading for the rest.
func (z *ZooKeeper) acl() []zk.ACL {
	if z.user == "" {
		return zk.WorldACL(zk.PermAll)
	}
	return append(zk.AuthACL(zk.PermAll), zk.WorldACL(zk.PermRead)...)
}

// create makes a persistent node and its parents unless they are there.
func (z *ZooKeeper) create(conn *zk.Conn, path string) error {
	for i := 1; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' {
			continue
		}
		if _, err := conn.Create(path[:i], nil, 0, z.acl()); err != nil && !errors.Is(err, zk.ErrNodeExists) {
			return fmt.Errorf("create %s: %w", path[:i], err)
		}
	}
	return nil
}

// enroll creates the log replica's node, which Mesos does first, and the member's.
func (z *ZooKeeper) enroll(conn *zk.Conn, data []byte) (node string, err error) {
	if z.user != "" {
		if err := conn.AddAuth("digest", []byte(z.user+":"+z.secret)); err != nil {
			return "", fmt.Errorf("authenticate: %w", err)
		}
	}
	if err := z.create(conn, z.path+"/"+logReplicas); err != nil {
		return "", err
	}
	flags := int32(zk.FlagEphemeral | zk.FlagSequence)
	if _, err := conn.Create(z.path+"/"+logReplicas+"/", nil, flags, z.acl()); err != nil {
		return "", fmt.Errorf("create log replica: %w", err)
	}
	path, err := conn.Create(z.path+"/"+memberPrefix, data, flags, z.acl())
	if err != nil {
		return "", fmt.Errorf("create member: %w", err)
	}
	return path[strings.LastIndexByte(path, '/')+1:], nil
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

type quiet struct{}

func (quiet) Printf(string, ...any) {}
