package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
)

// The test binary under the names mesos-master and mesos-agent stands in for an installed Mesos, so that the part of
// the suite that runs processes is tested where there is none. Master and agent of a mini cluster share a process: the
// agent's stand-in only tells the master's which flags it was given.

func parseArgs(args []string) map[string]any {
	flags := map[string]any{}
	for _, arg := range args {
		name, value, hasValue := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		switch {
		case hasValue:
			flags[name] = value
		case strings.HasPrefix(name, "no-"):
			flags[strings.TrimPrefix(name, "no-")] = false
		default:
			flags[name] = true
		}
	}
	return flags
}

// agentNote is where the stand-ins of an agent and of the master on a port meet.
func agentNote(masterPort string) string {
	return filepath.Join(os.TempDir(), "mesos-stand-in-"+masterPort+".json")
}

func standInAgent(args []string) {
	flags := parseArgs(args)
	_, port, err := net.SplitHostPort(fmt.Sprint(flags["master"]))
	must(err)
	b, err := json.Marshal(flags)
	must(err)
	must(os.WriteFile(agentNote(port)+".tmp", b, 0o644))
	must(os.Rename(agentNote(port)+".tmp", agentNote(port)))
	<-time.After(caseMax)
}

func standInMaster(args []string) {
	flags := parseArgs(args)
	stop := standInCluster(flags, nil)
	note := agentNote(fmt.Sprint(flags["port"]))
	for {
		b, err := os.ReadFile(note)
		if err != nil {
			<-time.After(probeEvery)
			continue
		}
		must(os.Remove(note))
		agent := map[string]any{}
		must(json.Unmarshal(b, &agent))
		stop()
		standInCluster(flags, agent)
	}
}

func standInCluster(flags, agent map[string]any) (stop func()) {
	m, err := minicluster.MasterFlags(flags)
	must(err)
	cfg := minicluster.Config{Masters: []minicluster.MasterConfig{m}}
	if agent != nil {
		a, err := minicluster.AgentFlags(agent)
		must(err)
		cfg.Agents = append(cfg.Agents, a)
	}
	c, err := minicluster.New(cfg)
	must(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	return func() {
		cancel()
		must(<-ended)
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestCasesRunOnProcesses replays some cases as MESOS_PREFIX does, with stand-ins for Mesos' programs.
func TestCasesRunOnProcesses(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	prefix := t.TempDir()
	if err := os.MkdirAll(filepath.Join(prefix, "sbin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mesos-master", "mesos-agent"} {
		if err := os.Symlink(self, filepath.Join(prefix, "sbin", name)); err != nil {
			t.Fatal(err)
		}
	}
	cases, err := LoadCases("testdata/cases")
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string]bool{"c001": true, "c026": true, "c028": true, "c043": true, "c073": true, "c120": true}
	ran := 0
	for _, c := range cases {
		id, _, _ := strings.Cut(c.ID, "-")
		if !wanted[id] {
			continue
		}
		ran++
		s := &scope{TB: t}
		if _, err := attempt(s, environment{prefix: prefix}, c); err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
		s.close()
	}
	if want := 6; ran != want {
		t.Errorf("ran %s cases, want %d", strconv.Itoa(ran), want)
	}
}
