package runspec_test

import (
	"testing"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

func TestWhoCarriesARunOutAndWhatThatCosts(t *testing.T) {
	t.Parallel()
	none, standard, own := resource.Vector{}, resource.Vector{CPUs: 10}, resource.Vector{CPUs: 500}
	for _, row := range []struct {
		executor  string
		resources *resource.Vector
		builtIn   bool
		runner    runspec.Runner
		cost      resource.Vector
	}{
		{"", nil, false, runspec.Gantry, standard},
		{"", &own, false, runspec.Gantry, own},
		{"", nil, true, runspec.BuiltIn, none},
		{"", &own, true, runspec.BuiltIn, none},
		{runspec.CommandExecutor, &own, false, runspec.BuiltIn, none},
		{runspec.CommandExecutor, nil, true, runspec.BuiltIn, none},
		{"/bin/x", nil, false, runspec.Own, standard},
		{"/bin/x", &own, true, runspec.Own, own},
	} {
		r := runspec.Run{Executor: row.executor, ExecutorResources: row.resources}
		if got := r.Runner(row.builtIn); got != row.runner {
			t.Errorf("%+v: runner is %d, want %d", row, got, row.runner)
		}
		if got := r.ExecutorCost(row.builtIn, standard); got != row.cost {
			t.Errorf("%+v: costs %v, want %v", row, got, row.cost)
		}
	}
}

func TestAPortTakesAHostPortWhereItIsOnTheHost(t *testing.T) {
	t.Parallel()
	bridge := []runspec.Network{{Mode: runspec.Bridge}}
	for _, row := range []struct {
		networks []runspec.Network
		port     runspec.Port
		want     bool
	}{
		{nil, runspec.Port{}, true},
		{[]runspec.Network{{Mode: runspec.Host}}, runspec.Port{}, true},
		{bridge, runspec.Port{}, false},
		{bridge, runspec.Port{HostPort: new(int)}, true},
	} {
		r := runspec.Run{Networks: row.networks}
		if got := r.HasHostPort(row.port); got != row.want {
			t.Errorf("%+v: got %v, want %v", row, got, row.want)
		}
	}
}
