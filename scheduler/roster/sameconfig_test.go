package roster

import (
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

func TestOnlyWhatInstancesSeeIsConfiguration(t *testing.T) {
	t.Parallel()
	port := 0
	base := app.Spec{
		ID:          "/web",
		RestartedAt: time.Unix(5, 0),
		Run: runspec.Run{
			Cmd:       "a",
			Env:       map[string]string{"A": "1"},
			Ports:     []app.Port{{HostPort: &port}},
			Container: &app.Container{Image: "x"},
		},
	}
	for name, row := range map[string]struct {
		change func(*app.Spec)
		want   bool
	}{
		"nothing":               {func(*app.Spec) {}, true},
		"instances":             {func(s *app.Spec) { s.Instances = 9 }, true},
		"versions":              {func(s *app.Spec) { s.Version, s.LastScalingAt = time.Unix(1, 0), time.Unix(2, 0) }, true},
		"empty instead of none": {func(s *app.Spec) { s.Labels, s.Fetch = map[string]string{}, []app.Fetch{} }, true},
		"an equal pointer":      {func(s *app.Spec) { p := 0; s.Ports = []app.Port{{HostPort: &p}} }, true},
		"another time zone":     {func(s *app.Spec) { s.RestartedAt = s.RestartedAt.UTC() }, true},
		"cmd":                   {func(s *app.Spec) { s.Cmd = "b" }, false},
		"a variable's value":    {func(s *app.Spec) { s.Env = map[string]string{"A": "2"} }, false},
		"a variable's name":     {func(s *app.Spec) { s.Env = map[string]string{"B": "1"} }, false},
		"a removed variable":    {func(s *app.Spec) { s.Env = nil }, false},
		"a host port":           {func(s *app.Spec) { p := 1; s.Ports = []app.Port{{HostPort: &p}} }, false},
		"no host port":          {func(s *app.Spec) { s.Ports = []app.Port{{}} }, false},
		"the image":             {func(s *app.Spec) { s.Container = &app.Container{Image: "y"} }, false},
		"a restart":             {func(s *app.Spec) { s.RestartedAt = time.Unix(6, 0) }, false},
	} {
		changed := base
		row.change(&changed)
		if got := SameConfig(&base, &changed); got != row.want {
			t.Errorf("%s: same is %v, want %v", name, got, row.want)
		}
	}
}
