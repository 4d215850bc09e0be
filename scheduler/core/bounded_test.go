package core

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// An executor is a program of the user's; what it says must not exceed a record.
func TestWhatAStatusSaysIsStoredWithinBounds(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cfg := DefaultConfig()
	cfg.Rand = rand.New(rand.NewPCG(1, 1))
	spec := &app.Spec{ID: "/web", Version: began, Instances: 1}
	i := &instance.Instance{
		ID: "web.instance-1", App: spec.ID, Version: began, Goal: instance.GoalRunning, Condition: instance.Staging, Since: began, Incarnation: 1,
		Site: mesos.Site{AgentID: "a1"},
	}
	s := New(cfg, placement.NewCluster(placement.Config{}), Stored{Framework: "fw", Versions: []*app.Spec{spec}, Instances: []*instance.Instance{i}}, began)
	s.Step(began, FromMesos{mesos.Subscribed{FrameworkID: "fw"}})
	many := make([]string, 100_000)
	for n := range many {
		many[n] = "10.0.0.1"
	}
	st := mesos.TaskStatus{
		TaskID: i.TaskID(), AgentID: "a1", State: mesos.TaskRunning, UUID: []byte("0123456789abcdef"), Message: strings.Repeat("ä€", 200_000),
		Container: &mesos.ContainerStatus{Networks: []mesos.NetworkInfo{{IPAddresses: []string{strings.Repeat("1", 500_000), "10.0.0.2"}}, {IPAddresses: many}}},
	}
	eff := s.Step(began.Add(time.Second), FromMesos{mesos.Update{Status: st}})
	stored, ok := eff.Persist[0].(PutInstance)
	if !ok {
		t.Fatalf("persisted %T", eff.Persist[0])
	}
	is := stored.Instance
	if n := len(is.Message); n > messageMax || n < messageMax-utf8.UTFMax || !utf8.ValidString(is.Message) {
		t.Errorf("a message of %d bytes is stored, valid %v", n, utf8.ValidString(is.Message))
	}
	if len(is.IPAddresses) != addressesMax || is.IPAddresses[0] != "10.0.0.2" {
		t.Errorf("%d addresses are stored, the first is %.20q", len(is.IPAddresses), is.IPAddresses[0])
	}
	if len(st.Container.Networks[1].IPAddresses) != len(many) {
		t.Error("the event was written to")
	}
}
