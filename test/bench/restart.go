package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/scheduler"
	"github.com/gantry-mesos/gantry/test/zktest"
)

// zooKeeperHeap is the server's memory in MiB, enough for some 30 MiB of state and its log.
const zooKeeperHeap = 512

// restartFigure measures the time from the start of a scheduler whose state is
// in ZooKeeper, a real server, to the first offer it uses: it is elected, loads
// all records, subscribes, and launches the one instance that waits.
func restartFigure(s *session) error {
	agents, instances := 2500, 100_000
	if s.small {
		agents, instances = 20, 400
	}
	return inside(func(t *noTest) error {
		zk := zktest.StartWithHeap(t, zooKeeperHeap)
		took, processor, err := restarts(s, zk.Addr(), agents, instances)
		if err != nil {
			return err
		}
		s.report(fmt.Sprintf("restart/instances=%d", instances), took.Seconds(), "seconds")
		s.report(fmt.Sprintf("restart/instances=%d/processor", instances), processor.Seconds(), "seconds")
		return nil
	})
}

// restarts fills a cluster once and returns the best of several restarts.
func restarts(s *session, zookeeper string, agents, instances int) (best, processor time.Duration, err error) {
	c, cluster, err := fleet(agents)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, cluster.end()) }()
	var first *scheduled
	if first, err = scheduleOn(zookeeper, c); err != nil {
		return 0, 0, err
	}
	s.progress("deploying %d instances", instances)
	_, err = deploy(first, c, instances)
	if err = errors.Join(err, waiting(first, 0), first.end()); err != nil {
		return 0, 0, err
	}
	for n := range s.runs {
		took, used, err := restart(zookeeper, c, instances, n+1)
		if err != nil {
			return 0, 0, err
		}
		if best == 0 || took < best {
			best, processor = took, used
		}
	}
	return best, processor, nil
}

func scheduleOn(zookeeper string, c *minicluster.Cluster) (*scheduled, error) {
	return schedule(c, func(cfg *scheduler.Config) { cfg.ZK = "zk://" + zookeeper + "/gantry" })
}

// waiting leaves an instance to the next scheduler: nothing is launched any more.
func waiting(s *scheduled, n int) error {
	ctx, cancel := context.WithTimeout(context.Background(), wholeMax)
	defer cancel()
	s.scheduler.Quiesce(ctx)
	_, err := s.do(http.MethodPost, "/v2/apps", fmt.Sprintf(`{"id": "/bench/next-%d", "cmd": "sleep 1000", "cpus": 0.1, "mem": 32}`, n))
	return err
}

// restart starts a scheduler and waits until one more task has arrived.
func restart(zookeeper string, c *minicluster.Cluster, instances, n int) (took, processor time.Duration, err error) {
	began, used := time.Now(), processorTime()
	s, err := scheduleOn(zookeeper, c)
	if err != nil {
		return 0, 0, err
	}
	err = s.await("wait for the instance to be launched", func() (bool, error) {
		return c.Simulated().Live > instances+n-1, nil
	})
	took, processor = time.Since(began), processorTime()-used
	if err == nil {
		err = s.allRun(instances + n)
	}
	return took, processor, errors.Join(err, waiting(s, n), s.end())
}
