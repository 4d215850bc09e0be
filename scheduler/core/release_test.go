package core_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
	"github.com/gantry-mesos/gantry/scheduler/volumes"
)

func TestAReleaseOnAnAgentThatNeverReturnsHasAnEnd(t *testing.T) {
	t.Parallel()
	cfg := core.DefaultConfig()
	cfg.Rand = rand.New(rand.NewPCG(1, 1))
	s := core.New(cfg, placement.NewCluster(placement.Config{}), core.Stored{Releases: map[instance.ID]volumes.Release{
		"db.instance-1": {Agent: "a1", Role: "db", Since: began.Add(-31 * 24 * time.Hour)},
		"db.instance-2": {Agent: "a1", Role: "db", Since: began.Add(-29 * 24 * time.Hour)},
	}}, began)
	eff := s.Step(began, core.FromMesos{mesos.Subscribed{FrameworkID: "fw"}})
	want := []core.Change{core.PutFramework{ID: "fw"}, core.DropRelease{ID: "db.instance-1"}}
	if d := cmp.Diff(eff.Persist, want); d != "" {
		t.Errorf("persisted (-got +want):\n%s", d)
	}
}
