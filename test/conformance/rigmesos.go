package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/test/zktest"
)

const (
	startMax   = 60 * time.Second
	probeEvery = 50 * time.Millisecond
	probeMax   = 2 * time.Second
)

// mesosRig runs an installed Mesos as processes.
type mesosRig struct {
	*scratch
	t       testing.TB
	c       *Case
	prefix  string
	systemd bool
	zk      *zktest.Server
	zkAddr  string
	masters []*daemon
	agents  []*daemon
}

// newMesosRig starts the processes of a case; they are killed when the test ends.
func newMesosRig(tb testing.TB, c *Case, prefix string) *mesosRig {
	tb.Helper()
	r, err := startMesos(tb, c, prefix, systemdRuns("/"))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// systemdRuns tells whether systemd is what runs a machine, as sd_booted(3) does.
func systemdRuns(root string) bool {
	info, err := os.Stat(filepath.Join(root, "run/systemd/system"))
	return err == nil && info.IsDir()
}

func startMesos(tb testing.TB, c *Case, prefix string, systemd bool) (*mesosRig, error) {
	tb.Helper()
	r := &mesosRig{scratch: newScratch(tb, c), t: tb, c: c, prefix: prefix, systemd: systemd}
	r.known["MESOS_PREFIX"] = prefix
	if c.Config.ZooKeeper {
		r.startZooKeeper()
	}
	tb.Cleanup(r.stop)
	for n := 1; n <= c.Config.Masters; n++ {
		r.masters = append(r.masters, r.prepareMaster(n))
	}
	for n := 1; n <= len(c.Config.AgentFlags); n++ {
		r.agents = append(r.agents, r.prepareAgent(n))
	}
	ctx, cancel := context.WithTimeoutCause(tb.Context(), startMax, errors.New("not within "+startMax.String()))
	defer cancel()
	if err := r.startMasters(ctx); err != nil {
		return nil, err
	}
	running := 0
	for n, a := range r.agents {
		if !c.startsAgent(n + 1) {
			if err := a.start(); err != nil {
				return nil, err
			}
			running++
		}
	}
	return r, r.awaitAgents(ctx, running)
}

func (r *mesosRig) startZooKeeper() {
	if r.c.zooKeeperDown() {
		r.zkAddr = net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(r.t)))
	} else {
		r.zk = zktest.Start(r.t)
		r.zkAddr = r.zk.Addr()
	}
	_, port, _ := net.SplitHostPort(r.zkAddr)
	r.known["ZK_PORT"] = port
}

func (r *mesosRig) prepareMaster(n int) *daemon {
	port, dir := freePort(r.t), r.t.TempDir()
	r.known["MASTER_PORT_"+strconv.Itoa(n)], r.known["MASTER_WORK_DIR_"+strconv.Itoa(n)] = strconv.Itoa(port), dir
	base := map[string]any{"ip": "127.0.0.1", "port": strconv.Itoa(port), "work_dir": dir}
	if r.zkAddr != "" {
		base["zk"], base["quorum"] = "zk://"+r.zkAddr+"/mesos", strconv.Itoa(r.c.Config.Quorum)
	} else {
		base["registry"] = "in_memory"
	}
	return &daemon{path: filepath.Join(r.prefix, "sbin/mesos-master"), port: port, dir: dir, flags: r.flags(base, r.c.Config.MasterFlags)}
}

func (r *mesosRig) prepareAgent(n int) *daemon {
	port, dir := freePort(r.t), r.t.TempDir()
	r.known["AGENT_PORT_"+strconv.Itoa(n)], r.known["AGENT_WORK_DIR_"+strconv.Itoa(n)] = strconv.Itoa(port), dir
	master := "zk://" + r.zkAddr + "/mesos"
	if r.zkAddr == "" {
		master = net.JoinHostPort("127.0.0.1", r.known["MASTER_PORT_1"])
	}
	base := map[string]any{
		"master": master, "ip": "127.0.0.1", "port": strconv.Itoa(port), "work_dir": dir,
		"registration_backoff_factor": "10ms", "containerizers": "mesos", "launcher": "posix",
		"isolation": "posix/cpu,posix/mem", "resources": baseResources,
		"launcher_dir": filepath.Join(r.prefix, "libexec/mesos"),
	}
	if !r.systemd {
		base["systemd_enable_support"] = false // an agent that asks for it and finds none does not start
	}
	return &daemon{path: filepath.Join(r.prefix, "sbin/mesos-agent"), port: port, dir: dir, flags: r.flags(base, r.c.Config.AgentFlags[n-1])}
}

const baseResources = "cpus:4;mem:4096;disk:10240;ports:[31000-32000]"

// Addr implements Rig.
func (r *mesosRig) Addr(to string) (string, error) {
	d, err := r.daemon(to)
	if err != nil {
		return "", err
	}
	return d.addr(), nil
}

func (r *mesosRig) daemon(to string) (*daemon, error) {
	kind, n, err := parseTarget(to)
	if err != nil {
		return nil, err
	}
	list := r.masters
	if kind == "agent" {
		list = r.agents
	}
	if n < 1 || n > len(list) {
		return nil, fmt.Errorf("target %q: the case has %d", to, len(list))
	}
	return list[n-1], nil
}

// ZooKeeper implements Rig.
func (r *mesosRig) ZooKeeper() string { return r.zkAddr }

// Ctl implements Rig.
func (r *mesosRig) Ctl(_ context.Context, c *Ctl) error {
	if c.Op == "executor_kill" {
		return killExecutor(c, r.known["AGENT_WORK_DIR_"+strconv.Itoa(c.Agent)])
	}
	kind, op, _ := strings.Cut(c.Op, "_")
	n := c.Master
	if kind == "agent" {
		n = c.Agent
	}
	d, err := r.daemon(kind + ":" + strconv.Itoa(n))
	if err != nil {
		return err
	}
	switch op {
	case "kill":
		return d.kill()
	case "freeze":
		return d.signal(syscall.SIGSTOP)
	case "thaw":
		return d.signal(syscall.SIGCONT)
	case "sigusr1":
		d.leaves = true
		return d.signal(syscall.SIGUSR1)
	case "start":
		return r.restart(d, c)
	default:
		return fmt.Errorf("unknown ctl op %q", c.Op)
	}
}

func (r *mesosRig) restart(d *daemon, c *Ctl) error {
	if err := d.kill(); err != nil {
		return err
	}
	if c.Fresh || d.leaves {
		// What was told to leave would forget its id by itself, unless it was killed before it came to that.
		d.leaves = false
		if err := os.RemoveAll(filepath.Join(d.dir, "meta")); err != nil {
			return fmt.Errorf("empty meta directory: %w", err)
		}
	}
	maps.Copy(d.flags, r.flags(c.Flags, nil))
	return d.start()
}

// ended tells which processes have ended by themselves, and why: some cases make them end, others fail by it.
func (r *mesosRig) ended() error {
	var errs []error
	for _, d := range slices.Concat(r.masters, r.agents) {
		errs = append(errs, d.ended())
	}
	return errors.Join(errs...)
}

func (r *mesosRig) stop() {
	for _, d := range append(r.agents, r.masters...) {
		_ = d.kill()
	}
	for n := range r.agents {
		killLeftovers(r.known["AGENT_WORK_DIR_"+strconv.Itoa(n+1)])
	}
}
