package core_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

var update = flag.Bool("update", false, "write the golden files anew")

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func config() core.Config {
	return core.Config{
		ExecutorID: "e1", Checkpoint: true, RecoveryTimeout: 15 * time.Minute, ShutdownGrace: 10 * time.Second,
		AckWait: time.Minute, ForceEvery: 5 * time.Second, ProgressEvery: 10 * time.Second, Report: inWords,
	}
}

// script drives a State from lines of text. Updates are numbered from 1 in the
// order they are made, and acknowledged by that number.
type script struct {
	t     *testing.T
	state *core.State
	cfg   core.Config
	now   time.Time
	uuids uint64
	made  map[core.UUID]int
	wake  time.Time
	out   strings.Builder
}

func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.ReplaceAll(strings.TrimSuffix(filepath.Base(file), ".txtar"), "_", " "), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := &script{t: t, cfg: config(), now: epoch, made: map[core.UUID]int{}}
			for line := range strings.Lines(string(archive.Files[0].Data)) {
				s.line(strings.TrimSpace(line))
			}
			if *update {
				archive.Files[1].Data = []byte(s.out.String())
				if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(s.out.String(), string(archive.Files[1].Data)); diff != "" {
				t.Errorf("effects (-got +want):\n%s", diff)
			}
		})
	}
}

// line runs "MM:SS verb arguments"; deadlines that come before it are ticked first.
func (s *script) line(line string) {
	at, rest, _ := strings.Cut(line, " ")
	if at == "config" {
		s.configure(rest)
		return
	}
	minutes, seconds, _ := strings.Cut(at, ":")
	m, _ := strconv.Atoi(minutes)
	sec, err := strconv.ParseFloat(seconds, 64)
	if err != nil {
		s.t.Fatalf("line %q: %v", line, err)
	}
	now := epoch.Add(time.Duration(m)*time.Minute + time.Duration(sec*float64(time.Second)))
	if s.state == nil {
		s.state = core.New(s.cfg, epoch)
	}
	for range 1000 {
		if s.wake.IsZero() || s.wake.After(now) {
			break
		}
		s.now = s.wake
		s.step("tick", core.Tick{})
	}
	s.now = now
	verb, args, _ := strings.Cut(rest, " ")
	if verb == "unacknowledged" {
		s.unacknowledged()
		return
	}
	s.step(rest, s.event(verb, args))
}

func (s *script) configure(text string) {
	key, value, _ := strings.Cut(text, "=")
	switch key {
	case "checkpoint":
		s.cfg.Checkpoint = value == "true"
	case "shutdown-grace":
		s.cfg.ShutdownGrace = duration(s.t, value)
	default:
		s.t.Fatalf("config %q", text)
	}
}

func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// event reads an event. Arguments are key=value, or words.
func (s *script) event(verb, args string) core.Event {
	words := strings.Fields(args)
	switch verb {
	case "subscribed":
		return core.Subscribed{KillingState: args == "killing", ContainerID: "c1"}
	case "disconnected":
		return core.Disconnected{}
	case "forgotten":
		return core.Forgotten{Message: args}
	case "launch":
		return s.launch(words)
	case "kill":
		ev := core.Kill{TaskID: mesos.TaskID(words[0])}
		if len(words) > 1 {
			grace := duration(s.t, words[1])
			ev.Grace = &grace
		}
		return ev
	case "ack":
		n, err := strconv.Atoi(args)
		if err != nil {
			s.t.Fatal(err)
		}
		return core.Acknowledged{UUID: s.uuid(n)}
	case "shutdown":
		return core.Shutdown{}
	case "tick":
		return core.Tick{}
	case "pulling":
		return core.Pulling{Message: args}
	case "created":
		return core.Created{}
	case "running":
		return core.Running{Networks: []mesos.NetworkInfo{{IPAddresses: []string{args}}}}
	case "exited":
		code, err := strconv.Atoi(words[0])
		if err != nil {
			s.t.Fatal(err)
		}
		return core.Exited{Code: code, OOM: len(words) > 1 && words[1] == "oom", Message: "exit status " + words[0]}
	case "failed":
		return core.Failed{Reason: mesos.ReasonContainerLaunchFailed, Message: args}
	case "invalid":
		return core.Failed{Invalid: true, Message: args}
	case "readiness":
		check, _ := strconv.Atoi(words[0])
		status, _ := strconv.Atoi(words[1])
		ev := core.ReadinessProbed{Check: check, Status: status, Ready: status == 200}
		if len(words) > 2 {
			ev.Response = &checkup.Response{Status: status, ContentType: "text/plain", Body: strings.Join(words[2:], " ")}
		}
		return ev
	case "general":
		st := mesos.CheckStatus{Type: mesos.CheckHTTP}
		if n, err := strconv.ParseInt(words[0], 10, 64); err == nil {
			st.Result = &n
		}
		return core.Checked{Status: st}
	case "probe":
		check, err := strconv.Atoi(words[0])
		if err != nil {
			s.t.Fatal(err)
		}
		return core.Probed{Check: check, OK: words[1] == "ok", Message: strings.Join(words[1:], " "), Pace: 10 * time.Second}
	}
	s.t.Fatalf("unknown event %q", verb)
	return nil
}

