package record

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
)

var update = flag.Bool("update", false, "write the golden files of today's format")

// dumped reads what a version of Gantry wrote: a line a record, its key and its
// value in base64.
func dumped(t *testing.T, file string) []store.Change {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []store.Change
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, text, _ := strings.Cut(lines.Text(), " ")
		value, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, store.Change{Key: key, Value: value})
	}
	return out
}

// definitions prints definitions, a line each, without what is not set.
func definitions(t *testing.T, st core.Stored) string {
	t.Helper()
	var out strings.Builder
	line := func(kind string, s *app.Spec) {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var members any
		if err := json.Unmarshal(text, &members); err != nil {
			t.Fatal(err)
		}
		if text, err = json.Marshal(set(members)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s %s\n", kind, text)
	}
	for _, s := range st.Versions {
		line("stored", s)
	}
	for _, d := range st.Deployments {
		for _, id := range []app.ID{"/prod/gone", "/prod/web"} {
			line("original", d.Original[id])
		}
		line("target", d.Target["/prod/web"])
	}
	return out.String()
}

// set returns a value of JSON without members that say nothing.
func set(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, m := range v {
			m = set(m)
			if m == nil || m == false || m == "" || m == "0001-01-01T00:00:00Z" || reflect.DeepEqual(m, map[string]any{}) || reflect.DeepEqual(m, []any{}) {
				delete(v, name)
				continue
			}
			v[name] = m
		}
	case []any:
		for i := range v {
			v[i] = set(v[i])
		}
	}
	return v
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", file, d)
	}
}

// raw returns all records of a store.
func raw(t *testing.T, s store.Store) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := s.Load(t.Context(), func(key string, value []byte) error { out[key] = string(value); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRecordsOfOlderFormatsAreReadAndRewritten(t *testing.T) {
	t.Parallel()
	for old, records := range map[string]int{"format1": 3, "format2": 5} {
		t.Run(old, func(t *testing.T) {
			t.Parallel()
			j := open(t, t.TempDir())
			if err := j.store.Append(t.Context(), dumped(t, "testdata/"+old+".txt")); err != nil {
				t.Fatal(err)
			}
			first, err := j.Load(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if j.Migrated() != records {
				t.Errorf("%d records were rewritten, want %d", j.Migrated(), records)
			}
			golden(t, "testdata/"+old+".golden", definitions(t, first))
			if len(first.Instances) != 1 || len(first.Troubles) != 1 || len(first.Releases) != 1 || len(first.Quotas) != 1 || first.Framework != "fw-1" {
				t.Errorf("got %+v", first)
			}
			d := first.Deployments[0]
			want := []deployment.Step{{{Kind: deployment.StopApplication, App: "/prod/gone"}}, {{Kind: deployment.RestartApplication, App: "/prod/web"}}}
			if diff := cmp.Diff(want, d.Steps); diff != "" || d.Current != 1 {
				t.Errorf("at step %d, steps (-want +got):\n%s", d.Current, diff)
			}
			for key, value := range raw(t, j.store) {
				if strings.Contains(value, `"id":`) {
					t.Errorf("%s still holds JSON", key)
				}
			}
			next := New(j.store)
			second, err := next.Load(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first, second, cmpopts.EquateEmpty()); diff != "" || next.Migrated() != 0 {
				t.Errorf("%d records were rewritten at the second start; loaded (-first +second):\n%s", next.Migrated(), diff)
			}
		})
	}
}

func TestAFileOfFormat2IsReadAndRewritten(t *testing.T) {
	t.Parallel()
	packed, err := os.ReadFile("testdata/format2.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	unpack, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(unpack)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, boltstore.FileName), data, 0o600); err != nil {
		t.Fatal(err)
	}
	j := open(t, dir)
	st, err := j.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/format2.golden", definitions(t, st))
	for key, value := range raw(t, j.store) {
		if strings.HasPrefix(key, appPrefix) && value[0] != format {
			t.Errorf("%s is of format %d, want %d", key, value[0], format)
		}
	}
}

func TestTheAPIIsNotAskedWhatARecordSays(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if file == "legacy.go" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			if strings.HasSuffix(imp.Path.Value, `/pkg/api"`) {
				t.Errorf("%s imports %s, whose defaults would change what is stored", file, imp.Path.Value)
			}
		}
	}
}
