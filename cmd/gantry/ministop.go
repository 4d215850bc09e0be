package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/scheduler"
)

const (
	// settleTime is how long the scheduler may still store what the stopped agents reported.
	settleTime = 300 * time.Millisecond
	// sameWish is how soon after the first signal another one means the same: a terminal gives Ctrl-C to a script and to
	// what it runs, and the script may pass it on.
	sameWish = 200 * time.Millisecond
	// countEvery is how often what is left is counted, sayEvery how often it is said when nothing changes.
	countEvery = 100 * time.Millisecond
	sayEvery   = 5 * time.Second
)

// untilAsked ends with the first signal to stop, and with the terminal, so that no task outlives it unseen; nohup keeps
// its meaning. The channel again is closed when the user asks once more.
func untilAsked(ctx context.Context) (asked context.Context, again <-chan struct{}, stop context.CancelFunc) {
	signals := make(chan os.Signal, 8) // more than anybody sends before they are taken
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	asked, cancel := context.WithCancel(ctx)
	ended, repeated := make(chan struct{}), make(chan struct{})
	go func() {
		var first time.Time
		for {
			select {
			case s := <-signals:
				switch now := time.Now(); {
				case first.IsZero():
					first = now
					cancel()
				case s != syscall.SIGHUP && now.Sub(first) > sameWish:
					close(repeated)
					return
				}
			case <-ended:
				return
			}
		}
	}()
	return asked, repeated, func() {
		signal.Stop(signals)
		close(ended)
		cancel()
	}
}

// together runs both, and says welcome once all of the cluster runs. At the end the
// cluster stops first, so that the scheduler hears of the end of its tasks and starts
// them at once the next time.
func together(ctx context.Context, cluster *minicluster.Cluster, s *scheduler.Scheduler, welcome func(), f farewell) error {
	scheduling, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	clustering, halt := context.WithCancel(ctx)
	defer halt()
	schedulerEnded, clusterEnded := make(chan error, 1), make(chan error, 1)
	go func() { schedulerEnded <- s.Run(scheduling) }()
	go func() { clusterEnded <- cluster.Run(clustering) }()
	ready := make(chan error, 1)
	go func() { ready <- cluster.Ready(clustering) }()
	for {
		select {
		case err := <-ready:
			if err == nil {
				welcome()
			}
		case err := <-schedulerEnded:
			halt()
			return errors.Join(err, <-clusterEnded)
		case err := <-clusterEnded:
			stop()
			return errors.Join(err, <-schedulerEnded)
		case <-ctx.Done():
			f.begin(cluster.Containers())
			s.Quiesce(scheduling)
			err := f.wait(cluster, clusterEnded)
			time.AfterFunc(settleTime, stop)
			return errors.Join(err, <-schedulerEnded)
		}
	}
}

// stoppable is a cluster that stops.
type stoppable interface {
	// Containers counts what still runs.
	Containers() int
	// Hurry ends the grace period.
	Hurry()
}

// farewell tells how far the stop is.
type farewell struct {
	out   io.Writer
	again <-chan struct{}
}

func (f farewell) begin(tasks int) {
	if tasks == 0 {
		fmt.Fprintln(f.out, "stopping")
		return
	}
	fmt.Fprintf(f.out, "stopping; %s, at most %s (Ctrl-C again: kill at once)\n",
		counted(tasks, "task gets its grace period", "tasks get their grace period"), minicluster.StopGrace)
}

// wait returns how the cluster ended. Until then it says what is left, when that changes and now and then, and ends
// the grace period when it is asked to.
func (f farewell) wait(c stoppable, ended <-chan error) error {
	began, all := time.Now(), c.Containers()
	said, last := began, all
	again := f.again
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-again:
			again = nil
			fmt.Fprintf(f.out, "killing %s at once\n", counted(c.Containers(), "task", "tasks"))
			c.Hurry()
		case now := <-tick.C:
			left := c.Containers()
			if left == 0 || left == last && now.Sub(said) < sayEvery {
				continue
			}
			said, last, all = now, left, max(all, left)
			fmt.Fprintf(f.out, "%d of %s left, for at most %s\n", left, counted(all, "task is", "tasks are"),
				max(0, minicluster.StopGrace-now.Sub(began)).Round(time.Second))
		}
	}
}

func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
