package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// written reads a definition and returns what is written of it.
func written(t *testing.T, definition string) map[string]any {
	t.Helper()
	s, err := reader.App([]byte(definition))
	if err != nil {
		t.Fatalf("%s: %v", definition, err)
	}
	data, err := Marshal(FromSpec(s))
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestForms checks what becomes of the older and newer forms ("Marathon, legacy
// form handling"): of each definition the members in want are compared.
func TestForms(t *testing.T) {
	t.Parallel()
	port := `{"containerPort":%d,"servicePort":0,"protocol":"tcp","labels":{}%s}`
	image := `{"image":"i","forcePullImage":false,"privileged":false,"parameters":[]}`
	rows := []struct{ name, in, want string }{
		{"no ports given is one dynamic port", `{"cmd":"x"}`,
			`{"networks":[{"mode":"host"}],"portDefinitions":[{"port":0,"protocol":"tcp","name":"default","labels":{}}],"requirePorts":false}`},
		{"an empty list is no port", `{"cmd":"x","portDefinitions":[]}`, `{"portDefinitions":[]}`},
		{"an empty old list is no port", `{"cmd":"x","ports":[]}`, `{"portDefinitions":[]}`},
		{"an empty old list beside the new one is nothing", `{"cmd":"x","ports":[],"portDefinitions":[{"port":1}]}`,
			`{"portDefinitions":[{"port":1,"protocol":"tcp","labels":{}}]}`},
		{"null is absent", `{"cmd":"x","ports":null,"uris":null,"dependencies":null,"container":null}`,
			`{"portDefinitions":[{"port":0,"protocol":"tcp","name":"default","labels":{}}],"container":null}`},
		{"old ports", `{"cmd":"x","ports":[80,0],"requirePorts":true}`,
			`{"portDefinitions":[{"port":80,"protocol":"tcp","labels":{}},{"port":0,"protocol":"tcp","labels":{}}],"requirePorts":true,"ports":null}`},
		{"uris", `{"cmd":"x","uris":["http://h/a.tar.gz","http://h/b"]}`,
			`{"uris":null,"fetch":[{"uri":"http://h/a.tar.gz","extract":true,"executable":false,"cache":false},{"uri":"http://h/b","extract":false,"executable":false,"cache":false}]}`},
		{"docker.network HOST", `{"container":{"docker":{"image":"i","network":"HOST"}}}`,
			`{"networks":[{"mode":"host"}],"container":{"type":"DOCKER","docker":` + image + `,"volumes":[]}}`},
		{"docker.network BRIDGE with its mappings", `{"container":{"docker":{"image":"i","network":"bridge","portMappings":[{"containerPort":80}]}},"requirePorts":true}`,
			`{"networks":[{"mode":"container/bridge"}],"requirePorts":false,"portDefinitions":null,"container":{"type":"DOCKER","docker":` + image +
				`,"volumes":[],"portMappings":[` + fmt.Sprintf(port, 80, `,"hostPort":0`) + `]}}`},
		{"bridge without mappings has one", `{"container":{"docker":{"image":"i"}},"networks":[{"mode":"container/bridge"}]}`,
			`{"container":{"type":"DOCKER","docker":` + image + `,"volumes":[],"portMappings":[` + fmt.Sprintf(port, 0, `,"hostPort":0,"name":"default"`) + `]}}`},
		{"more old ports than mappings", `{"container":{"docker":{"image":"i","network":"BRIDGE"},"portMappings":[{"containerPort":80}]},"ports":[1,2]}`,
			`{"container":{"type":"DOCKER","docker":` + image + `,"volumes":[],"portMappings":[` + fmt.Sprintf(port, 80, `,"hostPort":0`) + `,` + fmt.Sprintf(port, 0, `,"hostPort":0`) + `]}}`},
		{"docker.network USER", `{"container":{"docker":{"image":"i","network":"USER"}},"ipAddress":{"networkName":"n"}}`, `{"networks":[{"mode":"container","name":"n"}]}`},
		{"an own address", `{"cmd":"x","ipAddress":{"networkName":"n","labels":{"a":"b"},"discovery":{"ports":[{"number":80,"name":"http","protocol":"tcp"}]}}}`,
			`{"networks":[{"mode":"container","name":"n","labels":{"a":"b"}}],"ipAddress":null,
			  "container":{"type":"MESOS","volumes":[],"portMappings":[` + fmt.Sprintf(port, 80, `,"name":"http"`) + `]}}`},
		{"the bridge by its name", `{"cmd":"x","ipAddress":{"networkName":"bridge"}}`, `{"networks":[{"mode":"container/bridge"}]}`},
		{"a network without a name", `{"cmd":"x","networks":[{}]}`, `{"networks":[{"mode":"container","name":"net"}]}`},
		{"host networking drops mappings", `{"container":{"docker":{"image":"i"},"portMappings":[{"containerPort":80}]}}`,
			`{"container":{"type":"DOCKER","docker":` + image + `,"volumes":[]}}`},
		{"other networking drops port definitions", `{"cmd":"x","networks":[{"mode":"container/bridge"}],"portDefinitions":[{"port":80}]}`, `{"portDefinitions":null}`},
		{"tcp,udp", `{"cmd":"x","portDefinitions":[{"protocol":"tcp,udp"}]}`, `{"portDefinitions":[{"port":0,"protocol":"udp,tcp","labels":{}}]}`},
		{"a check without a port asks the first", `{"cmd":"x","healthChecks":[{"protocol":"mesos_http","path":"/"}]}`,
			`{"healthChecks":[{"protocol":"MESOS_HTTP","path":"/","portIndex":0,"gracePeriodSeconds":300,"intervalSeconds":60,"timeoutSeconds":20,
			  "maxConsecutiveFailures":3,"delaySeconds":15,"ipProtocol":"IPv4"}]}`},
		{"only HTTP checks tell of 1xx", `{"cmd":"x","healthChecks":[{"protocol":"HTTP","port":1}]}`,
			`{"healthChecks":[{"protocol":"HTTP","port":1,"gracePeriodSeconds":300,"intervalSeconds":60,"timeoutSeconds":20,
			  "maxConsecutiveFailures":3,"delaySeconds":15,"ipProtocol":"IPv4","ignoreHttp1xx":false}]}`},
		{"a command to check", `{"cmd":"x","healthChecks":[{"protocol":"command","command":{"value":"true"}}]}`,
			`{"healthChecks":[{"protocol":"COMMAND","command":{"value":"true"},"gracePeriodSeconds":300,"intervalSeconds":60,"timeoutSeconds":20,
			  "maxConsecutiveFailures":3,"delaySeconds":15,"ipProtocol":"IPv4"}]}`},
		{"constraints are texts, once each", `{"cmd":"x","constraints":[["hostname","max_per",2],["hostname","MAX_PER","2"],["rack","unique"]]}`,
			`{"constraints":[["hostname","MAX_PER","2"],["rack","UNIQUE"]]}`},
		{"dependencies are relative to the group", `{"id":"/a/b/web","cmd":"x","dependencies":["db","../cache","/x"]}`, `{"dependencies":["/a/b/db","/a/cache","/x"]}`},
		{"whole numbers with a point", `{"cmd":"x","instances":2.0,"backoffSeconds":5.0}`, `{"instances":2,"backoffSeconds":5}`},
		{"a host volume", `{"args":["x"],"container":{"docker":{"image":"i"},"volumes":[{"containerPath":"/a","hostPath":"/b","mode":"ro"}]}}`,
			`{"args":["x"],"container":{"type":"DOCKER","docker":` + image + `,"volumes":[{"containerPath":"/a","hostPath":"/b","mode":"RO"}]}}`},
		{"a persistent volume changes defaults", `{"cmd":"x","role":"r","container":{"type":"MESOS","volumes":[{"containerPath":"data","mode":"RW","persistent":{"size":10}}]}}`,
			`{"unreachableStrategy":"disabled","upgradeStrategy":{"minimumHealthCapacity":0.5,"maximumOverCapacity":0},
			  "residency":{"relaunchEscalationTimeoutSeconds":3600,"taskLostBehavior":"WAIT_FOREVER"},
			  "container":{"type":"MESOS","volumes":[{"containerPath":"data","mode":"RW","persistent":{"size":10,"type":"root","constraints":[]}}]}}`},
		{"the label for one instance changes defaults", `{"cmd":"x","labels":{"MARATHON_SINGLE_INSTANCE_APP":"true"}}`,
			`{"upgradeStrategy":{"minimumHealthCapacity":0,"maximumOverCapacity":0}}`},
		{"secrets in variables", `{"cmd":"x","env":{"A":{"secret":"s"},"B":"b"},"secrets":{"s":{"source":"/p"}}}`,
			`{"env":{"A":{"secret":"s"},"B":"b"},"secrets":{"s":{"source":"/p"}}}`},
		{"what is not given is not written", `{"cmd":"x"}`,
			`{"args":null,"user":null,"env":null,"secrets":null,"resourceLimits":null,"executorResources":null,"constraints":null,"acceptedResourceRoles":null,
			  "fetch":null,"container":null,"healthChecks":null,"readinessChecks":null,"check":null,"dependencies":null,"taskKillGracePeriodSeconds":null,
			  "residency":null,"tty":null,"version":null,"labels":{},"killSelection":"YOUNGEST_FIRST","unreachableStrategy":{"inactiveAfterSeconds":0,"expungeAfterSeconds":0}}`},
		{"unknown members are ignored", `{"cmd":"x","tasksRunning":5,"versionInfo":{},"somethingNew":[1]}`, `{"somethingNew":null,"tasksRunning":null}`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var in, want map[string]any
			if err := json.Unmarshal([]byte(row.in), &in); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(row.want), &want); err != nil {
				t.Fatal(err)
			}
			if in["id"] == nil {
				in["id"] = "/app"
			}
			data, err := json.Marshal(in)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]any{}
			whole := written(t, string(data))
			for name := range want {
				got[name] = whole[name]
			}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("%s (-got +want):\n%s", data, diff)
			}
		})
	}
}

