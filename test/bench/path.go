package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/scheduler"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
	"github.com/gantry-mesos/gantry/scheduler/store/record"
)

// pathFigure measures the whole way: an App is posted to the API of a scheduler
// that keeps its state in a file, and waited for until all its instances run on
// simulated agents. Scheduler and master speak HTTP to each other. Everything,
// the cluster included, runs in this process on one processor.
func pathFigure(s *session) error {
	agents, instances := 1000, 20_000
	if s.small {
		agents, instances = 20, 400
	}
	var best passage
	for range s.runs {
		p, err := path(agents, instances)
		if err != nil {
			return err
		}
		if best.running == 0 || p.running < best.running {
			best = p
		}
	}
	name := fmt.Sprintf("path/instances=%d", instances)
	s.report(name, float64(instances)/best.running.Seconds(), "instances/s")
	s.report(name+"/processor", float64(best.processor.Microseconds())/float64(instances), "us/instance")
	s.report(name+"/acknowledged", float64(instances)/best.acknowledged.Seconds(), "instances/s")
	return nil
}

// passage is how long a deployment took on the wall until all instances ran and
// until the agents had every acknowledgement, and how much processor time until they ran.
type passage struct{ running, acknowledged, processor time.Duration }

// path deploys an App on a cluster and a scheduler of its own.
func path(agents, instances int) (p passage, err error) {
	dir, err := os.MkdirTemp("", "gantry-bench-")
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	c, cluster, err := fleet(agents)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, cluster.end()) }()
	s, err := schedule(c, func(cfg *scheduler.Config) { cfg.StateDir = dir })
	if err != nil {
		return p, err
	}
	p, err = deploy(s, c, instances)
	if err = errors.Join(err, s.end()); err != nil {
		return p, err
	}
	return p, storedRunning(dir, instances)
}

// deploy posts the App and waits for it.
func deploy(s *scheduled, c *minicluster.Cluster, instances int) (p passage, err error) {
	if err := s.leads(); err != nil {
		return p, err
	}
	began, used := time.Now(), processorTime()
	if _, err := s.do(http.MethodPost, "/v2/apps", fmt.Sprintf(pathApp, "/bench/web", instances)); err != nil {
		return p, err
	}
	if err := s.allRun(instances); err != nil {
		return p, err
	}
	p.running, p.processor = time.Since(began), processorTime()-used
	err = s.await("wait for the acknowledgements", func() (bool, error) {
		return c.Simulated().Pending == 0, nil
	})
	p.acknowledged = time.Since(began)
	if got := c.Simulated().Live; got != instances {
		return p, fmt.Errorf("%d tasks live on the agents, want %d", got, instances)
	}
	return p, err
}

// pathApp is an ordinary web service: its id, the number of its instances.
const pathApp = `{
	"id": "%s", "instances": %d, "cpus": 0.25, "mem": 128,
	"container": {"type": "DOCKER", "docker": {"image": "nginx:1.27"}, "portMappings": [{"containerPort": 80}]},
	"networks": [{"mode": "container/bridge"}],
	"env": {"STAGE": "production", "REGION": "eu-west"}, "labels": {"team": "web"}
}`

// storedRunning checks that the file holds every instance as running.
func storedRunning(dir string, want int) (err error) {
	st, err := boltstore.Open(context.Background(), dir, boltstore.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	stored, err := record.New(st).Load(context.Background())
	if err != nil {
		return err
	}
	got := 0
	for _, i := range stored.Instances {
		if i.Condition == instance.Running {
			got++
		}
	}
	if got != want {
		return fmt.Errorf("%d instances are stored as running, want %d", got, want)
	}
	return nil
}
