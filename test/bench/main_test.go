package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/test/workloads"
)

func TestMain(m *testing.M) {
	asScheduler()
	goleak.VerifyTestMain(m)
}

// TestEveryFigureIsTakenInItsSmallestSize runs all of it once: the checks of the
// outcome count, not the speed.
func TestEveryFigureIsTakenInItsSmallestSize(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bench.json")
	if err := bench(file, "", 1, true); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var figures []figure
	if err := json.Unmarshal(data, &figures); err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range figures {
		values[sizeless(f.Name)+" "+f.Unit] = f.Value
	}
	// Others read the figures by these names and units.
	for _, g := range goals {
		if _, ok := values[sizeless(g.name)+" "+g.unit]; !ok {
			t.Errorf("no figure %s in %s", g.name, g.unit)
		}
	}
	for name, v := range values {
		if v < 0 {
			t.Errorf("%s: got %v", name, v)
		}
	}
	if got := values["fit-check allocs/op"]; got != 0 {
		t.Errorf("a fit check allocates %v times, want 0", got)
	}
	if got := values["fairness/jain index"]; got < 0.99 {
		t.Errorf("Jain's index: got %v, want at least 0.99", got)
	}
	ours, naive := values["utilisation/trace/first-fit percent"], values["utilisation/trace/naive-first-fit percent"]
	if ours != naive || ours < 90 {
		t.Errorf("utilisation at the first refusal: got %v, the plain scan reaches %v", ours, naive)
	}
	if got := values["heap/instances=N bytes/instance"]; got < 100 || got > 4096 {
		t.Errorf("heap: got %v bytes for an instance, want some hundreds", got)
	}
}

var size = regexp.MustCompile(`(=|put-into-)\d+`)

// sizeless replaces the numbers in a name, which are smaller in tests.
func sizeless(name string) string { return size.ReplaceAllString(name, "${1}N") }

// TestThePromisedSizesAreMeasured looks the sizes of the goals up in the table.
func TestThePromisedSizesAreMeasured(t *testing.T) {
	t.Parallel()
	for _, want := range []struct {
		workload string
		workloads.Size
	}{
		{"uniform", workloads.Size{Agents: 100, Instances: 1000}},
		{"uniform", workloads.Size{Agents: 10_000, Instances: 100_000}},
		{"uniform", workloads.Size{Agents: 50_000, Instances: 1_000_000}},
		{"constrained", workloads.Size{Agents: 10_000, Instances: 100_000}},
		{"nearly-full", workloads.Size{Agents: 10_000, Instances: 100_000}},
		{"spread", workloads.Size{Agents: 5000, Instances: 12_000}},
	} {
		w, err := workloads.Load(want.workload)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, s := range w.Sizes {
			found = found || s == want.Size
		}
		if !found {
			t.Errorf("%s: got the sizes %v, want %v among them", want.workload, w.Sizes, want.Size)
		}
	}
}

func TestAMissedGoalIsTold(t *testing.T) {
	t.Parallel()
	s := &session{figures: []figure{{"a", 3, "s"}}, small: true}
	for _, c := range []struct {
		goal  goal
		value float64
		want  string
	}{
		{goal{name: "a", unit: "s", most: 2}, 3, "a: 3.000 s, the goal is at most 2.000"},
		{goal{name: "a", unit: "s", most: 3}, 3, ""},
		{goal{name: "a", unit: "/s", least: 2000}, 1500, "a: 1500 /s, the goal is at least 2000"},
		{goal{name: "a", unit: "allocs"}, 1, "a: 1.000 allocs, the goal is at most 0.000"},
		{goal{name: "a", unit: "allocs"}, 0, ""},
	} {
		if got := c.goal.missed(c.value); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if err := s.judge(); err == nil {
		t.Error("figures that lack are no error")
	}
}
