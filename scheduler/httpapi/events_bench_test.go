package httpapi_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/eventlog"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

// BenchmarkEvents has a thousand readers of the event stream over real
// connections, of which a hundred do not read, and measures batches of a hundred
// events until the last reader has them, and how long adding one batch takes.
func BenchmarkEvents(b *testing.B) {
	const readers, idle, batch = 1000, 100, 100
	log := eventlog.New(1<<16, time.Now())
	fake := coretest.New(start, false)
	h, err := httpapi.New(httpapi.Config{
		Scheduler: fake, Leadership: fake, Rules: app.DefaultRules(), Address: "leader.example:8080", Events: func() *eventlog.Log { return log },
	})
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	ctx, cancel := context.WithCancel(b.Context())
	var running, got sync.WaitGroup
	for n := range readers {
		body := attachBench(b, ctx, server.URL)
		if n < idle {
			continue
		}
		running.Go(func() {
			for buf := make([]byte, 64<<10); ; {
				k, err := body.Read(buf)
				got.Add(-bytes.Count(buf[:k], []byte("data: ")))
				if err != nil {
					return
				}
			}
		})
	}
	events := make([]event.Event, batch)
	for n := range events {
		events[n] = &event.StatusUpdate{TaskID: "web.instance-1._app.1", TaskStatus: "TASK_RUNNING", AppID: "/web", Host: "h"}
	}
	var adding time.Duration
	for b.Loop() {
		got.Add((readers - idle) * batch)
		began := time.Now()
		log.Publish(events)
		adding += time.Since(began)
		got.Wait()
	}
	b.ReportMetric(float64(b.N*batch*(readers-idle))/b.Elapsed().Seconds(), "deliveries/s")
	b.ReportMetric(float64(adding.Nanoseconds())/float64(b.N*batch), "ns/added")
	log.Close()
	cancel()
	running.Wait()
}

func attachBench(b *testing.B, ctx context.Context, url string) io.Reader {
	b.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v2/events?event_type=status_update_event&plan-format=light", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = resp.Body.Close() }) // it is over
	return resp.Body
}