// launch reads "t1 grace=5s check=NAME,GRACE,FAILURES readiness=NAME general=http problem=..".
func (s *script) launch(words []string) core.Event {
	task := core.Task{Info: mesos.TaskInfo{TaskID: mesos.TaskID(words[0])}, Grace: 5 * time.Second}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "grace":
			task.Grace = duration(s.t, value)
		case "check":
			parts := strings.Split(value, ",")
			n, err := strconv.Atoi(parts[2])
			if err != nil {
				s.t.Fatal(err)
			}
			task.Checks = append(task.Checks, core.Check{Name: parts[0], Grace: duration(s.t, parts[1]), MaxFailures: n})
		case "readiness":
			task.Readiness = append(task.Readiness, value)
		case "general":
			task.General = mesos.CheckHTTP
		case "problem":
			task.Problem = value
		}
	}
	return core.Launch{Task: task}
}

func (s *script) uuid(n int) core.UUID {
	for id, number := range s.made {
		if number == n {
			return id
		}
	}
	return core.UUID{15: 0xff}
}

func (s *script) step(label string, ev core.Event) {
	var ids core.UUIDs
	for i := range ids {
		s.uuids++
		ids[i] = core.UUID{byte(s.uuids >> 8), byte(s.uuids), 1}
	}
	fx := s.state.Step(s.now, ids, ev)
	s.wake = fx.Wake
	elapsed := s.now.Sub(epoch)
	stamp := fmt.Sprintf("%02d:%02d", int(elapsed.Minutes()), int(elapsed.Seconds())%60)
	if tenths := elapsed.Milliseconds() / 100 % 10; tenths != 0 {
		stamp += fmt.Sprintf(".%d", tenths)
	}
	fmt.Fprintf(&s.out, "%s %s -> %s%s\n", stamp, label, s.state.Phase(), s.describe(fx))
}

func (s *script) describe(fx core.Effects) string {
	var b strings.Builder
	for _, st := range fx.Updates {
		b.WriteString(" | send " + s.describeUpdate(st))
	}
	for _, c := range fx.Commands {
		switch c := c.(type) {
		case core.Start:
			b.WriteString(" | start " + string(c.TaskID))
		case core.Stop:
			b.WriteString(" | stop")
			if c.Force {
				b.WriteString(" by force")
			}
		case core.Probe:
			b.WriteString(" | probe")
		case core.StopProbes:
			b.WriteString(" | stop probes")
		}
	}
	if fx.Exit != nil {
		fmt.Fprintf(&b, " | exit %d: %s", fx.Exit.Code, fx.Exit.Reason)
	}
	return b.String()
}

func (s *script) describeUpdate(st mesos.TaskStatus) string {
	id := core.UUID(st.UUID)
	if s.made[id] == 0 {
		s.made[id] = len(s.made) + 1
	}
	text := fmt.Sprintf("#%d %s %s", s.made[id], st.TaskID, st.State)
	if st.Reason != "" {
		text += " " + string(st.Reason)
	}
	if st.Message != "" {
		text += fmt.Sprintf(" %q", st.Message)
	}
	if st.Healthy != nil {
		text += fmt.Sprintf(" healthy=%t", *st.Healthy)
	}
	if st.Check != nil {
		text += fmt.Sprintf(" check=%s", number(st.Check.Result))
	}
	if len(st.Data) > 0 {
		text += fmt.Sprintf(" [%s]", st.Data)
	}
	if st.Container != nil {
		text += fmt.Sprintf(" at %s", st.Container.Networks[0].IPAddresses[0])
	}
	if st.Source != mesos.SourceExecutor || st.ExecutorID != "e1" || st.Timestamp.IsZero() {
		s.t.Errorf("update %+v lacks source, executor id or time", st)
	}
	return text
}

func number(n *int64) string {
	if n == nil {
		return "none"
	}
	return strconv.FormatInt(*n, 10)
}

// inWords writes a report as "2: 00:05-00:12, 00:15 refused x1; http-api 503 waiting": for
// each health check its first and last success, and its last failure.
func inWords(r checkup.Report) []byte {
	clock := func(t time.Time) string {
		if t.IsZero() {
			return "never"
		}
		return t.Format("04:05")
	}
	var parts []string
	for _, h := range r.Health {
		text := clock(h.FirstSuccess) + "-" + clock(h.LastSuccess)
		if !h.LastFailure.IsZero() {
			text += fmt.Sprintf(", %s %s x%d", clock(h.LastFailure), h.Cause, h.Failures)
		}
		parts = append(parts, text)
	}
	for _, c := range r.Readiness {
		text := fmt.Sprintf("%s ready=%t", c.Name, c.Ready)
		if c.Response != nil {
			text += fmt.Sprintf(" %d %s", c.Response.Status, c.Response.Body)
		}
		parts = append(parts, text)
	}
	return fmt.Appendf(nil, "%d: %s", r.Number, strings.Join(parts, "; "))
}

func (s *script) unacknowledged() {
	un := s.state.Unacknowledged()
	s.out.WriteString("  unacknowledged: tasks")
	for _, task := range un.Tasks {
		s.out.WriteString(" " + string(task.TaskID))
	}
	s.out.WriteString("; updates")
	for _, st := range un.Updates {
		fmt.Fprintf(&s.out, " #%d", s.made[core.UUID(st.UUID)])
	}
	s.out.WriteString("\n")
}
