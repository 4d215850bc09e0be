package fairshare_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
)

func TestParseQuota(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]fairshare.Quota{
		"/prod:weight=2.5":            {Weight: 2.5},
		"/prod:cpus=10-100,mem=4096-": {Guarantee: amount(10, 4096), Limit: amount(100, 0)},
		"/prod:gpus=-4,disk=0.5":      {Guarantee: resource.Vector{Disk: 500}, Limit: resource.Vector{GPUs: 4000}},
	} {
		path, got, err := fairshare.ParseQuota(text)
		if err != nil || path != "/prod" {
			t.Errorf("%s: got path %q, error %v", text, path, err)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", text, diff)
		}
	}
	for text, want := range map[string]string{
		"prod:weight=1":      "begins with a slash",
		"/prod":              "form name=value",
		"/prod:weight=0":     "positive",
		"/prod:weight=NaN":   "positive",
		"/prod:cpus=ten":     "not an amount",
		"/prod:cpus=5-4":     "above the limit",
		"/prod:bandwidth=10": "unknown name",
	} {
		if _, _, err := fairshare.ParseQuota(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", text, err, want)
		}
	}
}

// FuzzParseQuota checks that no text panics and that what is accepted makes sense.
func FuzzParseQuota(f *testing.F) {
	f.Add("/prod:weight=2,cpus=10-100,mem=4096-")
	f.Fuzz(func(t *testing.T, text string) {
		_, q, err := fairshare.ParseQuota(text)
		if err == nil && (q.Weight < 0 || q.Limit.CPUs > 0 && q.Guarantee.CPUs > q.Limit.CPUs) {
			t.Errorf("%q: got %+v", text, q)
		}
	})
}
