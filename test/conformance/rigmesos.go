package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
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
	zk      *zktest.Server
	zkAddr  string
	masters []*daemon
	agents  []*daemon
}

// daemon is one master or agent process. It can be started again with the same flags.
type daemon struct {
	path  string
	port  int
	dir   string
	flags map[string]any
	cmd   *exec.Cmd
	end   chan struct{}
}

// newMesosRig starts the processes of a case; they are killed when the test ends.
func newMesosRig(tb testing.TB, c *Case, prefix string) *mesosRig {
	tb.Helper()
	r := &mesosRig{scratch: newScratch(tb, c), t: tb, c: c, prefix: prefix}
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
	for n, m := range r.masters {
		if !c.startsMaster(n + 1) {
			r.must(m.start())
			r.await(m, "/version")
		}
	}
	running := 0
	for n, a := range r.agents {
		if !c.startsAgent(n + 1) {
			r.must(a.start())
			running++
		}
	}
	r.awaitAgents(running)
	return r
}

func (r *mesosRig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
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
	return &daemon{path: filepath.Join(r.prefix, "sbin/mesos-agent"), port: port, dir: dir, flags: r.flags(base, r.c.Config.AgentFlags[n-1])}
}

const baseResources = "cpus:4;mem:4096;disk:10240;ports:[31000-32000]"

func (d *daemon) start() error {
	args := make([]string, 0, len(d.flags))
	for name, v := range d.flags {
		switch v := v.(type) {
		case bool:
			if !v {
				name = "no-" + name
			}
			args = append(args, "--"+name)
		default:
			args = append(args, fmt.Sprintf("--%s=%v", name, v))
		}
	}
	log, err := os.OpenFile(filepath.Join(d.dir, "process.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("start %s: %w", d.path, err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(d.path, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", d.path, err)
	}
	end := make(chan struct{})
	d.cmd, d.end = cmd, end
	go func() {
		_ = cmd.Wait()
		close(end)
	}()
	return nil
}

func (d *daemon) signal(s syscall.Signal) error {
	if d.cmd == nil {
		return fmt.Errorf("signal %v to %s: not running", s, filepath.Base(d.path))
	}
	if err := d.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %v to %s: %w", s, filepath.Base(d.path), err)
	}
	return nil
}

func (d *daemon) kill() error {
	if d.cmd == nil {
		return nil
	}
	err := d.signal(syscall.SIGKILL)
	<-d.end
	d.cmd = nil
	return err
}

// await returns once the process answers path with any status but 404 and 503.
func (r *mesosRig) await(d *daemon, path string) {
	r.t.Helper()
	deadline := time.Now().Add(startMax)
	for time.Now().Before(deadline) {
		status, _, err := get(context.Background(), net.JoinHostPort("127.0.0.1", strconv.Itoa(d.port)), path)
		if err == nil && status != http.StatusNotFound && status != http.StatusServiceUnavailable {
			return
		}
		_ = pause(context.Background(), probeEvery)
	}
	r.t.Fatalf("%s on port %d does not answer %s within %v", filepath.Base(d.path), d.port, path, startMax)
}

// awaitAgents returns once the leading master knows n agents.
func (r *mesosRig) awaitAgents(n int) {
	r.t.Helper()
	deadline := time.Now().Add(startMax)
	for n > 0 && time.Now().Before(deadline) {
		if countAgents(context.Background(), net.JoinHostPort("127.0.0.1", r.known["MASTER_PORT_1"])) >= n {
			return
		}
		_ = pause(context.Background(), probeEvery)
	}
	if n > 0 {
		r.t.Fatalf("%d agents did not register within %v", n, startMax)
	}
}

// countAgents asks /metrics/snapshot, which needs the least rights of all that tell.
func countAgents(ctx context.Context, addr string) int {
	_, raw, err := get(ctx, addr, "/metrics/snapshot")
	if err != nil {
		return 0
	}
	var metrics map[string]float64
	if err := json.Unmarshal(raw, &metrics); err != nil {
		return 0
	}
	return int(metrics["master/slaves_active"])
}

func get(ctx context.Context, addr, path string) (status int, raw []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeMax)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		return 0, nil, fmt.Errorf("make request: %w", err)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err = io.ReadAll(resp.Body)
	return resp.StatusCode, raw, err
}

func freePort(tb testing.TB) int {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// Addr implements Rig.
func (r *mesosRig) Addr(to string) (string, error) {
	d, err := r.daemon(to)
	if err != nil {
		return "", err
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(d.port)), nil
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
	if c.Fresh {
		if err := os.RemoveAll(filepath.Join(d.dir, "meta")); err != nil {
			return fmt.Errorf("empty meta directory: %w", err)
		}
	}
	maps.Copy(d.flags, r.flags(c.Flags, nil))
	return d.start()
}

func (r *mesosRig) stop() {
	for _, d := range append(r.agents, r.masters...) {
		_ = d.kill()
	}
	for n := range r.agents {
		killLeftovers(r.known["AGENT_WORK_DIR_"+strconv.Itoa(n+1)])
	}
}

// killExecutor signals the process that has the executor's id in its environment and works below the agent's directory.
func killExecutor(c *Ctl, workDir string) error {
	want := []byte("MESOS_EXECUTOR_ID=" + c.Executor + "\x00")
	deadline := time.Now().Add(startMax)
	for time.Now().Before(deadline) {
		found := false
		for pid, env := range processes(workDir) {
			if bytes.Contains(append(env, 0), want) {
				found = true
				if err := syscall.Kill(pid, syscall.Signal(c.Signal)); err != nil {
					return fmt.Errorf("signal executor %s: %w", c.Executor, err)
				}
			}
		}
		if found {
			return nil
		}
		_ = pause(context.Background(), probeEvery)
	}
	return fmt.Errorf("no process of executor %s below %s", c.Executor, workDir)
}

// killLeftovers ends what tasks have left running.
func killLeftovers(workDir string) {
	for pid := range processes(workDir) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// processes are the processes whose working directory is below dir, with their environment. That also leaves out
// wrappers which run elsewhere.
func processes(dir string) map[int][]byte {
	found := map[int][]byte{}
	if dir == "" {
		return found
	}
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return found
	}
	for _, entry := range entries {
		cwd, err := os.Readlink(entry + "/cwd")
		if err != nil || !strings.HasPrefix(cwd, dir+"/") {
			continue
		}
		env, err := os.ReadFile(entry + "/environ")
		pid, err2 := strconv.Atoi(filepath.Base(entry))
		if err == nil && err2 == nil {
			found[pid] = env
		}
	}
	return found
}
