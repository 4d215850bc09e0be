package taskinfo_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
)

// bridged is an App with an image, two published ports and one private one.
func bridged() *app.Spec {
	return &app.Spec{
		ID:      "/prod/web",
		Version: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC),
		Run: runspec.Run{
			Cmd:          "exec serve",
			Env:          map[string]string{"A": "b", "HOST": "mine"},
			Resources:    resource.Vector{CPUs: 500, Mem: resource.Units(64), GPUs: 2000},
			Container:    &app.Container{Kind: app.Docker, Image: "web:1", Parameters: []app.Parameter{{Key: "hostname", Value: "h"}}},
			Networks:     []app.Network{{Mode: app.Bridge}},
			Ports:        []app.Port{{ContainerPort: 80, HostPort: new(0), Protocol: "tcp", Name: "http-api"}, {HostPort: new(0), Protocol: "udp,tcp"}, {Protocol: "tcp"}},
			Labels:       map[string]string{"a.b-c": "1", "long": strings.Repeat("x", 512)},
			Fetch:        []app.Fetch{{URI: "http://files/x.tgz", Extract: true}},
			HealthChecks: []app.HealthCheck{{Protocol: app.HealthHTTP, Path: "health", PortIndex: new(0), Interval: time.Minute, MaxConsecutiveFailures: 3}},
		},
	}
}

func launch(s *app.Spec, ports ...uint32) taskinfo.Launch {
	return taskinfo.Launch{
		Run: &s.Run, Owner: s.Owner(), InstanceID: "prod_web.instance-1", TaskID: "prod_web.instance-1._app.1", FrameworkID: "f1", AgentID: "a1",
		Hostname: "agent1.example", Role: "*", HostPorts: ports,
		Resources:         []mesos.Resource{{Name: mesos.CPUs, Type: mesos.Scalar, Scalar: 500}},
		ExecutorResources: []mesos.Resource{{Name: mesos.CPUs, Type: mesos.Scalar, Scalar: 10}},
	}
}

func installed() taskinfo.Options {
	return taskinfo.Options{Executor: taskinfo.ExecutorSource{Path: "/opt/gantry-executor"}}
}

func environment(vs []mesos.Variable) map[string]string {
	out := map[string]string{}
	for _, v := range vs {
		out[v.Name] = v.Value
	}
	return out
}

