package taskinfo_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/checkup"
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

func drawReadiness(t *rapid.T, s *app.Spec) []app.ReadinessCheck {
	if len(s.Ports) == 0 || rapid.Bool().Draw(t, "always ready") {
		return nil
	}
	return []app.ReadinessCheck{{
		Name: "readinessCheck", HTTPS: rapid.Bool().Draw(t, "https"), Path: rapid.SampledFrom([]string{"", "/", "/a", "a"}).Draw(t, "path"),
		PortName: s.Ports[len(s.Ports)-1].Name, Interval: 30 * time.Second, Timeout: time.Duration(rapid.Int64Range(1, 1e10).Draw(t, "timeout")),
		StatusCodes: rapid.SliceOfN(rapid.IntRange(100, 599), 1, 3).Draw(t, "statuses"), PreserveLastResponse: rapid.Bool().Draw(t, "preserve"),
	}}
}

func drawGeneral(t *rapid.T, s *app.Spec) *app.Check {
	c := &app.Check{Interval: time.Second, Delay: time.Duration(rapid.Int64Range(0, 1e10).Draw(t, "delay"))}
	switch rapid.IntRange(0, 4).Draw(t, "general") {
	case 0:
		return nil
	case 1:
		c.Command, c.Shell = []string{"exit 1"}, true
	case 2:
		c.Command = []string{"/bin/check", "it"}
	case 3:
		c.TCP = true
	default:
		c.HTTP, c.Path, c.Scheme = true, "up", rapid.SampledFrom([]string{"", "http", "https"}).Draw(t, "scheme")
	}
	if len(s.Ports) == 0 {
		c.Port = new(80)
	}
	return c
}

func TestAReportIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := func(name string) time.Time {
			n := rapid.Int64Range(0, 1e18).Draw(t, name)
			if n == 0 {
				return time.Time{}
			}
			return time.Unix(0, n).UTC()
		}
		want := checkup.Report{Number: rapid.IntRange(0, 1e6).Draw(t, "number")}
		for range rapid.IntRange(0, 3).Draw(t, "health") {
			want.Health = append(want.Health, checkup.Result{
				FirstSuccess: at("first"), LastSuccess: at("last"), LastFailure: at("failure"), Cause: rapid.StringN(0, 40, checkup.CauseMax).Draw(t, "cause"),
				Failures: rapid.IntRange(0, 1e6).Draw(t, "failures"), Pace: time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "pace")),
			})
		}
		for range rapid.IntRange(0, 2).Draw(t, "readiness") {
			r := checkup.Readiness{Name: rapid.StringN(0, 20, 80).Draw(t, "name"), Ready: rapid.Bool().Draw(t, "ready")}
			if rapid.Bool().Draw(t, "answered") {
				r.Response = &checkup.Response{Status: rapid.IntRange(0, 599).Draw(t, "status"), ContentType: "text/plain", Body: rapid.StringN(0, 100, checkup.BodyMax).Draw(t, "body")}
			}
			want.Readiness = append(want.Readiness, r)
		}
		got, err := taskinfo.ParseReport(taskinfo.EncodeReport(want))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, &want); diff != "" {
			t.Fatalf("(-got +want):\n%s", diff)
		}
	})
}

func TestAReportIsBoundedOnBothSides(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 3*checkup.BodyMax)
	r := checkup.Report{Health: make([]checkup.Result, 2*checkup.ChecksMax)}
	for i := range r.Health {
		r.Health[i].Cause = "\xff" + long
	}
	r.Readiness = []checkup.Readiness{{Name: long, Response: &checkup.Response{ContentType: long, Body: long}}}
	got, err := taskinfo.ParseReport(taskinfo.EncodeReport(r))
	if err != nil {
		t.Fatal(err)
	}
	a := got.Readiness[0].Response
	if len(got.Health) != checkup.ChecksMax || len(got.Health[0].Cause) > checkup.CauseMax || len(a.Body) > checkup.BodyMax || len(a.ContentType) > checkup.TypeMax ||
		!utf8.ValidString(got.Health[0].Cause) || !utf8.ValidString(a.Body) {
		t.Errorf("got %d results, causes of %d bytes, a body of %d", len(got.Health), len(got.Health[0].Cause), len(a.Body))
	}
	for text, data := range map[string][]byte{"empty": nil, "garbage": []byte("hello"), "no version": {0x10, 1}, "newer": {0x08, 99}} {
		if got, err := taskinfo.ParseReport(data); got != nil || (err == nil) != (text == "empty") {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
}

func TestParse_is_the_inverse_of_Build(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSpec(t)
		l := taskinfo.Launch{Run: &s.Run, Owner: s.Owner(), TaskID: "web.instance-1._app.1", InstanceID: "web.instance-1", FrameworkID: "f", Hostname: "h", Role: "r"}
		l.Readiness, l.Check = drawReadiness(t, s), drawGeneral(t, s)
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
