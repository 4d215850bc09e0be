package checkpoint

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

func newStore(t *testing.T) Store {
	t.Helper()
	return Store{Layout: Layout{WorkDir: t.TempDir()}}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

var run = Run{Agent: "A", Framework: "F", Executor: "e1", Container: "c1"}

func saved(t *testing.T) Store {
	t.Helper()
	s := newStore(t)
	id := mesos.AgentID{Value: "A"}
	must(t,
		s.SaveAgent(&mesos.AgentInfo{Hostname: "h", ID: &id}),
		s.SaveFramework("A", &mesos.FrameworkInfo{User: "u", Name: "n", ID: &mesos.FrameworkID{Value: "F"}}),
		s.SaveExecutor(run, &mesos.ExecutorInfo{ExecutorID: mesos.ExecutorID{Value: "e1"}}, true, "command", "u"),
		s.MarkHTTP(run),
		s.SaveTask(run, &mesos.TaskInfo{Name: "t", TaskID: mesos.TaskID{Value: "t1"}, AgentID: id}),
		s.AppendUpdate(run, status(mesos.TASK_RUNNING, "u1")),
		s.AppendUpdate(run, status(mesos.TASK_FINISHED, "u2")),
		s.AppendAck(run, "t1", []byte("u1")),
	)
	return s
}

func status(state mesos.TaskState, uuid string) *mesos.TaskStatus {
	return &mesos.TaskStatus{TaskID: mesos.TaskID{Value: "t1"}, State: state.Enum(), UUID: []byte(uuid)}
}

func TestEverythingIsReadBack(t *testing.T) {
	t.Parallel()
	s := saved(t)
	info, err := s.LoadAgent()
	if err != nil || info.GetID().GetValue() != "A" || info.Hostname != "h" {
		t.Errorf("got agent %v, %v", info, err)
	}
	state, err := s.Load("A")
	must(t, err)
	if len(state.Frameworks) != 1 || len(state.Frameworks[0].Executors) != 1 {
		t.Fatalf("got %+v, want one framework with one executor", state)
	}
	ex := state.Frameworks[0].Executors[0]
	if ex.Container != "c1" || !ex.Generated || ex.Kind != "command" || ex.User != "u" || !ex.HTTP {
		t.Errorf("got executor %+v", ex)
	}
	if len(ex.Tasks) != 1 || len(ex.Tasks[0].Updates) != 2 {
		t.Fatalf("got tasks %+v, want one with two updates", ex.Tasks)
	}
	if diff := cmp.Diff(ex.Tasks[0].Acked, [][]byte{[]byte("u1")}); diff != "" {
		t.Errorf("acknowledgements (-got +want):\n%s", diff)
	}
}

func TestEndedRunsAndRemovedFrameworksAreLeftOut(t *testing.T) {
	t.Parallel()
	s := saved(t)
	must(t, s.FinishRun(run))
	if state, err := s.Load("A"); err != nil || len(state.Frameworks) > 0 {
		t.Errorf("got %+v, %v, want nothing", state, err)
	}
	s = saved(t)
	must(t, s.RemoveFramework("A", "F"))
	if state, err := s.Load("A"); err != nil || len(state.Frameworks) > 0 {
		t.Errorf("got %+v, %v, want nothing", state, err)
	}
}

func TestUpdateCutOffByTheEndOfTheProgramIsLeftOut(t *testing.T) {
	t.Parallel()
	s := saved(t)
	path := s.updates(run, "t1")
	data, err := os.ReadFile(path)
	must(t, err)
	for cut := range data {
		must(t, os.WriteFile(path, data[:cut], 0o600))
		if _, err := s.Load("A"); err != nil {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

func TestDrainResourcesAndProcesses(t *testing.T) {
	t.Parallel()
	s := saved(t)
	gone := true
	must(t, s.SaveDrain("A", &mesos.DrainConfig{MarkGone: &gone}))
	if state, err := s.Load("A"); err != nil || !state.Drain.GetMarkGone() {
		t.Errorf("got drain %v, %v", state.Drain, err)
	}
	must(t, s.SaveDrain("A", nil), s.SaveDrain("A", nil))
	if state, err := s.Load("A"); err != nil || state.Drain != nil {
		t.Errorf("got drain %v, %v, want none", state.Drain, err)
	}
	list := []mesos.Resource{{Name: "cpus", Type: mesos.SCALAR.Enum()}, {Name: "mem", Type: mesos.SCALAR.Enum()}}
	must(t, s.SaveResources(list))
	if got, err := s.LoadResources(); err != nil || len(got) != 2 || got[1].Name != "mem" {
		t.Errorf("got resources %v, %v", got, err)
	}
	p := Process{Container: "c1", Pid: 7, Start: 9, Sandbox: "/s", Docker: "d"}
	must(t, s.SaveProcess(p))
	got, err := s.LoadProcesses()
	if diff := cmp.Diff(got, []Process{p}); err != nil || diff != "" {
		t.Errorf("processes: %v (-got +want):\n%s", err, diff)
	}
	must(t, s.RemoveProcess("c1"), s.RemoveProcess("c1"))
}

func TestForgottenAgentStartsAfresh(t *testing.T) {
	t.Parallel()
	s := saved(t)
	must(t, s.ForgetAgent(), s.ForgetAgent())
	if info, err := s.LoadAgent(); info != nil || err != nil {
		t.Errorf("got %v, %v, want nothing", info, err)
	}
	damaged := saved(t)
	must(t, os.WriteFile(filepath.Join(damaged.Layout.metaAgent("A"), "slave.info"), nil, 0o600))
	if _, err := damaged.LoadAgent(); err == nil {
		t.Error("a damaged agent was read")
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	l := Layout{WorkDir: "/w"}
	for got, want := range map[string]string{
		l.Sandbox("A", "F", "e", "c"): "/w/slaves/A/frameworks/F/executors/e/runs/c",
		l.Volume("a/b", "v"):          "/w/volumes/roles/a b/v",
		Nested("/s", "n"):             "/s/containers/n",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
