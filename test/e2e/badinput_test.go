package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestBadInputIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	a, _ := mini(t, "--runtime", "process", "--agents", "1")
	a.must(http.MethodPost, "/v2/apps", shell("/good", "exec sleep 1000", 1, ""), nil)
	a.running("/good", 1, time.Minute)
	var before struct{ Apps []map[string]any }
	a.must(http.MethodGet, "/v2/apps", "", &before)
	for _, row := range []struct{ name, method, path, body string }{
		{"wrong type of cpus", "POST", "/v2/apps", `{"id": "/x", "cmd": "a", "cpus": "many"}`},
		{"wrong type of id", "POST", "/v2/apps", `{"id": 7, "cmd": "a"}`},
		{"wrong type of env", "POST", "/v2/apps", `{"id": "/x", "cmd": "a", "env": [1]}`},
		{"negative cpus", "POST", "/v2/apps", `{"id": "/x", "cmd": "a", "cpus": -1}`},
		{"negative instances", "PUT", "/v2/apps/good", `{"instances": -2}`},
		{"bad id", "POST", "/v2/apps", `{"id": "/Bad_Id", "cmd": "a"}`},
		{"reserved id", "POST", "/v2/apps", `{"id": "/a/restart", "cmd": "a"}`},
		{"same path", "POST", "/v2/apps", `{"id": "/good", "cmd": "a"}`},
		{"below an app", "POST", "/v2/apps", `{"id": "/good/below", "cmd": "a"}`},
		{"port out of range", "POST", "/v2/apps", `{"id": "/x", "cmd": "a", "portDefinitions": [{"port": 70000}]}`},
		{"broken json", "POST", "/v2/apps", `{"id": "/x", `},
		{"empty body", "POST", "/v2/apps", ``},
		{"no command", "POST", "/v2/apps", `{"id": "/x"}`},
		{"huge body", "POST", "/v2/apps", `{"id": "/x", "cmd": "` + strings.Repeat("a", 10<<20) + `"}`},
		{"unknown app", "PUT", "/v2/apps/none/restart", ``},
		{"unknown deployment", "DELETE", "/v2/deployments/none", ``},
		{"unknown constraint", "POST", "/v2/apps", `{"id": "/x", "cmd": "a", "constraints": [["hostname", "NEAR"]]}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, data, err := a.try(row.method, row.path, row.body)
			if err != nil {
				t.Fatal(err)
			}
			if status < 400 || status >= 500 {
				t.Errorf("status %d, want 4xx: %.300s", status, data)
			}
			var body struct {
				Message string          `json:"message"`
				Details json.RawMessage `json:"details"`
			}
			if err := json.Unmarshal(data, &body); err != nil || body.Message == "" {
				t.Errorf("no message in %.300s (%v)", data, err)
			}
			if status == http.StatusUnprocessableEntity && !bytes.Contains(body.Details, []byte(`"path"`)) {
				t.Errorf("no path in the details: %.300s", data)
			}
		})
	}
	var after struct{ Apps []map[string]any }
	a.must(http.MethodGet, "/v2/apps", "", &after)
	if len(after.Apps) != 1 || after.Apps[0]["version"] != before.Apps[0]["version"] {
		t.Errorf("something changed: %d apps, version %v, was %v", len(after.Apps), after.Apps[0]["version"], before.Apps[0]["version"])
	}
}
