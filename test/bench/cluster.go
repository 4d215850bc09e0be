package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/scheduler"
)

// wholeMax bounds everything that a whole cluster is waited for.
const wholeMax = 3 * time.Minute

// quietLog makes every line that an operator would get, as JSON, and throws it away.
func quietLog() *zap.Logger {
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zap.InfoLevel))
}

// running is something that runs until it is stopped.
type running struct {
	stop  context.CancelFunc
	ended chan error
}

func start(run func(context.Context) error) *running {
	ctx, stop := context.WithCancel(context.Background())
	r := &running{stop: stop, ended: make(chan error, 1)}
	go func() { r.ended <- run(ctx) }()
	return r
}

// end stops it and returns what it ended with.
func (r *running) end() error {
	r.stop()
	return <-r.ended
}

// fleet starts a mini cluster of simulated agents, which take a task's word for
// everything but speak the same messages, and returns once all are registered.
func fleet(agents int) (*minicluster.Cluster, *running, error) {
	cfg := minicluster.DefaultConfig(0)
	cfg.Simulated.Count, cfg.Simulated.RegistrationSpread = agents, -1
	c, err := minicluster.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	r := start(c.Run)
	ctx, cancel := context.WithTimeout(context.Background(), wholeMax)
	defer cancel()
	if err := c.Ready(ctx); err != nil {
		return nil, nil, errors.Join(err, r.end())
	}
	return c, r, nil
}

// scheduled is a scheduler that runs, with a client of its API.
type scheduled struct {
	*running
	fleet     *minicluster.Cluster
	scheduler *scheduler.Scheduler
	url       string
	client    *http.Client
}

// schedule starts a scheduler as "gantry scheduler" does, changed by set.
func schedule(c *minicluster.Cluster, set func(*scheduler.Config)) (*scheduled, error) {
	cfg := scheduler.DefaultConfig()
	cfg.Master, cfg.HTTPAddress, cfg.ExecutorPath = c.MasterURL(), "127.0.0.1:0", "/usr/local/bin/gantry-executor"
	set(&cfg)
	s, err := scheduler.New(cfg, quietLog())
	if err != nil {
		return nil, err
	}
	return &scheduled{
		running: start(s.Run), fleet: c, scheduler: s, url: "http://" + s.Address(), client: &http.Client{Transport: &http.Transport{}},
	}, nil
}

// end stops the scheduler.
func (s *scheduled) end() error {
	s.client.CloseIdleConnections()
	return s.running.end()
}

// do sends a request and returns the answer's body.
func (s *scheduled) do(method, path, body string) ([]byte, error) {
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, data)
	}
	return data, err
}

// counted is what the API tells of all Apps together.
type counted struct{ staged, running int }

func (s *scheduled) counts() (c counted, err error) {
	data, err := s.do(http.MethodGet, "/v2/apps?embed=apps.counts", "")
	if err != nil {
		return c, err
	}
	var list struct {
		Apps []struct{ TasksStaged, TasksRunning int }
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return c, fmt.Errorf("read the list of apps: %w", err)
	}
	for _, a := range list.Apps {
		c.staged += a.TasksStaged
		c.running += a.TasksRunning
	}
	return c, nil
}

// await asks every few milliseconds until ok says so. Errors that pass, such as
// those of a scheduler that does not lead yet, are waited for as well.
func (s *scheduled) await(what string, ok func() (bool, error)) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(wholeMax)
	for {
		done, err := ok()
		if done {
			return nil
		}
		select {
		case ended := <-s.ended:
			s.ended <- ended
			return fmt.Errorf("%s: the scheduler ended: %w", what, ended)
		case <-deadline:
			return fmt.Errorf("%s: not within %v: %w", what, wholeMax, err)
		case <-tick.C:
		}
	}
}

// leads waits until the scheduler answers.
func (s *scheduled) leads() error {
	return s.await("wait for the scheduler to lead", func() (bool, error) {
		_, err := s.do(http.MethodGet, "/v2/apps", "")
		return err == nil, err
	})
}

// allRun waits until n instances run, first on the agents and then for the
// scheduler: a look at the agents is cheap however many Apps there are.
func (s *scheduled) allRun(n int) error {
	return s.await(fmt.Sprintf("wait for %d instances to run", n), func() (bool, error) {
		if s.fleet.Simulated().Live != n {
			return false, nil
		}
		c, err := s.counts()
		return err == nil && c.running == n, err
	})
}
