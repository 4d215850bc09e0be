package conformance

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/minitest"
)

// caseMax bounds the run of one case.
const caseMax = 10 * time.Minute

// environment says against what the cases run.
type environment struct {
	dir      string // CONFORMANCE_CASES: folder of case files
	prefix   string // MESOS_PREFIX: an installed Mesos
	master   string // MESOS_MASTER: a running cluster
	strict   bool   // CONFORMANCE_STRICT: compare texts meant for people word by word
	unruly   bool   // CONFORMANCE_UNCHECKED: send messages that break Mesos' rules, too
	report   string // CONFORMANCE_REPORT: a file for one line per case
	parallel string // CONFORMANCE_PARALLEL: cases side by side
}

func readEnvironment() environment {
	e := environment{
		dir: cmp.Or(os.Getenv("CONFORMANCE_CASES"), "testdata/cases"), prefix: os.Getenv("MESOS_PREFIX"),
		master: os.Getenv("MESOS_MASTER"), strict: os.Getenv("CONFORMANCE_STRICT") != "", report: os.Getenv("CONFORMANCE_REPORT"),
		unruly: os.Getenv("CONFORMANCE_UNCHECKED") != "",
	}
	// Cases wait most of the time; a real Mesos needs more of the machine, and one cluster bears one case at a time.
	e.parallel = cmp.Or(os.Getenv("CONFORMANCE_PARALLEL"), map[bool]string{true: "20", false: "4"}[e.prefix == ""])
	if e.master != "" {
		e.parallel = "1"
	}
	return e
}

func TestMain(m *testing.M) {
	if fake() {
		return
	}
	switch filepath.Base(os.Args[0]) {
	case "mesos-master":
		standInMaster(os.Args[1:])
		return
	case "mesos-agent":
		standInAgent(os.Args[1:])
		return
	}
	flag.Parse()
	if err := flag.Set("test.parallel", readEnvironment().parallel); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(m.Run())
}

// summary counts results and keeps a line for each case.
type summary struct {
	mu                      sync.Mutex
	passed, failed, skipped int
	lines                   []string
}

func (s *summary) add(t *testing.T, c *Case, note string, took time.Duration) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	verdict := "pass"
	switch {
	case t.Failed():
		verdict = "FAIL"
		s.failed++
	case t.Skipped():
		verdict = "skip"
		s.skipped++
	default:
		s.passed++
	}
	s.lines = append(s.lines, fmt.Sprintf("%s %s %.1fs %s", verdict, c.ID, took.Seconds(), note))
}

func (s *summary) print(t *testing.T, folder, report string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	name := "conformance"
	if folder == "written" {
		name = "written cases"
	}
	line := fmt.Sprintf(name+": %d passed, %d failed, %d skipped of %d", s.passed, s.failed, s.skipped, s.passed+s.failed+s.skipped)
	fmt.Println(line)
	if report == "" {
		return
	}
	slices.Sort(s.lines)
	text := strings.Join(append(s.lines, line), "\n") + "\n"
	if err := os.WriteFile(report, []byte(text), 0o644); err != nil {
		t.Error(err)
	}
}

// TestConformance replays every recorded case.
func TestConformance(t *testing.T) {
	t.Parallel()
	env := readEnvironment()
	replayAll(t, env, env.dir)
}

// TestWrittenCases replays cases that were written from Mesos' documentation instead of recorded.
func TestWrittenCases(t *testing.T) {
	t.Parallel()
	env := readEnvironment()
	env.report = ""
	replayAll(t, env, "testdata/written")
}

func replayAll(t *testing.T, env environment, dir string) {
	t.Helper()
	cases, err := LoadCases(dir)
	if err != nil {
		t.Fatal(err)
	}
	// Long cases first, so that they run beside all the others.
	slices.SortStableFunc(cases, func(a, b *Case) int { return cmp.Compare(b.LongestWait(), a.LongestWait()) })
	total := &summary{}
	t.Cleanup(func() { total.print(t, filepath.Base(dir), env.report) })
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			note, began := "", time.Now()
			t.Cleanup(func() { total.add(t, c, note, time.Since(began)) })
			if reason := unfit(env, c); reason != "" {
				note = reason
				t.Skip(reason)
			}
			note = run(t, env, c)
		})
	}
}