func TestMixturesOfFormsAreRefused(t *testing.T) {
	t.Parallel()
	for path, members := range map[string]string{
		"/uris":                          `"cmd":"x","uris":["a"],"fetch":[{"uri":"b"}]`,
		"/ports":                         `"cmd":"x","ports":[1],"portDefinitions":[{"port":2}]`,
		"/ipAddress":                     `"cmd":"x","ipAddress":{},"networks":[{"mode":"host"}]`,
		"/container/docker/network":      `"container":{"docker":{"image":"i","network":"NONE"}}`,
		"/container/docker/portMappings": `"container":{"docker":{"image":"i","portMappings":[]},"portMappings":[]}`,
		"/ipAddress/discovery":           `"container":{"docker":{"image":"i","network":"USER"}},"ipAddress":{"networkName":"n","discovery":{"ports":[]}}`,
		"/container/docker/credential":   `"container":{"docker":{"image":"i","credential":{"principal":"p"}}}`,
	} {
		_, err := reader.App([]byte(`{"id":"/app",` + members + `}`))
		e, ok := errors.AsType[*Error](err)
		if !ok || len(e.Details) == 0 || e.Details[0].Path != path {
			t.Errorf("%s: got %v, want a problem at %s", members, err, path)
		}
	}
}

func TestSeedsOfTheFuzzTestReachFar(t *testing.T) {
	t.Parallel()
	good := 0
	for _, s := range seeds {
		if _, err := reader.App([]byte(s)); err == nil {
			good++
		} else if e, ok := errors.AsType[*Error](err); !ok || e.Status < 400 {
			t.Errorf("%s: got %v", s, err)
		}
	}
	if want := len(seeds) - 5; good != want {
		t.Errorf("got %d seeds that are definitions, want %d", good, want)
	}
}

func TestTimesAreWrittenWithThreeDigits(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2026-03-01T12:34:56Z": "2026-03-01T12:34:56.000Z", "2026-03-01T12:34:56.7899+02:00": "2026-03-01T10:34:56.789Z",
		"2026-03-01T12:34:56.1+0000": "2026-03-01T12:34:56.100Z", "2026-03-01T12:34Z": "2026-03-01T12:34:00.000Z",
	} {
		got, err := ParseTime(in)
		if err != nil || got.String() != want {
			t.Errorf("%s: got %v, %v, want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "now", "2026-03-01", "2026-13-01T00:00:00Z"} {
		if _, err := ParseTime(in); err == nil {
			t.Errorf("%q: got no error", in)
		}
	}
}
