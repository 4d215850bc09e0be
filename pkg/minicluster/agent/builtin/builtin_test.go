package builtin

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestExitIsDescribedInMesosWords(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		0: "Command exited with status 0", 3 << 8: "Command exited with status 3", 15: "Command terminated with signal Terminated",
		9: "Command terminated with signal Killed", 11 | 0x80: "Command terminated with signal Segmentation fault (core dumped)",
	} {
		if got := describeExit("Command", status); got != want {
			t.Errorf("%d: got %q, want %q", status, got, want)
		}
	}
	if got := exitCode(int(syscall.SIGKILL)); got != 137 {
		t.Errorf("got %d, want 137", got)
	}
}

func TestHealthMonitor(t *testing.T) {
	t.Parallel()
	began := time.Unix(1000, 0)
	type step struct {
		at           time.Duration
		ok           bool
		report, kill bool
	}
	for name, steps := range map[string][]step{
		"failures in the grace period are silent": {
			{time.Second, false, false, false}, {10 * time.Second, false, false, false}, {11 * time.Second, false, true, false},
		},
		"the first success is reported once": {
			{time.Second, true, true, false}, {2 * time.Second, true, false, false},
		},
		"after a success the grace period is over": {
			{time.Second, true, true, false}, {2 * time.Second, false, true, false},
		},
		"each failure is reported and the third kills": {
			{20 * time.Second, false, true, false}, {21 * time.Second, false, true, false}, {22 * time.Second, false, true, true},
		},
		"a success starts the count again": {
			{20 * time.Second, false, true, false}, {21 * time.Second, false, true, false}, {22 * time.Second, true, true, false},
			{23 * time.Second, false, true, false}, {24 * time.Second, false, true, false}, {25 * time.Second, false, true, true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &healthMonitor{check: &mesos.HealthCheck{}, began: began}
			for i, s := range steps {
				report, kill := m.take(began.Add(s.at), s.ok)
				if report != s.report || kill != s.kill {
					t.Errorf("step %d: got report %t, kill %t, want %t, %t", i, report, kill, s.report, s.kill)
				}
			}
		})
	}
}

func TestProbes(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.URL.Path[1:])
		w.Header().Set("Location", "/200")
		w.WriteHeader(code)
	}))
	t.Cleanup(server.Close)
	port := func(l net.Addr) uint32 { return uint32(l.(*net.TCPAddr).Port) } //nolint:forcetypeassert,gosec // a test
	open := port(server.Listener.Addr())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := port(l.Addr())
	_ = l.Close()
	exit := func(code int32, err error) commandRunner {
		return func(context.Context, *mesos.CommandInfo) (int32, error) { return code, err }
	}
	for name, tt := range map[string]struct {
		probe prober
		want  bool
	}{
		"http 200":       {probeHTTP("", loopback, open, "/200"), true},
		"http 399":       {probeHTTP("http", loopback, open, "399"), true},
		"http 404":       {probeHTTP("http", loopback, open, "/404"), false},
		"http closed":    {probeHTTP("http", loopback, closed, "/"), false},
		"tcp open":       {probeTCP(loopback, open), true},
		"tcp closed":     {probeTCP(loopback, closed), false},
		"command exit 0": {probeCommand(exit(0, nil), nil), true},
		"command exit 1": {probeCommand(exit(1, nil), nil), false},
		"command broken": {probeCommand(exit(0, context.DeadlineExceeded), nil), false},
	} {
		if got := tt.probe(t.Context()).healthy(); got != tt.want {
			t.Errorf("%s: got %t, want %t", name, got, tt.want)
		}
	}
}

func TestVariablesOfTheCommandWin(t *testing.T) {
	t.Parallel()
	one, two := "1", "2"
	c := &mesos.CommandInfo{Environment: &mesos.Environment{Variables: []mesos.Environment_Variable{
		{Name: "A", Value: &one}, {Name: "A", Value: &two},
	}}}
	got := withVariables([]string{"A=0", "B=0"}, c)
	if diff := cmp.Diff(got, []string{"A=2", "B=0"}); diff != "" {
		t.Errorf("environment (-got +want):\n%s", diff)
	}
}

func TestVolumesOfDockerTasks(t *testing.T) {
	t.Parallel()
	d := DockerParams{Params: Params{Sandbox: "/agent/sandbox"}, SandboxMount: "/mnt/mesos/sandbox"}
	host := func(s string) *string { return &s }
	for name, tt := range map[string]struct {
		volume mesos.Volume
		want   string
	}{
		"absolute":           {mesos.Volume{HostPath: host("/a"), ContainerPath: "/b", Mode: mesos.RO.Enum()}, "/a:/b:ro"},
		"relative container": {mesos.Volume{HostPath: host("/a"), ContainerPath: "b", Mode: mesos.RW.Enum()}, "/a:/mnt/mesos/sandbox/b:rw"},
		"relative host":      {mesos.Volume{HostPath: host("a"), ContainerPath: "/b", Mode: mesos.RW.Enum()}, "/agent/sandbox/a:/b:rw"},
		"both relative":      {mesos.Volume{HostPath: host("a"), ContainerPath: "b", Mode: mesos.RW.Enum()}, ""},
		"docker volume": {mesos.Volume{ContainerPath: "/b", Mode: mesos.RW.Enum(), Source: &mesos.Volume_Source{
			Type: mesos.Volume_Source_DOCKER_VOLUME, DockerVolume: &mesos.Volume_Source_DockerVolume{Name: "v"},
		}}, "v:/b:rw"},
	} {
		got, err := volumeBind(d, tt.volume)
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, tt.want)
		}
	}
}
