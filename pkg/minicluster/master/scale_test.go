package master

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// scales are sizes of agents and tasks per agent; the first runs as a test, all as benchmarks.
var scales = []struct{ agents, tasks int }{{20, 10}, {500, 10}, {5000, 10}}

// launchEverywhere fills agents with tasks over HTTP and protobuf until all run and are acknowledged.
func launchEverywhere(tb testing.TB, agents, tasks int) {
	tb.Helper()
	r := newRig(tb, func(c *Config, _ *Deps) {
		c.AllocationInterval = time.Second
	}).lead(tb)
	for range agents {
		a := r.newAgent(tb, "cpus:16;mem:65536;ports:[31000-32000]")
		a.onRun = func(a *fakeAgent, m link.RunTask) {
			a.conn.Send(a.statusUpdate(m.Framework.ID.Value, m.Task.TaskID.Value, mesos.TASK_RUNNING, m.Task.TaskID.Value))
		}
		a.dial()
		a.conn.Send(link.Register{AgentRecord: a.record})
		a.id = awaitMessage[link.Registered](a).AgentID.Value
	}
	s := r.subscribe(tb, "", frameworkInfo(""), "")
	s.fill(agents, tasks)
	r.view(tb, func(st *State) {
		n := 0
		for _, t := range st.Frameworks[s.id].Tasks {
			if t.GetState() == mesos.TASK_RUNNING {
				n++
			}
		}
		if n != agents*tasks {
			tb.Errorf("running tasks: got %d, want %d", n, agents*tasks)
		}
	})
}

// fill accepts every first offer of an agent with tasks, and acknowledges.
func (s *sched) fill(agents, tasks int) {
	s.tb.Helper()
	for running, launched := 0, 0; running < agents*tasks; {
		e := s.next()
		switch {
		case e.Offers != nil:
			for i := range e.Offers.Offers {
				if launched < agents {
					s.protobuf(acceptCall(s.id, &e.Offers.Offers[i], tasks))
					launched++
				}
			}
		case e.Update != nil:
			running++
			st := e.Update.Status
			s.protobuf(&scheduler.Call{
				Type: scheduler.Call_ACKNOWLEDGE, FrameworkID: &mesos.FrameworkID{Value: s.id},
				Acknowledge: &scheduler.Call_Acknowledge{AgentID: *st.AgentID, TaskID: st.TaskID, UUID: st.UUID},
			})
		}
	}
}

func acceptCall(id string, o *mesos.Offer, tasks int) *scheduler.Call {
	year := 365.0 * 24 * 3600
	op := mesos.Offer_Operation{Type: mesos.Offer_Operation_LAUNCH, Launch: &mesos.Offer_Operation_Launch{}}
	for i := range tasks {
		command := "sleep 1"
		op.Launch.TaskInfos = append(op.Launch.TaskInfos, mesos.TaskInfo{
			Name: "t", TaskID: mesos.TaskID{Value: fmt.Sprintf("%s.%d", o.ID.Value, i)}, AgentID: o.AgentID,
			Command: &mesos.CommandInfo{Value: &command},
			Resources: []mesos.Resource{
				{Name: "cpus", Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: 0.5}},
				{Name: "mem", Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: 64}},
			},
		})
	}
	return &scheduler.Call{
		Type: scheduler.Call_ACCEPT, FrameworkID: &mesos.FrameworkID{Value: id},
		Accept: &scheduler.Call_Accept{
			OfferIDs: []mesos.OfferID{o.ID}, Operations: []mesos.Offer_Operation{op}, Filters: &mesos.Filters{RefuseSeconds: &year},
		},
	}
}

// protobuf sends a call in protobuf.
func (s *sched) protobuf(c *scheduler.Call) {
	s.tb.Helper()
	body, err := codec.Protobuf.Marshal(c)
	if err != nil {
		s.tb.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, s.rig.server.URL+"/api/v1/scheduler", bytes.NewReader(body))
	if err != nil {
		s.tb.Fatal(err)
	}
	req.Header.Set("Content-Type", codec.MediaTypeProtobuf)
	req.Header.Set(streamIDHeader, s.streamID)
	resp, err := s.rig.client.Do(req)
	if err != nil {
		s.tb.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		s.tb.Fatalf("%s: %s", c.Type, resp.Status)
	}
}

func TestManyAgentsAndTasksRunThroughHTTP(t *testing.T) {
	t.Parallel()
	launchEverywhere(t, scales[0].agents, scales[0].tasks)
}

func BenchmarkLaunch(b *testing.B) {
	for _, size := range scales {
		b.Run(fmt.Sprintf("agents=%d/tasks=%d", size.agents, size.agents*size.tasks), func(b *testing.B) {
			for b.Loop() {
				launchEverywhere(b, size.agents, size.tasks)
			}
			b.ReportMetric(float64(size.agents*size.tasks*b.N)/b.Elapsed().Seconds(), "tasks/s")
		})
	}
}