func TestBuild(t *testing.T) {
	t.Parallel()
	t.Run("gives Marathon's environment", func(t *testing.T) {
		t.Parallel()
		info, err := taskinfo.Build(launch(bridged(), 31001, 31002), installed())
		if err != nil {
			t.Fatal(err)
		}
		task, err := taskinfo.Parse(info)
		if err != nil {
			t.Fatal(err)
		}
		drawn := fmt.Sprint(task.Ports[2].Container)
		want := map[string]string{
			"MESOS_TASK_ID": "prod_web.instance-1._app.1", "MARATHON_APP_ID": "/prod/web", "MARATHON_APP_VERSION": "2026-01-02T03:04:05.006Z",
			"MARATHON_APP_DOCKER_IMAGE": "web:1", "MARATHON_APP_RESOURCE_CPUS": "0.5", "MARATHON_APP_RESOURCE_MEM": "64.0",
			"MARATHON_APP_RESOURCE_DISK": "0.0", "MARATHON_APP_RESOURCE_GPUS": "2", "MARATHON_APP_ENFORCE_GROUP_ROLE": "FALSE",
			"MARATHON_APP_LABELS": "A_B_C", "MARATHON_APP_LABEL_A_B_C": "1", "HOST": "mine", "A": "b",
			"PORT0": "31001", "PORT_80": "31001", "PORT_HTTP-API": "31001", "PORT_HTTP_API": "31001",
			"PORT1": "31002", "PORT_31002": "31002", "PORT2": drawn, "PORT_" + drawn: drawn,
			"PORT": "31001", "PORTS": "31001,31002," + drawn,
		}
		if diff := cmp.Diff(environment(task.Environment), want); diff != "" {
			t.Errorf("environment (-got +want):\n%s", diff)
		}
	})
	t.Run("describes Gantry's executor", func(t *testing.T) {
		t.Parallel()
		s := bridged()
		s.KillGracePeriod = new(20 * time.Second)
		info, err := taskinfo.Build(launch(s, 31001, 31002), taskinfo.Options{Executor: taskinfo.ExecutorSource{URI: "http://s/x"}})
		if err != nil {
			t.Fatal(err)
		}
		info.Data = nil
		want := mesos.TaskInfo{
			Name: "web.prod", TaskID: "prod_web.instance-1._app.1", AgentID: "a1", Resources: launch(s).Resources,
			Kill:   &mesos.KillPolicy{GracePeriod: 20 * time.Second},
			Labels: []mesos.Label{{Key: "a.b-c", Value: "1"}, {Key: "long", Value: strings.Repeat("x", 512)}},
			Executor: &mesos.ExecutorInfo{
				ExecutorID: "gantry-prod_web.instance-1._app.1", FrameworkID: "f1", Name: "gantry-executor", Source: "prod_web.instance-1",
				Command: &mesos.CommandInfo{
					Value: "./gantry-executor", Arguments: []string{"./gantry-executor"},
					URIs: []mesos.URI{
						{Value: "http://s/x", Executable: true, Cache: true, OutputFile: "gantry-executor"},
						{Value: "http://files/x.tgz", Extract: true},
					},
				},
				Resources: launch(s).ExecutorResources, ShutdownGracePeriod: 25 * time.Second,
			},
			Discovery: info.Discovery,
		}
		if diff := cmp.Diff(info, want); diff != "" {
			t.Errorf("task (-got +want):\n%s", diff)
		}
		var numbers []uint32
		for _, p := range info.Discovery.Ports {
			numbers = append(numbers, p.Number)
		}
		if got, want := numbers[:3], []uint32{31001, 31002, 31002}; !slices.Equal(got, want) || len(numbers) != 4 {
			t.Errorf("discovery ports: got %v, want %v and a drawn one", numbers, want)
		}
	})
}

func TestBuild_for_built_in_executors_is_what_Marathon_launches(t *testing.T) {
	t.Parallel()
	s := bridged()
	s.Executor = runspec.CommandExecutor
	info, err := taskinfo.Build(launch(s, 31001, 31002), installed())
	if err != nil {
		t.Fatal(err)
	}
	want := &mesos.ContainerInfo{Type: mesos.ContainerDocker, Docker: &mesos.DockerInfo{
		Image: "web:1", Network: mesos.NetworkBridge,
		PortMappings: []mesos.PortMapping{
			{HostPort: 31001, ContainerPort: 80, Protocol: "tcp"},
			{HostPort: 31002, ContainerPort: 31002, Protocol: "udp"}, {HostPort: 31002, ContainerPort: 31002, Protocol: "tcp"},
		},
		Parameters: []mesos.Label{{Key: "hostname", Value: "h"}, {Key: "label", Value: "MESOS_TASK_ID=prod_web.instance-1._app.1"}},
	}}
	if diff := cmp.Diff(info.Container, want); diff != "" {
		t.Errorf("container (-got +want):\n%s", diff)
	}
	if info.Executor != nil || !info.Command.Shell || info.Command.Value != "exec serve" {
		t.Errorf("got executor %v, command %+v; want none and the shell line", info.Executor, info.Command)
	}
	if diff := cmp.Diff(info.Health, &mesos.HealthCheck{
		Type: mesos.CheckHTTP, Scheme: "http", Path: "/health", Port: 80, Delay: 5 * time.Second, Interval: time.Minute, ConsecutiveFailures: 3,
	}); diff != "" {
		t.Errorf("health check (-got +want):\n%s", diff)
	}
}

