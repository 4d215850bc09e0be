package docker

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/dockerparam"
)

func TestEveryKnownParameterIsApplied(t *testing.T) {
	t.Parallel()
	if d := cmp.Diff(dockerparam.Names(), slices.Sorted(maps.Keys(parameters()))); d != "" {
		t.Errorf("known to the API (-) and applied here (+):\n%s", d)
	}
}
