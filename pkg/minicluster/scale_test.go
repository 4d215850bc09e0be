package minicluster_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"runtime"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
)

// scales are numbers of simulated agents and of tasks on each; the first runs as a test, the others as benchmarks.
var scales = []struct{ agents, tasks int }{{50, 10}, {1000, 10}, {5000, 10}}

const scaleMax = 5 * time.Minute

func TestSimulatedAgentsRunTasksThroughHTTP(t *testing.T) {
	t.Parallel()
	fill(t, scales[0].agents, scales[0].tasks)
}

// BenchmarkSimulated reports how long it takes until the agents are registered (agents-s), until a scheduler has an
// offer of each (offers-s), until all tasks run and are acknowledged (running-s), until then another scheduler has an
// offer of each agent (full-offers-s), and the live heap with all of that.
func BenchmarkSimulated(b *testing.B) {
	for _, s := range scales[1:] {
		b.Run(fmt.Sprintf("agents=%d/tasks=%d", s.agents, s.agents*s.tasks), func(b *testing.B) {
			for b.Loop() {
				m := fill(b, s.agents, s.tasks)
				b.ReportMetric(m.registered.Seconds(), "agents-s")
				b.ReportMetric(m.offered.Seconds(), "offers-s")
				b.ReportMetric(m.running.Seconds(), "running-s")
				b.ReportMetric(m.offeredFull.Seconds(), "full-offers-s")
				b.ReportMetric(float64(m.heap)/(1<<20), "heap-MiB")
			}
		})
	}
}

type figures struct {
	registered, offered, running, offeredFull time.Duration
	heap                                      uint64
}

// fill starts a cluster of simulated agents, subscribes, and gives each agent its tasks over HTTP and protobuf.
func fill(tb testing.TB, agents, tasks int) figures {
	tb.Helper()
	cfg := minicluster.DefaultConfig(0)
	cfg.Simulated.Count, cfg.Simulated.RegistrationSpread = agents, 500*time.Millisecond
	cfg.WorkDir = tb.TempDir()
	c, err := minicluster.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), scaleMax)
	ended := make(chan error, 1)
	began := time.Now()
	go func() { ended <- c.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Error(err)
		}
	}()
	if err := c.Ready(ctx); err != nil {
		tb.Fatal(err)
	}
	m := figures{registered: time.Since(began)}
	s, in, offers := subscribeBulk(ctx, tb, c, agents)
	m.offered = time.Since(s.began)
	for i := range offers {
		s.launch(ctx, &offers[i], tasks)
	}
	s.acknowledge(ctx, in, agents*tasks)
	m.running = time.Since(s.began)
	if got := c.Simulated(); got.Registered != agents || got.Live != agents*tasks {
		tb.Errorf("Simulated = %+v, want %d agents with %d tasks", got, agents, agents*tasks)
	}
	other, _, _ := subscribeBulk(ctx, tb, c, agents)
	m.offeredFull = time.Since(other.began)
	runtime.GC()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	m.heap = mem.HeapAlloc
	return m
}

// subscribeBulk starts a scheduler and returns once it has an offer of every agent.
func subscribeBulk(ctx context.Context, tb testing.TB, c *minicluster.Cluster, agents int) (*bulk, *codec.RecordReader, []mesos.Offer) {
	tb.Helper()
	s := &bulk{
		tb: tb, url: "http://" + c.MasterAddr(1) + "/api/v1/scheduler", began: time.Now(),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}},
	}
	resp := s.post(ctx, &scheduler.Call{Type: scheduler.Call_SUBSCRIBE, Subscribe: &scheduler.Call_Subscribe{FrameworkInfo: &mesos.FrameworkInfo{
		User: "root", Name: "bulk", Roles: []string{"test"},
		Capabilities: []mesos.FrameworkInfo_Capability{{Type: mesos.FrameworkInfo_Capability_MULTI_ROLE}, {Type: mesos.FrameworkInfo_Capability_PARTITION_AWARE}},
	}}})
	tb.Cleanup(func() {
		_ = resp.Body.Close()
		s.client.CloseIdleConnections()
	})
	s.stream = resp.Header.Get("Mesos-Stream-Id")
	in := codec.NewRecordReader(resp.Body, 1<<30)
	return s, in, s.offers(in, agents)
}

