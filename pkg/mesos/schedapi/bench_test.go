package schedapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/schedapi"
	"github.com/gantry-mesos/gantry/pkg/mesos/wire"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// offersFrame makes an OFFERS event of n offers with six resources and five attributes each.
func offersFrame(n int) []byte {
	event := &scheduler.Event{Type: scheduler.Event_OFFERS, Offers: &scheduler.Event_Offers{}}
	for i := range n {
		scalar := func(name string, units int64) mesos.Resource {
			return mesos.Resource{Name: name, Type: mesos.Scalar, Scalar: resource.Units(units), AllocationRole: "web"}
		}
		text := func(name, value string) mesos.Attribute {
			return mesos.Attribute{Name: name, Type: mesos.Text, Text: value}
		}
		event.Offers.Offers = append(event.Offers.Offers, wire.ToOffer(mesos.Offer{
			ID:          mesos.OfferID(fmt.Sprintf("a3a4cd3c-1c5a-4f2c-9d0f-0d1b1c1e4d5f-O%d", i)),
			FrameworkID: "a3a4cd3c-1c5a-4f2c-9d0f-0d1b1c1e4d5f-0000",
			AgentID:     mesos.AgentID(fmt.Sprintf("a3a4cd3c-1c5a-4f2c-9d0f-0d1b1c1e4d5f-S%d", i)),
			Hostname:    fmt.Sprintf("node-%d.example.com", i),
			Role:        "web",
			Domain:      mesos.Domain{Region: "eu-central-1", Zone: "eu-central-1a"},
			Resources: []mesos.Resource{
				scalar("cpus", 32), scalar("mem", 128_000), scalar("disk", 1_000_000), scalar("gpus", 2), scalar("bandwidth", 1000),
				{Name: "ports", Type: mesos.RangeSet, AllocationRole: "web", Ranges: resource.NewRanges(
					resource.Range{Begin: 31000, End: 31100}, resource.Range{Begin: 31105, End: 31900}, resource.Range{Begin: 31950, End: 32000})},
			},
			Attributes: []mesos.Attribute{
				text("rack", "r17"), text("os", "debian-12"), text("disk", "nvme"), text("network", "25g"),
				{Name: "generation", Type: mesos.Scalar, Scalar: resource.Units(7)},
			},
		}))
	}
	return frame(event)
}

// answering is a master on a real socket that sends data after SUBSCRIBED and 202 to calls.
func answering(b *testing.B, data []byte, times int) *httptest.Server {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Mesos-Stream-Id") != "" {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		w.Header().Set("Mesos-Stream-Id", "s")
		_, _ = w.Write(subscribed("fw-1"))
		for range times {
			_, _ = w.Write(data)
		}
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	b.Cleanup(server.Close)
	return server
}

func runClient(b *testing.B, url string, handle schedapi.Handler) *schedapi.Client {
	b.Helper()
	c, err := schedapi.New(schedapi.Config{
		Framework: func() mesos.FrameworkInfo { return mesos.FrameworkInfo{User: "root", Name: "bench"} },
	}, &fakeLeader{answers: []string{url}}, zap.NewNop())
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, handle) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Errorf("Run = %v", err)
		}
	})
	return c
}

// BenchmarkOffers reads OFFERS events of 10,000 offers from a socket.
func BenchmarkOffers(b *testing.B) {
	const offers = 10_000
	data := offersFrame(offers)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		b.StopTimer()
		done := make(chan int, 1)
		server := answering(b, data, 1)
		b.StartTimer()
		runClient(b, server.URL, func(_ context.Context, e mesos.SchedulerEvent) error {
			if got, ok := e.(mesos.Offers); ok {
				done <- len(got.Offers)
			}
			return nil
		})
		n += <-done
	}
	if n != b.N*offers {
		b.Fatalf("read %d offers, want %d", n, b.N*offers)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "offers/s")
}

// BenchmarkAcknowledge sends ACKNOWLEDGE calls to a master on loopback.
func BenchmarkAcknowledge(b *testing.B) {
	ready := make(chan struct{})
	server := answering(b, nil, 0)
	c := runClient(b, server.URL, func(_ context.Context, e mesos.SchedulerEvent) error {
		if _, ok := e.(mesos.Subscribed); ok {
			close(ready)
		}
		return nil
	})
	<-ready
	call := mesos.Acknowledge{AgentID: "agent-S1", TaskID: "web.1", UUID: make([]byte, 16)}
	b.ReportAllocs()
	var pending sync.WaitGroup
	failed := make(chan error, 1)
	for b.Loop() {
		pending.Add(1)
		if err := c.Enqueue(b.Context(), call, func(err error) {
			if err != nil {
				select {
				case failed <- err:
				default:
				}
			}
			pending.Done()
		}); err != nil {
			b.Fatal(err)
		}
	}
	pending.Wait()
	select {
	case err := <-failed:
		b.Fatal(err)
	default:
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}
