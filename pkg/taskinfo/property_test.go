package taskinfo_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

func drawSpec(t *rapid.T) *app.Spec {
	text := rapid.StringMatching(`[a-z]{1,6}`)
	s := &app.Spec{
		ID:      app.ID("/" + text.Draw(t, "id")),
		Version: time.UnixMilli(rapid.Int64Range(1, 1e13).Draw(t, "version")).UTC(),
		Run: runspec.Run{
			Cmd:       rapid.String().Draw(t, "cmd"),
			User:      text.Draw(t, "user"),
			Args:      rapid.SliceOfN(text, 0, 3).Draw(t, "args"),
			Env:       rapid.MapOfN(text, rapid.String(), 0, 3).Draw(t, "env"),
			Labels:    rapid.MapOfN(rapid.String(), rapid.String(), 0, 3).Draw(t, "labels"),
			Resources: resource.Vector{CPUs: resource.Scalar(rapid.Int64Range(1, 1e6).Draw(t, "cpus")), Mem: resource.Scalar(rapid.Int64Range(0, 1e9).Draw(t, "mem"))},
			Networks:  []app.Network{rapid.SampledFrom([]app.Network{{Mode: app.Host}, {Mode: app.Bridge}, {Mode: app.ContainerNetwork, Name: "n"}}).Draw(t, "network")},
		},
	}
	if rapid.Bool().Draw(t, "grace") {
		s.KillGracePeriod = new(time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "grace period")))
	}
	if rapid.Bool().Draw(t, "limits") {
		s.Limits = map[string]app.Limit{"mem": {Unlimited: true}, "cpus": {Amount: 7000}}
	}
	s.Container = &app.Container{Kind: app.Docker, Image: text.Draw(t, "image"), ForcePullImage: rapid.Bool().Draw(t, "force"), Privileged: rapid.Bool().Draw(t, "privileged")}
	for range rapid.IntRange(0, 3).Draw(t, "volumes") {
		s.Container.Volumes = append(s.Container.Volumes, rapid.SampledFrom([]app.Volume{
			{ContainerPath: "/d", HostPath: "/h", ReadOnly: true}, {ContainerPath: "data", Persistent: &app.PersistentVolume{Size: 1000}},
			{ContainerPath: "/e", External: &app.ExternalVolume{Name: "v", Provider: "dvdi", Options: map[string]string{"dvdi/driver": "rexray", "dvdi/size": "2"}}},
		}).Draw(t, "volume"))
	}
	for range rapid.IntRange(0, 4).Draw(t, "ports") {
		p := app.Port{ContainerPort: rapid.IntRange(0, 3).Draw(t, "container port"), Protocol: rapid.SampledFrom([]string{"tcp", "udp", "udp,tcp"}).Draw(t, "protocol")}
		if rapid.Bool().Draw(t, "published") {
			p.HostPort = new(0)
		}
		s.Ports = append(s.Ports, p)
	}
	for range rapid.IntRange(0, 3).Draw(t, "checks") {
		h := app.HealthCheck{
			Protocol: app.HealthProtocol(rapid.IntRange(1, 7).Draw(t, "check")), Path: text.Draw(t, "path"), Command: text.Draw(t, "command"),
			Interval: time.Duration(rapid.Int64Range(0, 1e11).Draw(t, "interval")), MaxConsecutiveFailures: rapid.IntRange(0, 9).Draw(t, "failures"),
		}
		if len(s.Ports) == 0 {
			h.Port = new(80)
		}
		s.HealthChecks = append(s.HealthChecks, h)
	}
	return s
}

func TestParse_is_the_inverse_of_Build(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSpec(t)
		l := taskinfo.Launch{Run: &s.Run, Owner: s.Owner(), TaskID: "web.instance-1._app.1", InstanceID: "web.instance-1", FrameworkID: "f", Hostname: "h", Role: "r"}
		for _, p := range s.Ports {
			if s.HasHostPort(p) {
				l.HostPorts = append(l.HostPorts, uint32(31000+len(l.HostPorts)))
			}
		}
		want, err := taskinfo.Resolve(l, installed())
		if err != nil {
			t.Fatal(err)
		}
		info, err := taskinfo.Build(l, installed())
		if err != nil {
			t.Fatal(err)
		}
		got, err := taskinfo.Parse(info)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Fatalf("Parse(Build(x)) (-got +x):\n%s", diff)
		}
		checkPorts(t, s, got, l.HostPorts)
	})
}

// checkPorts holds for every task: each host port is used once and in order,
// and every port has a number to listen on.
func checkPorts(t *rapid.T, s *app.Spec, task taskinfo.Task, hostPorts []uint32) {
	var used []uint32
	for _, p := range task.Ports {
		if p.Host != 0 {
			used = append(used, p.Host)
		}
		if p.Container == 0 {
			t.Fatalf("port %+v listens nowhere", p)
		}
		if s.HostNetworking() && p.Container != p.Host {
			t.Fatalf("port %+v: with host networking both numbers are equal", p)
		}
	}
	if diff := cmp.Diff(used, hostPorts); diff != "" {
		t.Fatalf("host ports used (-got +want):\n%s", diff)
	}
	if len(task.Environment) == 0 || task.Environment[0] == (mesos.Variable{}) {
		t.Fatal("no environment")
	}
}