// bulk is a scheduler that takes every offer.
type bulk struct {
	began       time.Time
	tb          testing.TB
	url, stream string
	id          *mesos.FrameworkID
	client      *http.Client
}

func (s *bulk) post(ctx context.Context, call *scheduler.Call) *http.Response {
	s.tb.Helper()
	body, err := codec.Protobuf.Marshal(call)
	if err != nil {
		s.tb.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		s.tb.Fatal(err)
	}
	req.Header.Set("Content-Type", codec.MediaTypeProtobuf)
	req.Header.Set("Accept", codec.MediaTypeProtobuf)
	if s.stream != "" {
		req.Header.Set("Mesos-Stream-Id", s.stream)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		s.tb.Fatal(err)
	}
	return resp
}

// call sends a call that must be received.
func (s *bulk) call(ctx context.Context, call *scheduler.Call) {
	s.tb.Helper()
	resp := s.post(ctx, call)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		s.tb.Fatalf("%s = %s, want 202", call.Type, resp.Status)
	}
}

func (s *bulk) next(in *codec.RecordReader) *scheduler.Event {
	s.tb.Helper()
	record, err := in.Next()
	if err != nil {
		s.tb.Fatal(err)
	}
	e := &scheduler.Event{}
	if err := codec.Protobuf.Unmarshal(record, e); err != nil {
		s.tb.Fatal(err)
	}
	return e
}

// offers collects an offer of each agent.
func (s *bulk) offers(in *codec.RecordReader, agents int) []mesos.Offer {
	s.tb.Helper()
	var all []mesos.Offer
	for len(all) < agents {
		switch e := s.next(in); e.Type { //nolint:exhaustive // the default covers the rest
		case scheduler.Event_SUBSCRIBED:
			id := *e.Subscribed.FrameworkID
			s.id = &id
		case scheduler.Event_OFFERS:
			all = append(all, e.Offers.Offers...)
		default:
		}
	}
	return all
}

func (s *bulk) launch(ctx context.Context, o *mesos.Offer, tasks int) {
	s.tb.Helper()
	year, command := 365.0*24*3600, "sleep 1000"
	launch := &mesos.Offer_Operation_Launch{}
	for i := range tasks {
		launch.TaskInfos = append(launch.TaskInfos, mesos.TaskInfo{
			Name: "t", TaskID: mesos.TaskID{Value: fmt.Sprintf("%s.%d", o.AgentID.Value, i)}, AgentID: o.AgentID,
			Command: &mesos.CommandInfo{Value: &command},
			Resources: []mesos.Resource{
				{Name: "cpus", Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: 1}},
				{Name: "mem", Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: 128}},
			},
		})
	}
	s.call(ctx, &scheduler.Call{
		Type: scheduler.Call_ACCEPT, FrameworkID: s.id, Accept: &scheduler.Call_Accept{
			OfferIDs: []mesos.OfferID{o.ID}, Filters: &mesos.Filters{RefuseSeconds: &year},
			Operations: []mesos.Offer_Operation{{Type: mesos.Offer_Operation_LAUNCH, Launch: launch}},
		},
	})
}

// acknowledge waits until so many tasks run.
func (s *bulk) acknowledge(ctx context.Context, in *codec.RecordReader, tasks int) {
	s.tb.Helper()
	for running := 0; running < tasks; {
		e := s.next(in)
		if e.Type != scheduler.Event_UPDATE {
			continue
		}
		status := e.Update.Status
		if status.GetState() == mesos.TASK_RUNNING {
			running++
		}
		s.call(ctx, &scheduler.Call{Type: scheduler.Call_ACKNOWLEDGE, FrameworkID: s.id, Acknowledge: &scheduler.Call_Acknowledge{
			AgentID: *status.AgentID, TaskID: status.TaskID, UUID: status.UUID,
		}})
	}
}
