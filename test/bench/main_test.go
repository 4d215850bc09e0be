package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestSmall takes every figure once in its smallest size: the checks of the
// outcome count, not the speed.
func TestSmall(t *testing.T) {
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
		values[f.Name+" "+f.Unit] = f.Value
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
	for _, name := range []string{"placement/scaling ratio", "placement/nearly-full/agents=100 placements/s", "trace/replay s"} {
		if values[name] <= 0 {
			t.Errorf("no figure %s", name)
		}
	}
}
