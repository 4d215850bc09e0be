package corpus

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDefaultsAreMarathons compares all members that a GET shows of definitions that
// say as little as possible, one for each way to run and to be connected.
func TestDefaultsAreMarathons(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"process":   `{"id":"app","cmd":"x"}`,
		"bridge":    `{"id":"app","container":{"docker":{"image":"i"}},"networks":[{"mode":"container/bridge"}]}`,
		"network":   `{"id":"app","cmd":"x","networks":[{"name":"n"}]}`,
		"resident":  `{"id":"app","cmd":"x","role":"data","container":{"type":"MESOS","volumes":[{"containerPath":"d","persistent":{"size":1}}]}}`,
		"single":    `{"id":"app","cmd":"x","labels":{"MARATHON_SINGLE_INSTANCE_APP":"true"}}`,
		"checks":    `{"id":"app","cmd":"x","portDefinitions":[{"name":"http-api"}],"healthChecks":[{}],"readinessChecks":[{}],"check":{"tcp":{"portIndex":0}}}`,
		"portless":  `{"id":"app","cmd":"x","portDefinitions":[]}`,
		"ucr-image": `{"id":"app","container":{"type":"MESOS","docker":{"image":"i"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			if status, v := s.call(t, http.MethodPost, "/v2/apps", []byte(body)); status != http.StatusCreated {
				t.Fatalf("got %d with %v", status, v)
			}
			shown := s.app(t, "app")
			for _, member := range []string{"version", "versionInfo", "deployments", "tasks"} {
				delete(shown, member)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, encoded(t, shown), "", "  "); err != nil {
				t.Fatal(err)
			}
			got.WriteByte('\n')
			file := "testdata/defaults/" + name + ".json"
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got.String(), string(want)); diff != "" {
				t.Errorf("%s (-got +want):\n%s", file, diff)
			}
		})
	}
}
