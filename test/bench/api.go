package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gantry-mesos/gantry/scheduler"
)

// apiFigures measures how long clients wait for the list of all Apps while the
// loop is busy with a deployment that starts and ends instances all the time.
func apiFigures(s *session) (err error) {
	apps, agents, rounds := 10_000, 1000, 20
	if s.small {
		apps, agents, rounds = 100, 20, 3
	}
	dir, err := os.MkdirTemp("", "gantry-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	c, cluster, err := fleet(agents)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.end()) }()
	d, err := schedule(c, func(cfg *scheduler.Config) { cfg.StateDir = dir })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.end()) }()
	s.progress("creating %d apps", apps)
	if err := createMany(d, apps, 2); err != nil {
		return err
	}
	busy := start(func(ctx context.Context) error { return keepBusy(ctx, d, agents*10) })
	defer func() { err = errors.Join(err, busy.end()) }()
	for _, f := range []struct{ name, path, unit, mark string }{
		{fmt.Sprintf("api/apps=%d", apps), "/v2/apps", "ms", `"tasksRunning":`},
		{fmt.Sprintf("api/apps=%d/embed=tasks", apps), "/v2/apps?embed=apps.tasks", "ms", `"tasksRunning":`},
		{fmt.Sprintf("api/groups=%d", apps), "/v2/groups", "milliseconds", `"instances":`},
	} {
		median, err := latency(d, f.path, f.mark, apps, rounds)
		if err != nil {
			return err
		}
		s.report(f.name, milliseconds(median), f.unit)
	}
	median, err := putInto(d, apps, rounds)
	if err != nil {
		return err
	}
	s.report(fmt.Sprintf("api/put-into-%d", apps), milliseconds(median), "milliseconds")
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// idleApp is an App that wants nothing yet.
const idleApp = `{"id": %q, "cmd": "sleep 1000", "instances": 0, "portDefinitions": []}`

// putInto makes a group of so many Apps in one request, and returns the median
// time of putting one more into it.
func putInto(d *scheduled, apps, rounds int) (time.Duration, error) {
	var body strings.Builder
	body.WriteString(`{"apps":[`)
	for n := range apps {
		if n > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, idleApp, fmt.Sprintf("app-%05d", n))
	}
	body.WriteString(`]}`)
	if _, err := d.do(http.MethodPut, "/v2/groups/large", body.String()); err != nil {
		return 0, err
	}
	var all []time.Duration
	for n := range rounds {
		began := time.Now()
		if _, err := d.do(http.MethodPost, "/v2/apps", fmt.Sprintf(idleApp, fmt.Sprintf("/large/more-%05d", n))); err != nil {
			return 0, err
		}
		all = append(all, time.Since(began))
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

// createMany creates Apps of so many instances each, in 500 groups below 50, through
// the API and waits until all run.
func createMany(d *scheduled, apps, instances int) error {
	if err := d.leads(); err != nil {
		return err
	}
	var next atomic.Int64
	worker := func(context.Context) error {
		for n := next.Add(1); n <= int64(apps); n = next.Add(1) {
			id := fmt.Sprintf("/team-%d/part-%d/app-%05d", n%50, n/50%10, n)
			if _, err := d.do(http.MethodPost, "/v2/apps", fmt.Sprintf(pathApp, id, instances)); err != nil {
				return err
			}
		}
		return nil
	}
	var workers []*running
	for range 32 {
		workers = append(workers, start(worker))
	}
	var err error
	for _, w := range workers {
		err = errors.Join(err, <-w.ended)
	}
	if err != nil {
		return err
	}
	return d.allRun(instances * apps)
}

// keepBusy scales an App up and down for as long as ctx lasts.
func keepBusy(ctx context.Context, d *scheduled, instances int) error {
	for up := true; ctx.Err() == nil; up = !up {
		n := 0
		if up {
			n = instances
		}
		body := fmt.Sprintf(`{"cmd": "sleep 1000", "cpus": 0.1, "mem": 32, "instances": %d}`, n)
		if _, err := d.do(http.MethodPut, "/v2/apps/bench/busy?force=true", body); err != nil {
			return err
		}
	}
	return nil
}

// latency returns the median time of the request. The answer is compressed, as
// for most clients; reading it is the client's affair and not counted.
func latency(d *scheduled, path, mark string, apps, rounds int) (time.Duration, error) {
	var all []time.Duration
	for range rounds {
		req, err := http.NewRequest(http.MethodGet, d.url+path, http.NoBody)
		if err != nil {
			return 0, err
		}
		req.Header.Set("Accept-Encoding", "gzip")
		began := time.Now()
		resp, err := d.client.Do(req)
		if err != nil {
			return 0, err
		}
		data, err := io.ReadAll(resp.Body)
		all = append(all, time.Since(began))
		if err = errors.Join(err, resp.Body.Close()); err != nil {
			return 0, err
		}
		if err := holds(data, mark, apps); err != nil {
			return 0, fmt.Errorf("GET %s: %w", path, err)
		}
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

// holds checks that a compressed answer lists at least so many Apps, each of which
// has a mark.
func holds(data []byte, mark string, apps int) error {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return err
	}
	if got := bytes.Count(text, []byte(mark)); got < apps {
		return fmt.Errorf("%d apps are listed, want %d", got, apps)
	}
	return nil
}
