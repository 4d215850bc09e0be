package scheduler

import (
	"errors"
	"sort"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// TestWhatCouldNeverBeLaunchedIsRefused goes through what the launch of a task
// itself would fail with.
func TestWhatCouldNeverBeLaunchedIsRefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		executor string
		features []string
		doc, at  string
	}{
		"a secret":            {"gantry", []string{"secrets"}, `{"id":"/a","cmd":"x","env":{"P":{"secret":"s"}},"secrets":{"s":{"source":"s"}}}`, "/secrets"},
		"external volume off": {"gantry", nil, `{"id":"/a","container":{"docker":{"image":"i"},"volumes":[{"containerPath":"/d","mode":"RW","external":{"name":"v","options":{"dvdi/driver":"d"}}}]}}`, "/container/volumes(0)/external"},
		"external volume":     {"gantry", []string{"external_volumes"}, `{"id":"/a","container":{"docker":{"image":"i"},"volumes":[{"containerPath":"/d","mode":"RW","external":{"name":"v","options":{"dvdi/driver":"d"}}}]}}`, ""},
		"external volume without an image": {"gantry", []string{"external_volumes"},
			`{"id":"/a","cmd":"x","container":{"type":"MESOS","volumes":[{"containerPath":"d","mode":"RW","external":{"name":"v","options":{"dvdi/driver":"d"}}}]}}`, "/container/volumes(0)/external"},
		"external volume and Mesos' executor": {"mesos", []string{"external_volumes"},
			`{"id":"/a","cmd":"x","container":{"type":"MESOS","docker":{"image":"i"},"volumes":[{"containerPath":"d","mode":"RW","external":{"name":"v","options":{"dvdi/driver":"d"}}}]}}`, "/container/volumes(0)/external"},
		"gpus off":                              {"gantry", nil, `{"id":"/a","cmd":"x","gpus":1}`, "/gpus"},
		"gpus":                                  {"gantry", []string{"gpu_resources"}, `{"id":"/a","cmd":"x","gpus":1}`, ""},
		"no limit, Mesos' executor":             {"mesos", nil, `{"id":"/a","cmd":"x","resourceLimits":{"cpus":"unlimited"}}`, "/resourceLimits/cpus"},
		"no limit":                              {"gantry", nil, `{"id":"/a","cmd":"x","resourceLimits":{"cpus":"unlimited"}}`, ""},
		"a network of its own without an image": {"gantry", nil, `{"id":"/a","cmd":"x","networks":[{"mode":"container","name":"n"}]}`, "/networks"},
		"a fixed path without an image":         {"gantry", nil, `{"id":"/a","cmd":"x","container":{"type":"MESOS","volumes":[{"containerPath":"/d","hostPath":"/h","mode":"RO"}]}}`, "/container/volumes(0)/containerPath"},
		"readiness":                             {"gantry", nil, `{"id":"/a","cmd":"x","portDefinitions":[{"port":0,"name":"web"}],"readinessChecks":[{"portName":"web"}]}`, ""},
		"readiness, Mesos' executor":            {"mesos", nil, `{"id":"/a","cmd":"x","portDefinitions":[{"port":0,"name":"web"}],"readinessChecks":[{"portName":"web"}]}`, "/readinessChecks"},
		"readiness, an executor of the app's":   {"gantry", nil, `{"id":"/a","cmd":"x","executor":"/e","portDefinitions":[{"port":0,"name":"web"}],"readinessChecks":[{"portName":"web"}]}`, "/readinessChecks"},
		"a check":                               {"gantry", nil, `{"id":"/a","cmd":"x","check":{"exec":{"command":{"shell":"true"}}}}`, ""},
		"a check, Mesos' executor":              {"mesos", nil, `{"id":"/a","cmd":"x","check":{"exec":{"command":{"shell":"true"}}}}`, ""},
		"a check over https, Mesos' executor":   {"mesos", nil, `{"id":"/a","cmd":"x","check":{"http":{"port":80,"scheme":"https"}}}`, "/check/http/scheme"},
		"a check, an executor of the app's":     {"gantry", nil, `{"id":"/a","cmd":"x","executor":"/e","check":{"tcp":{"port":80}}}`, "/check"},
		"two relative paths":                    {"gantry", nil, `{"id":"/a","container":{"docker":{"image":"i"},"volumes":[{"containerPath":"d","hostPath":"h","mode":"RO"}]}}`, "/container/volumes(0)/containerPath"},
		"one relative path":                     {"gantry", nil, `{"id":"/a","container":{"docker":{"image":"i"},"volumes":[{"containerPath":"d","hostPath":"/h","mode":"RO"}]}}`, ""},
	} {
		c := config(t, "127.0.0.1:1")
		c.DefaultExecutor, c.ExecutorPath, c.Features = row.executor, "/opt/gantry-executor", row.features
		s, err := New(c, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.listener.Close() }() // it never served
		_, err = api.Reader{Rules: s.rules()}.App([]byte(row.doc))
		e, refused := errors.AsType[*api.Error](err)
		switch {
		case !refused && (err != nil || row.at != ""):
			t.Errorf("%s: got %v, want a refusal of %q", name, err, row.at)
		case refused && (len(e.Details) != 1 || e.Details[0].Path != row.at):
			t.Errorf("%s: got %v, want a refusal of %q", name, e, row.at)
		}
	}
}

// TestNamesMadeOfTheLongestIDFit has the limits that definitions are checked against:
// agents name directories after executors and volumes, and a name takes up to 255 bytes.
func TestNamesMadeOfTheLongestIDFit(t *testing.T) {
	t.Parallel()
	const unique = "00000000-0000-0000-0000-000000000000"
	longest := func(doc func(n int) string) int {
		rules := app.DefaultRules()
		rules.Roles = []string{"data"}
		return sort.Search(400, func(n int) bool {
			_, err := api.Reader{Rules: rules}.App([]byte(doc(n + 1)))
			return err != nil
		})
	}
	name := func(n int) string { return strings.Repeat("x", n) }
	n := longest(func(n int) string { return `{"id":"/g/` + name(n) + `","cmd":"x"}` })
	id := instance.NewID(app.ID("/g/"+name(n)), unique)
	if got := len(taskinfo.ExecutorID(id.TaskID(999_999))); got != 255 {
		t.Errorf("got %d bytes for the longest executor's id, want 255", got)
	}
	n = longest(func(n int) string {
		return `{"id":"/g/web","cmd":"x","role":"data","container":{"type":"MESOS","volumes":[{"containerPath":"` + name(n) + `","mode":"RW","persistent":{"size":1}}]}}`
	})
	if got := len(placement.VolumeID(string(instance.NewID("/g/web", unique)), name(n))); got != 255 {
		t.Errorf("got %d bytes for the longest volume's id, want 255", got)
	}
}
