package corpus

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write the answers seen into the corpus")

// definition is one entry of the corpus.
type definition struct{ name, body string }

// parse reads "# name" and a line of JSON, in turn.
func parse(t *testing.T, text []byte) []definition {
	t.Helper()
	var out []definition
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		name, isName := strings.CutPrefix(line, "# ")
		switch {
		case isName:
			out = append(out, definition{name: name})
		case line != "":
			if len(out) == 0 || out[len(out)-1].body != "" {
				t.Fatalf("%s has no name", line)
			}
			out[len(out)-1].body = line
		}
	}
	return out
}

func files(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	return files
}

// themes are the definitions of each file.
func themes(t *testing.T) map[string][]definition {
	t.Helper()
	out := map[string][]definition{}
	for _, file := range files(t) {
		a, err := txtar.ParseFile(file)
		if err != nil || len(a.Files) == 0 {
			t.Fatalf("%s: %v", file, err)
		}
		out[file] = parse(t, a.Files[0].Data)
	}
	return out
}

// TestDefinitionsAreAnsweredAsMarathonDoes posts each definition and compares what is
// answered: the problems, or the members that differ from the definition of a mere cmd.
// What is accepted is sent again, as it was and as a GET shows it, which changes nothing.
func TestDefinitionsAreAnsweredAsMarathonDoes(t *testing.T) {
	t.Parallel()
	plain := newServer(t)
	plain.call(t, http.MethodPost, "/v2/apps", []byte(`{"id":"app","cmd":"x"}`))
	base := plain.app(t, "app")
	for file, definitions := range themes(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, d := range definitions {
				fmt.Fprintf(&got, "# %s\n%s\n", d.name, answer(t, base, d.body))
			}
			if *update {
				a.Files = []txtar.File{a.Files[0], {Name: "want", Data: []byte(got.String())}}
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(a.Files) != 2 {
				t.Fatalf("got %d sections, want in and want; run with -update", len(a.Files))
			}
			if diff := cmp.Diff(strings.Split(got.String(), "\n"), strings.Split(string(a.Files[1].Data), "\n")); diff != "" {
				t.Errorf("answers differ (-got +want):\n%s", diff)
			}
		})
	}
}

func answer(t *testing.T, base map[string]any, body string) string {
	t.Helper()
	s := newServer(t)
	status, v := s.call(t, http.MethodPost, "/v2/apps", []byte(body))
	if status != http.StatusCreated {
		if details, _ := v["details"].([]any); status == http.StatusUnprocessableEntity && len(details) != 1 {
			t.Errorf("%s has one fault, got %v", body, details)
		}
		return refusal(status, v)
	}
	id, _ := v["id"].(string)
	id = strings.TrimPrefix(id, "/")
	shown := s.app(t, id)
	s.sentAgain(t, id, "the same body", []byte(body))
	s.sentAgain(t, id, "what a GET shows", encoded(t, shown))
	return "201 " + string(encoded(t, differing(shown, base)))
}

// refusal is an error's status, message and paths: the wording of the details is not Marathon's.
func refusal(status int, v map[string]any) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d %v", status, v["message"])
	details, _ := v["details"].([]any)
	for _, d := range details {
		if d, ok := d.(map[string]any); ok {
			fmt.Fprintf(&out, " %v", d["path"])
		}
	}
	return out.String()
}

// differing are the members of an App that differ from those of another; what the
// other has and the App has not is null.
func differing(shown, base map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range shown {
		if !reflect.DeepEqual(v, base[name]) {
			out[name] = v
		}
	}
	for name := range base {
		if _, ok := shown[name]; !ok {
			out[name] = nil
		}
	}
	for _, name := range []string{"version", "versionInfo", "deployments"} {
		delete(out, name)
	}
	if out["id"] == "/app" {
		delete(out, "id")
	}
	return out
}

func TestTheCorpusIsLargeAndCoversEveryMember(t *testing.T) {
	t.Parallel()
	n, seen := 0, map[string]bool{}
	for file, definitions := range themes(t) {
		names := map[string]bool{}
		for _, d := range definitions {
			if names[d.name] {
				t.Errorf("%s: %q is there twice", file, d.name)
			}
			names[d.name] = true
			n++
			var v any
			if json.Unmarshal([]byte(d.body), &v) == nil {
				collect(v, "", seen)
			}
		}
	}
	if n < 200 {
		t.Errorf("got %d definitions, want 200 at least", n)
	}
	for _, path := range append(members(), legacy...) {
		if !seen[path] {
			t.Errorf("no definition has %s", path)
		}
	}
}

// legacy are the older members that are read and never written.
var legacy = []string{
	"uris", "ports", "storeUrls", "taskRateLimit", "ipAddress.networkName", "ipAddress.groups", "ipAddress.labels", "ipAddress.discovery.ports.number",
	"ipAddress.discovery.ports.name", "ipAddress.discovery.ports.protocol", "container.docker.network", "container.docker.portMappings.containerPort",
	"container.docker.portMappings.hostPort", "container.docker.portMappings.servicePort", "container.docker.credential",
}
