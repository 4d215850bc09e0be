package agent

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/user"
	"strconv"
	"syscall"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/checkpoint"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/fetcher"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
)

// base is what all parts of an agent have in common. Each part is written by its own methods only; they run in the
// goroutine of [Agent.Run].
type base struct {
	cfg   Config
	log   *zap.Logger
	ip    string
	port  int
	store checkpoint.Store
	host  *containerizer.Host
	box   *mailbox.Box

	info    mesos.AgentInfo // resources as configured, reservation stacks
	phase   phase
	master  masterState
	over    bool  // Run is to return outcome
	outcome error // also of an agent that is terminating
	metrics counters
}

func (s *base) warn(what string, err error) {
	if err != nil {
		s.log.Warn(what, zap.Error(err))
	}
}

func (s *base) now() time.Time { return time.Now() }

// credential returns whom a user name stands for; nil for the user of this process.
func (s *base) credential(name string) (*syscall.Credential, error) {
	if !s.cfg.SwitchUser || os.Getuid() != 0 || name == "" || name == "root" {
		return nil, nil //nolint:nilnil // documented
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func (s *base) graceOf(e *executorRun) time.Duration {
	if p := e.info.ShutdownGracePeriod; p != nil {
		return nanoseconds(p)
	}
	return s.cfg.ExecutorShutdownGracePeriod
}

// send passes a message to the master; without a connection it is lost, as on a broken wire.
func (s *base) send(m link.Message) {
	if s.master.conn != nil {
		s.master.conn.Send(m)
	}
}

// finish makes Run return.
func (s *base) finish(err error) {
	if !s.over {
		s.over, s.outcome = true, err
		s.box.Stop()
	}
}

func (s *base) agentID() mesos.AgentID {
	if s.info.ID == nil {
		return mesos.AgentID{}
	}
	return *s.info.ID
}

func (s *base) id() string { return s.agentID().Value }

func (s *base) address() string { return net.JoinHostPort(s.ip, strconv.Itoa(s.port)) }

func (s *base) pid() string { return "slave(1)@" + s.address() }

// describe derives what the agent says of itself, and returns what an earlier agent on the work directory said; nil
// without one.
func (s *base) describe() (checkpointed *mesos.AgentInfo, err error) {
	resources, err := ParseResources(s.cfg.Resources, s.cfg.DefaultRole)
	if err != nil {
		return nil, err
	}
	attributes, err := ParseAttributes(s.cfg.Attributes)
	if err != nil {
		return nil, err
	}
	port := int32(s.port)
	s.info = mesos.AgentInfo{
		Hostname: s.cfg.Hostname, Port: &port, Resources: resources, Attributes: attributes, Domain: s.cfg.Domain,
	}
	return s.compatible()
}

func (s *base) newFetcher() (*fetcher.Fetcher, error) {
	cache, err := fetcher.NewCache(s.store.Layout.FetcherCache(), s.cfg.FetcherCacheSize)
	if err != nil {
		return nil, err
	}
	return &fetcher.Fetcher{
		StallTimeout: s.cfg.FetcherStallTimeout, FrameworksHome: s.cfg.FrameworksHome, Cache: cache,
		Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	}, nil
}

func mkdirAll(dir string) error { return os.MkdirAll(dir, 0o755) }

func nanoseconds(d *mesos.DurationInfo) time.Duration { return time.Duration(d.Nanoseconds) }

// detached returns a context for cleaning up that outlives the agent's own work.
func detached() context.Context { return context.Background() }

// counters are the agent's counting metrics.
type counters struct {
	states       map[mesos.TaskState]int
	valid        int
	launchErrors int
}

func (c *counters) count(state mesos.TaskState) {
	if c.states == nil {
		c.states = make(map[mesos.TaskState]int)
	}
	c.states[state]++
}
