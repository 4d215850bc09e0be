package fairshare_test

import (
	"fmt"
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
		"/prod:gpus=-4,disk=0.5-":     {Guarantee: resource.Vector{Disk: 500}, Limit: resource.Vector{GPUs: 4000}},
		"/prod/:gpus=-0":              {Limit: resource.Vector{GPUs: fairshare.None}},
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
		"prod:weight=1":       "begins with a slash",
		"/prod":               "form name=value",
		"/prod:weight=0":      "positive",
		"/prod:weight=NaN":    "positive",
		"/prod:weight=1e9":    "up to",
		"/prod:cpus=10":       "say 10- for a guarantee, -10 for a limit",
		"/prod:cpus=ten-":     "not an amount",
		"/prod:mem=-NaN":      "not an amount",
		"/prod:cpus=5-4":      "above the limit",
		"/prod:gpus=1-0":      "above the limit",
		"/prod:bandwidth=10-": "unknown name",
		"/prod:mem=1-,mem=-2": "given twice",
		"/Prod:weight=1":      "lower-case",
		"/a/../b:weight=1":    "lower-case",
	} {
		if _, _, err := fairshare.ParseQuota(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", text, err, want)
		}
	}
}

// Guarantees below a limit must be within it, all together.
func TestQuotasHoldTogether(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		quotas map[string]fairshare.Quota
		want   string
	}{
		{map[string]fairshare.Quota{"/a": {Limit: cpus(10)}, "/a/x": {Guarantee: cpus(6)}, "/a/y/z": {Guarantee: cpus(4)}}, ""},
		{map[string]fairshare.Quota{"/a": {Limit: cpus(10)}, "/a/x": {Guarantee: cpus(6)}, "/a/y/z": {Guarantee: cpus(5)}}, "queue /a with those below it: cpus: the guarantee 11 is above the limit 10"},
		{map[string]fairshare.Quota{"/a": {Limit: cpus(10)}, "/ab": {Guarantee: cpus(11)}}, ""},
		{map[string]fairshare.Quota{"/": {Limit: cpus(10)}, "/a": {Guarantee: cpus(11)}}, "queue / with those below it"},
		{map[string]fairshare.Quota{"/a": {Weight: -1}}, "queue /a: weight -1"},
	} {
		err := fairshare.CheckQuotas(c.quotas)
		if got := fmt.Sprint(err); err == nil && c.want != "" || err != nil && (c.want == "" || !strings.Contains(got, c.want)) {
			t.Errorf("%v: got error %v, want %q", c.quotas, err, c.want)
		}
	}
}

// FuzzParseQuota checks that no text panics, that what is accepted makes sense
// and reads the same when printed.
func FuzzParseQuota(f *testing.F) {
	f.Add("/prod:weight=2,cpus=10-100,mem=4096-,gpus=-0")
	f.Fuzz(func(t *testing.T, text string) {
		path, q, err := fairshare.ParseQuota(text)
		if err != nil {
			return
		}
		if err := q.Check(); err != nil {
			t.Errorf("%q: got %+v, which %v", text, q, err)
		}
		printed := q.String()
		if printed == "" {
			return
		}
		if _, again, err := fairshare.ParseQuota(path + ":" + printed); err != nil || again != q {
			t.Errorf("%q prints as %q: got %+v and error %v, want %+v", text, printed, again, err, q)
		}
	})
}