// unfit is the reason why a case cannot run in an environment, empty if it can.
func unfit(env environment, c *Case) string {
	if env.master != "" {
		return unfitForRemote(c)
	}
	return ""
}

// attempts is how often a case may be tried. Recordings hold races with the allocation cycle of 1 s (an offer that comes
// while a task is still starting shows less), which a busy machine loses now and then; a cluster that answers wrongly
// does so every time. A case that needed more than one attempt is named in the report.
const attempts = 2

func run(t *testing.T, env environment, c *Case) (note string) {
	t.Helper()
	provideImages(t, c.images())
	for n := 1; ; n++ {
		s := &scope{TB: t}
		wording, err := attempt(s, env, c)
		s.close()
		switch {
		case err == nil && len(wording) > 0:
			return note + fmt.Sprintf("%d texts worded differently", len(wording))
		case err == nil:
			return note
		case n == attempts || env.prefix != "" || env.master != "":
			t.Error(err)
			return err.Error()
		}
		note = fmt.Sprintf("(attempt %d: %v) ", n, err)
		t.Log(note)
	}
}

func attempt(t *scope, env environment, c *Case) (wording []string, err error) {
	if heavy(c) {
		heavySlots <- struct{}{}
		defer func() { <-heavySlots }()
	}
	var rig Rig
	switch {
	case env.master != "":
		rig = newRemoteRig(t, c, env.master)
	case env.prefix != "":
		rig = newMesosRig(t, c, env.prefix)
	default:
		rig = newMiniRig(t, c)
	}
	ctx, cancel := context.WithTimeout(t.Context(), caseMax)
	defer cancel()
	replay := NewReplay(c, rig, env.strict)
	if env.unruly {
		replay.Unchecked()
	}
	err = replay.Run(ctx)
	for _, w := range replay.Wording() {
		t.Logf("wording: %s", w)
	}
	if mesos, ok := rig.(*mesosRig); ok && err != nil {
		err = errors.Join(err, mesos.ended())
	}
	if remote, ok := rig.(*remoteRig); ok {
		err = errors.Join(err, remote.tearDown(ctx, replay.Frameworks()))
	}
	return replay.Wording(), err
}

// TestCasesRunOnAClusterThatIsThereAlready replays some cases as MESOS_MASTER does, on a mini cluster that lives on.
func TestCasesRunOnAClusterThatIsThereAlready(t *testing.T) {
	t.Parallel()
	cfg := minicluster.DefaultConfig(1)
	cfg.Agents[0].Resources = "cpus:4;mem:4096;disk:10240;ports:[31000-32000]" // as the recorded one had
	cluster := minitest.Start(t, cfg)
	env := environment{master: "http://" + cluster.MasterAddr(1)}
	cases, err := LoadCases("testdata/cases")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, c := range cases {
		if unfit(env, c) != "" || c.LongestWait() > time.Second {
			continue
		}
		ran++
		s := &scope{TB: t}
		if _, err := attempt(s, env, c); err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
		s.close()
	}
	if ran < 15 {
		t.Errorf("ran %d cases, want at least 15", ran)
	}
}

// heavySlots bounds how many cases run at a time that start programs which need much of the machine: ZooKeeper servers
// and Docker containers. All others mostly wait.
var heavySlots = make(chan struct{}, 2) //nolint:gochecknoglobals // one machine for all cases

func heavy(c *Case) bool { return c.Config.ZooKeeper || len(c.images()) > 0 }

// scope is a test whose cleanups run at the end of an attempt.
type scope struct {
	testing.TB
	cleanups []func()
}

// Cleanup implements testing.TB.
func (s *scope) Cleanup(f func()) { s.cleanups = append(s.cleanups, f) }

func (s *scope) close() {
	for _, f := range slices.Backward(s.cleanups) {
		f()
	}
	s.cleanups = nil
}