func TestBuild_gives_Mesos_own_executors_a_general_check_and_a_limit_that_is_never_reached(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		check app.Check
		want  *mesos.CheckInfo
	}{
		"http": {app.Check{HTTP: true, Path: "up", PortIndex: new(0), Delay: time.Second, Interval: time.Minute, Timeout: 3 * time.Second},
			&mesos.CheckInfo{Type: mesos.CheckHTTP, Path: "/up", Port: 80, Delay: time.Second, Interval: time.Minute, Timeout: 3 * time.Second}},
		"tcp":  {app.Check{TCP: true, Port: new(99)}, &mesos.CheckInfo{Type: mesos.CheckTCP, Port: 99}},
		"line": {app.Check{Command: []string{"exit 1"}, Shell: true}, &mesos.CheckInfo{Type: mesos.CheckCommand, Command: &mesos.CommandInfo{Shell: true, Value: "exit 1"}}},
		"argv": {app.Check{Command: []string{"/c", "x"}}, &mesos.CheckInfo{Type: mesos.CheckCommand, Command: &mesos.CommandInfo{Value: "/c", Arguments: []string{"/c", "x"}}}},
	}
	for name, row := range rows {
		s := bridged()
		s.Executor, s.HealthChecks[0].MaxConsecutiveFailures = runspec.CommandExecutor, 0
		l := launch(s, 31001, 31002)
		l.Check = &row.check
		info, err := taskinfo.Build(l, installed())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(info.Check, row.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
		if info.Health.ConsecutiveFailures != math.MaxUint32 {
			t.Errorf("%s: ends the task after %d failures, want never", name, info.Health.ConsecutiveFailures)
		}
	}
}

func TestBuild_refuses_what_cannot_work(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		ports []uint32
		o     taskinfo.Options
		edit  func(*app.Spec)
		want  string
	}{
		{"too few host ports", []uint32{31001}, installed(), nil, "port 1 of /prod/web: no host port given, only 1 in all"},
		{"too many host ports", []uint32{1, 2, 3}, installed(), nil, "/prod/web has ports for 2 host ports, not 3"},
		{"no executor", []uint32{1, 2}, taskinfo.Options{}, nil, "no gantry-executor"},
		{"secrets", []uint32{1, 2}, installed(), func(s *app.Spec) { s.EnvSecrets = map[string]string{"PASS": "p"} }, "/env/PASS: secrets are not supported"},
		{"bridge without image", []uint32{1, 2}, installed(), func(s *app.Spec) { s.Container = nil }, "shares the agent's network"},
		{"check of a missing port", []uint32{1, 2}, installed(), func(s *app.Spec) { s.HealthChecks[0].PortIndex = new(7) }, "port index 7: the app has 3 ports"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s := bridged()
			if r.edit != nil {
				r.edit(s)
			}
			_, err := taskinfo.Build(launch(s, r.ports...), r.o)
			if err == nil || !strings.Contains(err.Error(), r.want) {
				t.Errorf("got error %v, want one with %q", err, r.want)
			}
		})
	}
}

func TestParse_refuses_other_data(t *testing.T) {
	t.Parallel()
	newer, err := (&gantryv1.TaskPayload{Version: 2}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := taskinfo.Parse(mesos.TaskInfo{TaskID: "t", Data: newer}); !errors.Is(err, taskinfo.ErrVersion) {
		t.Errorf("newer format: got %v, want ErrVersion", err)
	}
	if _, err := taskinfo.Parse(mesos.TaskInfo{TaskID: "t"}); err == nil || !strings.Contains(err.Error(), "no payload") {
		t.Errorf("no data: got %v, want an error", err)
	}
	if _, err := taskinfo.Parse(mesos.TaskInfo{TaskID: "t", Data: []byte{0xff}}); err == nil {
		t.Error("garbage: got no error")
	}
}
