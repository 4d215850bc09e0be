// Command peers runs the scheduler benchmarks of SwarmKit, as its authors wrote
// them, and Gantry's on the same shape one after the other on this machine, and
// prints both in tasks per second. SwarmKit is fetched into a temporary module;
// Gantry's own does not depend on it.
//
// SwarmKit's figure is from 10,000 pending tasks in its in-memory store and
// 1,000 nodes to the last assignment seen by a watcher, on all processors.
// Gantry's is from the event that brings 1,000 offers to the records to store
// and the calls that launch 10,000 tasks of 10,000 Apps, through the whole core,
// in processor time on one processor. Neither writes to disk or network. Each is
// taken as often as the other, and the best counts for both.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// version is the release of SwarmKit that is compared with.
const version = "v2.0.0"

// tasks is how many tasks each benchmark places, runs how often each is taken.
const (
	tasks = 10_000
	runs  = 5
)

func main() {
	out := flag.String("out", "", "file to write the figures to, in JSON; empty for none")
	flag.Parse()
	if err := compare(*out); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// pairs are the benchmarks that belong together.
var pairs = []struct{ peer, ours, name string }{
	{"BenchmarkScheduler1kNodes10kTasks", "core/agents=1000/apps=10000/tasks=10000", "plain"},
	{"BenchmarkSchedulerConstraints1kNodes10kTasks", "core/constraints/agents=1000/apps=10000/tasks=10000", "constraints"},
}

// figure is one line of the output, as of the bench program.
type figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

func compare(out string) error {
	peer, err := swarmkit()
	if err != nil {
		return err
	}
	ours, err := gantry()
	if err != nil {
		return err
	}
	var figures []figure
	report := func(name string, value float64, unit string) {
		fmt.Printf("%s %.3f %s\n", name, value, unit)
		figures = append(figures, figure{name, value, unit})
	}
	for _, p := range pairs {
		if peer[p.peer] == 0 || ours[p.ours] == 0 {
			return fmt.Errorf("no figure for %s (%v) or %s (%v)", p.peer, peer[p.peer], p.ours, ours[p.ours])
		}
		report("peers/"+p.name+"/swarmkit", peer[p.peer], "tasks/s")
		report("peers/"+p.name+"/gantry", ours[p.ours], "tasks/s")
		report("peers/"+p.name, ours[p.ours]/peer[p.peer], "ratio")
	}
	if out == "" {
		return nil
	}
	data, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return fmt.Errorf("encode figures: %w", err)
	}
	return os.WriteFile(out, append(data, '\n'), 0o644)
}

// swarmkit returns tasks per second by benchmark.
func swarmkit() (map[string]float64, error) {
	dir, err := os.MkdirTemp("", "gantry-peers-")
	if err != nil {
		return nil, fmt.Errorf("make a module for the peer: %w", err)
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, "peers: temporary module:", err)
		}
	}()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module peers\n\ngo 1.26\n"), 0o644); err != nil {
		return nil, fmt.Errorf("make a module for the peer: %w", err)
	}
	const pkg = "github.com/moby/swarmkit/v2/manager/scheduler"
	if _, err := run(dir, "go", "get", "-t", pkg+"@"+version); err != nil {
		return nil, err
	}
	var names []string
	for _, p := range pairs {
		names = append(names, p.peer)
	}
	text, err := run(dir, "go", "test", "-run", "^$", "-bench", "^("+strings.Join(names, "|")+")$", "-benchtime", "1x", "-count", strconv.Itoa(runs), "-timeout", "30m", pkg)
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for _, fields := range lines(text) {
		// BenchmarkX-2  1  123456 ns/op
		if len(fields) < 4 || fields[3] != "ns/op" {
			continue
		}
		name, _, _ := strings.Cut(fields[0], "-")
		if ns, err := strconv.ParseFloat(fields[2], 64); err == nil && ns > 0 {
			out[name] = max(out[name], tasks/(ns/1e9))
		}
	}
	return out, nil
}

// gantry returns tasks per second by figure.
func gantry() (map[string]float64, error) {
	text, err := run("", "go", "run", "./test/bench", "-run", "^core$", "-runs", strconv.Itoa(runs), "-out", "")
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for _, fields := range lines(text) {
		if len(fields) == 3 && fields[2] == "tasks/s" {
			if v, err := strconv.ParseFloat(fields[1], 64); err == nil {
				out[fields[0]] = v
			}
		}
	}
	return out, nil
}

// run runs a program and returns its output; its errors carry what it said.
func run(dir, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if dir != "" {
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return out, nil
}

func lines(text []byte) [][]string {
	var out [][]string
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		out = append(out, strings.Fields(s.Text()))
	}
	return out
}
