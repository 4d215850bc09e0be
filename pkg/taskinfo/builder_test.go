package taskinfo_test

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

func TestBuilder_builds_what_Build_does(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := taskinfo.NewBuilder(installed())
		s := drawSpec(t)
		for n := range 3 {
			l := taskinfo.Launch{Run: &s.Run, Owner: s.Owner(), TaskID: mesos.TaskID("t" + strconv.Itoa(n)), InstanceID: "i", FrameworkID: "f", Hostname: "h"}
			for _, p := range s.Ports {
				if s.HasHostPort(p) {
					l.HostPorts = append(l.HostPorts, uint32(31000+10*n+len(l.HostPorts)))
				}
			}
			got, err := b.Build(l)
			if err != nil {
				t.Fatal(err)
			}
			want, err := taskinfo.Build(l, installed())
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(got, want); diff != "" {
				t.Fatalf("Builder against Build (-got +want):\n%s", diff)
			}
		}
	})
}

// TestVariablesOfLaterGroupsWin lets an App's own variables and labels have the
// names of those that Gantry sets.
func TestVariablesOfLaterGroupsWin(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSpec(t)
		names := rapid.SampledFrom([]string{"MESOS_TASK_ID", "HOST", "PORT", "PORTS", "PORT0", "PORT_1", "PORT_2", "MARATHON_APP_ID", "MARATHON_APP_LABELS", "Z", "A"})
		s.Env = rapid.MapOfN(names, rapid.StringMatching(`own[a-z]`), 0, 6).Draw(t, "env")
		l := taskinfo.Launch{Run: &s.Run, Owner: s.Owner(), TaskID: "task", InstanceID: "i", FrameworkID: "f", Hostname: "h"}
		for _, p := range s.Ports {
			if s.HasHostPort(p) {
				l.HostPorts = append(l.HostPorts, uint32(31000+len(l.HostPorts)))
			}
		}
		task, err := taskinfo.Resolve(l, installed())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSortedFunc(task.Environment, func(a, b mesos.Variable) int { return cmp.Compare(a.Name, b.Name) }) {
			t.Fatalf("not sorted: %v", task.Environment)
		}
		got := environment(task.Environment)
		if len(got) != len(task.Environment) {
			t.Fatalf("a name comes twice: %v", task.Environment)
		}
		for name, value := range s.Env {
			if got[name] != value {
				t.Fatalf("%s: got %q, the App says %q", name, got[name], value)
			}
		}
		if _, own := s.Env["MESOS_TASK_ID"]; !own && got["MESOS_TASK_ID"] != "task" {
			t.Fatalf("MESOS_TASK_ID: got %q", got["MESOS_TASK_ID"])
		}
		// Of several ports with one requested number the last has the variable.
		for i, p := range task.Ports {
			value := cmp.Or(p.Host, p.Container)
			name := "PORT" + strconv.Itoa(i)
			if _, own := s.Env[name]; !own && got[name] != strconv.FormatUint(uint64(value), 10) {
				t.Fatalf("%s: got %q, want %d", name, got[name], value)
			}
		}
		for _, name := range []string{"MARATHON_APP_VERSION", "MARATHON_APP_RESOURCE_CPUS"} {
			if strings.TrimSpace(got[name]) == "" {
				t.Fatalf("no %s in %v", name, got)
			}
		}
	})
}

func BenchmarkBuilder(b *testing.B) {
	builder := taskinfo.NewBuilder(installed())
	l := launch(bridged(), 31001, 31002)
	b.ReportAllocs()
	for b.Loop() {
		info, err := builder.Build(l)
		if err != nil || len(info.Data) == 0 {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	l := launch(bridged(), 31001, 31002)
	b.ReportAllocs()
	for b.Loop() {
		info, err := taskinfo.Build(l, installed())
		if err != nil || len(info.Data) == 0 {
			b.Fatal(err)
		}
	}
}
