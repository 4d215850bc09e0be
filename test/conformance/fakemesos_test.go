package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
)

// behaviour is how the test binary acts under the names mesos-master and mesos-agent when a file behaviour.json lies
// beside it: it keeps no cluster, notes how it was started and does what is hard to get a real Mesos to do.
type behaviour struct {
	// Ends is what a program writes before it exits at once, by its name.
	Ends map[string]string
	// FirstJoinsMS delays the candidature of the master that is started first.
	FirstJoinsMS int
	// Registers is how often the agents are asked for before they are there.
	Registers int
	// Unrecovered makes masters say that they have not recovered.
	Unrecovered bool
}

// fake acts by the behaviour beside the program, and reports whether there is one.
func fake() bool {
	dir := filepath.Dir(os.Args[0])
	raw, err := os.ReadFile(filepath.Join(dir, "behaviour.json"))
	if err != nil {
		return false
	}
	var b behaviour
	must(json.Unmarshal(raw, &b))
	name := filepath.Base(os.Args[0])
	note, err := os.OpenFile(filepath.Join(dir, "started"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	must(err)
	_, err = fmt.Fprintf(note, "%s %s\n", name, strings.Join(os.Args[1:], " "))
	must(err)
	if text := b.Ends[name]; text != "" {
		fmt.Fprintln(os.Stderr, text)
		os.Exit(3)
	}
	flags := parseArgs(os.Args[1:])
	if name == "mesos-master" {
		b.serve(dir, flags)
	}
	<-time.After(caseMax) // unless it is killed before
	return true
}

// serve answers what a rig asks a master, to those who bring the password of alice if there are credentials.
func (b behaviour) serve(dir string, flags map[string]any) {
	var asked atomic.Int32
	closed := func(w http.ResponseWriter, r *http.Request) bool {
		_, password, _ := r.BasicAuth()
		if flags["credentials"] == nil || password == "s1" {
			return false
		}
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/version", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/state", func(w http.ResponseWriter, r *http.Request) { closed(w, r) })
	mux.HandleFunc("/api/v1", func(w http.ResponseWriter, r *http.Request) {
		if !closed(w, r) && b.Unrecovered {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/metrics/snapshot", func(w http.ResponseWriter, r *http.Request) {
		if closed(w, r) {
			return
		}
		agents := 0
		if int(asked.Add(1)) > b.Registers {
			raw, _ := os.ReadFile(filepath.Join(dir, "started")) // it is there: this process is in it
			agents = strings.Count(string(raw), "mesos-agent ")
		}
		fmt.Fprintf(w, `{"master/slaves_active": %d}`, agents)
	})
	go func() { must(http.ListenAndServe(fmt.Sprint("127.0.0.1:", flags["port"]), mux)) }()
	if url, ok := flags["zk"].(string); ok {
		_, err := os.OpenFile(filepath.Join(dir, "first"), os.O_CREATE|os.O_EXCL, 0o644)
		if err == nil {
			<-time.After(time.Duration(b.FirstJoinsMS) * time.Millisecond)
		}
		join(strings.TrimSuffix(strings.TrimPrefix(url, "zk://"), "/mesos"), flags["port"])
	}
}

// join makes a master a candidate for the leadership.
func join(zkAddr string, port any) {
	conn, _, err := zk.Connect([]string{zkAddr}, zkSession, zk.WithLogger(silent{}))
	must(err)
	if _, err := conn.Create("/mesos", nil, 0, zk.WorldACL(zk.PermAll)); err != nil && err != zk.ErrNodeExists { //nolint:errorlint // as the client returns it
		must(err)
	}
	_, err = conn.Create("/mesos/json.info_", fmt.Appendf(nil, `{"port": %v}`, port), zk.FlagEphemeral|zk.FlagSequence, zk.WorldACL(zk.PermAll))
	must(err)
}

// prefixOf makes an installation of programs with a behaviour.
func prefixOf(t *testing.T, b behaviour) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "sbin")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "behaviour.json"), raw, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mesos-master", "mesos-agent"} {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Dir(dir)
}

// started are the command lines of an installation's programs, in the order in which they were started.
func started(t *testing.T, prefix string) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(prefix, "sbin/started"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(raw)), "\n")
}

func caseWith(masters, quorum int) *Case {
	return &Case{Config: Config{Masters: masters, Quorum: quorum, ZooKeeper: quorum > 0, AgentFlags: []map[string]any{{}}}}
}

func TestSystemdIsAskedForOnlyWhereItRuns(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if systemdRuns(root) {
		t.Error("systemd runs in an empty directory")
	}
	if err := os.MkdirAll(filepath.Join(root, "run/systemd/system"), 0o755); err != nil {
		t.Fatal(err)
	}
	if !systemdRuns(root) {
		t.Error("systemd does not run where it says so")
	}
	for runs, want := range map[bool]int{true: 0, false: 1} {
		prefix := prefixOf(t, behaviour{})
		if _, err := startMesos(t, caseWith(1, 0), prefix, runs); err != nil {
			t.Fatal(err)
		}
		lines := started(t, prefix)
		if got := strings.Count(lines[1], "--no-systemd_enable_support"); got != want || strings.Contains(lines[0], "systemd") {
			t.Errorf("with systemd %v: %q", runs, lines)
		}
	}
}

