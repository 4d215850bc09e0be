package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/eventlog"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

// eventFigures measures how many events reach their readers in a second: each event
// goes to all subscribers but one in ten, which never read.
func eventFigures(s *session) error {
	subscribers, rounds := 1000, 10
	if s.small {
		subscribers, rounds = 50, 2
	}
	best := 0.0
	for range s.runs {
		got, err := deliveries(subscribers, rounds)
		if err != nil {
			return err
		}
		best = max(best, got)
	}
	s.report(fmt.Sprintf("events/subscribers=%d", subscribers), best, "events/s")
	return nil
}

// eventBatch is how many events are added at once.
const eventBatch = 100

// deliveries adds batches of events and waits each time until every reader has them.
func deliveries(subscribers, rounds int) (perSecond float64, err error) {
	log := eventlog.New(1<<16, time.Now())
	s := coretest.New(time.Now(), false)
	h, err := httpapi.New(httpapi.Config{Scheduler: s, Leadership: s, Rules: app.DefaultRules(), Events: func() *eventlog.Log { return log }})
	if err != nil {
		return 0, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("listen: %w", err)
	}
	serving := start(func(ctx context.Context) error { return h.Run(ctx, l) })
	client := &http.Client{Transport: &http.Transport{}}
	var reading, pending sync.WaitGroup
	defer func() {
		log.Close()
		client.CloseIdleConnections()
		reading.Wait()
		err = errors.Join(err, serving.end())
	}()
	readers := 0
	for n := range subscribers {
		body, err := subscribe(client, "http://"+l.Addr().String())
		if err != nil {
			return 0, err
		}
		if n%10 == 0 {
			defer body.Close() // this one never reads
			continue
		}
		readers++
		reading.Go(func() {
			defer body.Close()
			take(body, &pending)
		})
	}
	return pour(log, readers, rounds, &pending), nil
}

// pour adds the events and returns how many arrive in a second.
func pour(log *eventlog.Log, readers, rounds int, pending *sync.WaitGroup) float64 {
	events := make([]event.Event, eventBatch)
	for n := range events {
		events[n] = &event.StatusUpdate{TaskID: "web.instance-1._app.1", TaskStatus: "TASK_RUNNING", AppID: "/web", Host: "host"}
	}
	began := time.Now()
	for range rounds {
		pending.Add(readers * eventBatch)
		log.Publish(events)
		pending.Wait()
	}
	return float64(rounds*readers*eventBatch) / time.Since(began).Seconds()
}

// take reads a stream to its end and strikes off what has arrived.
func take(body io.Reader, pending *sync.WaitGroup) {
	const mark = "data: "
	kept := 0 // of what was read before, as a mark may be cut in two
	for buf := make([]byte, 64<<10); ; {
		n, err := body.Read(buf[kept:])
		end := kept + n
		pending.Add(-bytes.Count(buf[:end], []byte(mark)))
		kept = copy(buf, buf[max(0, end-len(mark)+1):end])
		if err != nil {
			return
		}
	}
}

func subscribe(client *http.Client, url string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url+"/v2/events?event_type=status_update_event&plan-format=light", http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/event-stream")
	resp, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("subscribe: got %d", resp.StatusCode), resp.Body.Close())
	}
	return resp.Body, nil
}
