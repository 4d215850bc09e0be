package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/scheduler"
	"github.com/gantry-mesos/gantry/test/zktest"
)

// failoverFigures measure how long nobody schedules: when the leading scheduler is
// killed, from the signal to the launch of an instance by another one, the session
// timeout included; when it is told to stop; and when another master is elected, from
// the moment that the scheduler knows it to its subscription there.
func failoverFigures(s *session) error {
	agents, instances := 500, 10_000
	if s.small {
		agents, instances = 20, 200
	}
	return inside(func(t *noTest) error {
		zk := zktest.StartWithHeap(t, zooKeeperHeap)
		killed, orderly, err := failovers(s, zk.Addr(), agents, instances)
		if err != nil {
			return err
		}
		s.report(fmt.Sprintf("failover/instances=%d", instances), killed.Seconds(), "seconds")
		s.report("failover/orderly", orderly.Seconds(), "seconds")
		elected, err := election(zk.Addr())
		if err != nil {
			return err
		}
		s.report("failover/master", elected.Seconds(), "seconds")
		return nil
	})
}

// process is a scheduler in a process of its own.
type process struct {
	*scheduled
	cmd *exec.Cmd
}

// schedulerVariable makes this program a scheduler: master and --zk.
const schedulerVariable = "GANTRY_BENCH_SCHEDULER"

// asScheduler runs a scheduler, if this process was started as one, and tells its
// address on standard output.
func asScheduler() {
	master, zk, ok := strings.Cut(os.Getenv(schedulerVariable), " ")
	if !ok {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	cfg := scheduler.DefaultConfig()
	cfg.Master, cfg.ZK, cfg.HTTPAddress, cfg.ExecutorPath = master, zk, "127.0.0.1:0", "/usr/local/bin/gantry-executor"
	sched, err := scheduler.New(cfg, quietLog())
	if err == nil {
		fmt.Println(sched.Address())
		err = sched.Run(ctx)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// spawn starts a scheduler as a process.
func spawn(c *minicluster.Cluster, zookeeper string) (*process, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), schedulerVariable+"="+c.MasterURL()+" zk://"+zookeeper+"/failover")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start a scheduler: %w", err), cmd.Wait())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return &process{cmd: cmd, scheduled: &scheduled{
		running: &running{stop: func() {}, ended: make(chan error, 1)}, fleet: c,
		url: "http://" + strings.TrimSpace(address), client: &http.Client{Transport: &http.Transport{}},
	}}, nil
}

// end sends the process a signal and waits for its end.
func (p *process) end(sig syscall.Signal) error {
	p.client.CloseIdleConnections()
	err := p.cmd.Process.Signal(sig)
	_ = p.cmd.Wait() // a process that was killed ends with an error
	return err
}

// failovers takes the best of several failovers of each kind. The scheduler that
// follows is up before the one that leads goes, as a standby.
func failovers(s *session, zookeeper string, agents, instances int) (killed, orderly time.Duration, err error) {
	c, cluster, err := fleet(agents)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, cluster.end()) }()
	leader, err := spawn(c, zookeeper)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, leader.end(syscall.SIGKILL)) }()
	s.progress("deploying %d instances", instances)
	if _, err = deploy(leader.scheduled, c, instances); err != nil {
		return 0, 0, err
	}
	best := map[syscall.Signal]time.Duration{}
	for n := range s.runs {
		for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
			standby, err := spawn(c, zookeeper)
			if err != nil {
				return 0, 0, err
			}
			if err := standby.leads(); err != nil { // it forwards to the one that does
				return 0, 0, errors.Join(err, standby.end(syscall.SIGKILL))
			}
			took, err := failOver(leader, standby, sig, fmt.Sprintf("/bench/%s-%d", map[syscall.Signal]string{syscall.SIGKILL: "killed", syscall.SIGTERM: "stopped"}[sig], n))
			leader = standby
			if err != nil {
				return 0, 0, err
			}
			if best[sig] == 0 || took < best[sig] {
				best[sig] = took
			}
		}
	}
	return best[syscall.SIGKILL], best[syscall.SIGTERM], nil
}

// failOver ends the leader, and has the next one launch one more instance.
func failOver(leader, next *process, sig syscall.Signal, id string) (time.Duration, error) {
	had := next.fleet.Simulated().Live
	began := time.Now()
	if err := leader.cmd.Process.Signal(sig); err != nil {
		return 0, err
	}
	err := next.await("wait for another scheduler to take an app", func() (bool, error) {
		_, err := next.do(http.MethodPost, "/v2/apps", fmt.Sprintf(`{"id": %q, "cmd": "sleep 1000", "cpus": 0.1, "mem": 32}`, id))
		return err == nil || strings.Contains(err.Error(), "409"), err // an answer may have been lost
	})
	if err == nil {
		err = next.await("wait for the launch", func() (bool, error) { return next.fleet.Simulated().Live > had, nil })
	}
	took := time.Since(began)
	return took, errors.Join(err, next.allRun(had+1), leader.end(syscall.SIGCONT))
}

// election kills the leading one of two masters, and returns how long after the
// scheduler knew the next one it was subscribed there.
func election(zookeeper string) (took time.Duration, err error) {
	cfg := minicluster.DefaultConfig(0)
	cfg.ZooKeeper = "zk://" + zookeeper + "/mesos"
	cfg.Simulated.Count, cfg.Simulated.RegistrationSpread = 10, -1
	cfg.Masters = append(cfg.Masters, minicluster.DefaultMasterConfig())
	for n := range cfg.Masters {
		cfg.Masters[n].ZKSessionTimeout = 4 * time.Second
	}
	c, err := minicluster.New(cfg)
	if err != nil {
		return 0, err
	}
	r := start(c.Run)
	defer func() { err = errors.Join(err, r.end()) }()
	ctx, cancel := context.WithTimeout(context.Background(), wholeMax)
	defer cancel()
	if err := c.Ready(ctx); err != nil {
		return 0, err
	}
	seen, lines := observer.New(zap.InfoLevel)
	sc := scheduler.DefaultConfig()
	sc.Master, sc.ZK, sc.HTTPAddress, sc.ExecutorPath = c.MasterURL(), "zk://"+zookeeper+"/election", "127.0.0.1:0", "/usr/local/bin/gantry-executor"
	inner, err := scheduler.New(sc, zap.New(seen))
	if err != nil {
		return 0, err
	}
	s := &scheduled{running: start(inner.Run), fleet: c, scheduler: inner, url: "http://" + inner.Address(), client: &http.Client{Transport: &http.Transport{}}}
	defer func() { err = errors.Join(err, s.end()) }()
	times := func(message string) []time.Time {
		var at []time.Time
		for _, e := range lines.FilterMessage(message).All() {
			at = append(at, e.Time)
		}
		return at
	}
	subscribed := func(n int) func() (bool, error) {
		return func() (bool, error) { return len(times("subscribed")) >= n, nil }
	}
	if err := s.await("wait for the subscription", subscribed(1)); err != nil {
		return 0, err
	}
	if err := c.KillMaster(c.Leader()); err != nil {
		return 0, err
	}
	if err := s.await("wait for the next subscription", subscribed(2)); err != nil {
		return 0, err
	}
	found, there := times("leading master found"), times("subscribed")
	return there[1].Sub(found[len(found)-1]), nil
}