func TestAProcessThatExitsEndsTheWait(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"mesos-master", "mesos-agent"} {
		began := time.Now()
		_, err := startMesos(t, caseWith(1, 0), prefixOf(t, behaviour{Ends: map[string]string{name: "Failed to find a cpu"}, Registers: 1 << 30}), false)
		if err == nil || !strings.Contains(err.Error(), "Failed to find a cpu") || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "exit status 3") {
			t.Errorf("%s: %v, want its last words", name, err)
		}
		if took := time.Since(began); took > startMax/2 {
			t.Errorf("%s: noticed after %v", name, took)
		}
	}
}

func TestAgentsAreWaitedForWithTheCasesCredentials(t *testing.T) {
	t.Parallel()
	c := caseWith(1, 0)
	c.Config.MasterFlags = map[string]any{"credentials": "$CREDENTIALS_FILE"}
	for _, who := range []string{`{"principal":"bob","secret":"s2"}`, `{"principal":"alice","secret":"s1"}`} {
		c.Config.Credentials = append(c.Config.Credentials, json.RawMessage(who))
	}
	if _, err := startMesos(t, c, prefixOf(t, behaviour{Registers: 3}), false); err != nil {
		t.Error(err)
	}
}

// The first master is slow to become a candidate: the others have to wait for it.
func TestMastersStartOneAfterTheOther(t *testing.T) {
	t.Parallel()
	prefix := prefixOf(t, behaviour{FirstJoinsMS: 500})
	c := caseWith(3, 2)
	c.Config.AgentFlags = nil
	r, err := startMesos(t, c, prefix, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.candidates(r.masters); err != nil {
		t.Error(err)
	}
	r.masters[0], r.masters[1] = r.masters[1], r.masters[0]
	if err := r.candidates(r.masters); err == nil || !strings.Contains(err.Error(), errNever.Error()) {
		t.Errorf("candidates in another order: %v", err)
	}
	for n, line := range started(t, prefix) {
		if !strings.Contains(line, "--port="+r.known["MASTER_PORT_"+strconv.Itoa(n+1)]) || !strings.Contains(line, "--quorum=2") {
			t.Errorf("process %d was started as %q", n+1, line)
		}
	}
}

// A case about a registry without a quorum begins when one master of three leads and cannot recover.
func TestAMasterWithoutItsQuorumIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	cases, err := LoadCases("testdata/cases")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if !strings.HasPrefix(c.ID, "c025b") {
			continue
		}
		prefix := prefixOf(t, behaviour{Unrecovered: true})
		r, err := startMesos(t, c, prefix, false)
		if err != nil {
			t.Fatal(err)
		}
		lines := started(t, prefix)
		if len(lines) != 1 || !strings.Contains(lines[0], "--quorum=2") || !strings.Contains(lines[0], "--port="+r.known["MASTER_PORT_1"]) {
			t.Errorf("started: %q, want the first master alone, with a quorum of 2", lines)
		}
		return
	}
	t.Error("there is no case c025b")
}

func TestAnAgentStartsAnewWhereTheRecordedOneDid(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		ctls  []Ctl
		stays bool
	}{
		{"killed", []Ctl{{Op: "agent_kill", Agent: 1}, {Op: "agent_start", Agent: 1}}, true},
		{"killed and emptied", []Ctl{{Op: "agent_kill", Agent: 1}, {Op: "agent_start", Agent: 1, Fresh: true}}, false},
		{"told to leave", []Ctl{{Op: "agent_sigusr1", Agent: 1}, {Op: "agent_start", Agent: 1}}, false},
	} {
		prefix := prefixOf(t, behaviour{})
		r, err := startMesos(t, caseWith(1, 0), prefix, false)
		if err != nil {
			t.Fatal(err)
		}
		latest := filepath.Join(r.known["AGENT_WORK_DIR_1"], "meta/slaves/latest")
		if err := os.MkdirAll(latest, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, ctl := range row.ctls {
			if err := r.Ctl(t.Context(), &ctl); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Stat(latest); (err == nil) != row.stays {
			t.Errorf("%s: the agent's id is there: %v, want %v", row.name, err == nil, row.stays)
		}
		if n := len(started(t, prefix)); n < 2 {
			t.Errorf("%s: %d processes were started", row.name, n)
		}
		if err := r.agents[0].signal(syscall.Signal(0)); err != nil {
			t.Errorf("%s: the agent does not run: %v", row.name, err)
		}
	}
}

// Who polls for agents waits until they are registered: before, a master does not answer for their tasks.
func TestRecoveredAgentsAreNotRegisteredOnes(t *testing.T) {
	t.Parallel()
	addr := start(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"type":"GET_AGENTS","get_agents":{"agents":[],"recovered_agents":[{"id":{"value":"S0"}}]}}`)
	})
	r := NewReplay(&Case{}, fakeRig{addr: addr}, false)
	want := json.RawMessage(`["S0"]`)
	err := r.poll(t.Context(), &Step{
		Poll: &Request{To: "master:1", Method: "POST", Path: "/api/v1", Body: map[string]any{"type": "GET_AGENTS"}}, WithinMS: 300, Expect: Expect{Body: want},
	})
	if err == nil {
		t.Error("a recovered agent counts as registered")
	}
}
