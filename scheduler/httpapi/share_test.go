package httpapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

func TestRenderShare(t *testing.T) {
	t.Parallel()
	s := &shareRoutes{quotas: map[string]fairshare.Quota{"/prod": {Weight: 3}, "/dev": {Weight: 1}}}
	sh := &view.Sharing{Set: map[string]bool{"/prod": true}}
	four, zero := 4.0, 0.0
	got := s.renderShare(sh, fairshare.Share{
		Queue: "/prod", Quota: fairshare.Quota{Weight: 2, Limit: resource.Vector{CPUs: 4000, GPUs: fairshare.None}},
		Used: resource.Vector{CPUs: 1500, Mem: resource.Units(64)}, Instances: 3, Waiting: 1, Dominant: 0.5, Weighted: 0.25, Resource: "cpus", Limited: 1,
	})
	want := api.Share{
		Queue: "/prod", Quota: api.Quota{Weight: 2, Limit: &api.Bounds{CPUs: &four, GPUs: &zero}}, QuotaFrom: "api", Used: api.Amounts{CPUs: 1.5, Mem: 64},
		Dominant: &api.Dominant{Resource: "cpus", Share: 0.5, Weighted: 0.25}, Instances: 3, Waiting: 1, AppsLimited: 1,
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("share (-got +want):\n%s", diff)
	}
	if got := s.renderShare(sh, fairshare.Share{Queue: "/dev"}).QuotaFrom; got != "flag" {
		t.Errorf("quota of /dev: got %q, want it from the flag", got)
	}
	if got := s.renderShare(sh, fairshare.Share{Queue: "/other"}).QuotaFrom; got != "" {
		t.Errorf("quota of /other: got %q, want none", got)
	}
}

// Jain's index is about those who compete: top-level queues in which something waits.
func TestJainIsAboutThoseWhoWait(t *testing.T) {
	t.Parallel()
	got := jain([]fairshare.Share{
		{Queue: "/", Waiting: 9, Weighted: 1}, {Queue: "/a", Waiting: 1, Weighted: 0.3}, {Queue: "/a/x", Waiting: 1, Weighted: 0.1},
		{Queue: "/b", Waiting: 1, Weighted: 0.3}, {Queue: "/c", Weighted: 0.9},
	})
	if got != 1 {
		t.Errorf("got %v, want 1", got)
	}
}
