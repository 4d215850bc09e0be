package corpus

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// fractional are the members that take a number with a fraction, and from which number on.
var fractional = []struct {
	path   string
	lo, hi int64
}{
	{"cpus", 1, 1e6},
	{"mem", 0, 1e8},
	{"disk", 0, 1e8},
	{"executorResources.cpus", 0, 1e6},
	{"executorResources.mem", 0, 1e6},
	{"executorResources.disk", 0, 1e6},
	{"resourceLimits.cpus", 1e6 + 1, 1e7},
	{"resourceLimits.mem", 1e8 + 1, 9e8},
	{"container.volumes.persistent.size", 1, 1e6},
	{"container.volumes.persistent.maxSize", 1e6 + 1, 1e7},
	{"backoffFactor", 1, 1e5},
	{"upgradeStrategy.minimumHealthCapacity", 0, 0},
}

// decimal draws a number from lo to hi and some, in the unit, with up to 15 digits.
func decimal(t *rapid.T, name string, lo, hi int64) string {
	whole := rapid.Int64Range(lo, hi).Draw(t, name)
	digits := rapid.StringMatching(`[0-9]{0,5}[1-9]`).Draw(t, name+" fraction")
	if rapid.Bool().Draw(t, name+" is whole") {
		return strconv.FormatInt(whole, 10)
	}
	return strconv.FormatInt(whole, 10) + "." + digits
}

// numbered draws a definition in which every number has a fraction of its own.
func numbered(t *rapid.T) map[string]any {
	doc := map[string]any{"id": "app", "cmd": "x", "role": "data", "executor": "/opt/executor"}
	volume := map[string]any{"containerPath": "data", "mode": "RW"}
	doc["container"] = map[string]any{"type": "MESOS", "volumes": []any{map[string]any{"containerPath": "h", "hostPath": "/h", "mode": "RO"}, volume}}
	doc["upgradeStrategy"] = map[string]any{"maximumOverCapacity": 0}
	for _, m := range fractional {
		at, name := doc, m.path
		if rest, ok := strings.CutPrefix(m.path, "container.volumes."); ok {
			at, name = volume, rest
		}
		if object, member, nested := strings.Cut(name, "."); nested {
			if _, ok := at[object]; !ok {
				at[object] = map[string]any{}
			}
			at, name = at[object].(map[string]any), member
		}
		at[name] = json.Number(decimal(t, m.path, m.lo, m.hi))
	}
	volume["persistent"].(map[string]any)["type"] = "mount"
	return doc
}

// TestNumbersComeBackAsTheyWereSent compares every number that a definition was sent
// with to the one that is shown, and sends both again.
func TestNumbersComeBackAsTheyWereSent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newServer(t)
		doc := numbered(t)
		body := encoded(t, doc)
		if status, v := s.call(t, http.MethodPost, "/v2/apps", body); status != http.StatusCreated {
			t.Fatalf("got %d with %v for %s", status, v, body)
		}
		shown := s.app(t, "app")
		var sent map[string]any
		if err := json.Unmarshal(body, &sent); err != nil {
			t.Fatal(err)
		}
		for _, m := range fractional {
			if got, want := at(shown, m.path), at(sent, m.path); got != want {
				t.Fatalf("%s: got %v, want %v as it was sent", m.path, got, want)
			}
		}
		s.sentAgain(t, "app", "the same body", body)
		s.sentAgain(t, "app", "what a GET shows", encoded(t, shown))
	})
}

// at is the number at a path; in a list, of the last element.
func at(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		if list, ok := v.([]any); ok {
			v = list[len(list)-1]
		}
		object, ok := v.(map[string]any)
		if !ok {
			return fmt.Sprintf("no %s in %v", name, v)
		}
		v = object[name]
	}
	return v
}

// Mesos does not see the difference, whoever reads the definition does.
func TestADifferenceBelowAThousandthIsAChange(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call(t, http.MethodPost, "/v2/apps", []byte(`{"id":"app","cmd":"x","instances":0,"cpus":0.1234}`))
	was := s.app(t, "app")
	s.call(t, http.MethodPut, "/v2/apps/app?force=true", []byte(`{"cpus":0.1231}`))
	is := s.app(t, "app")
	if is["version"] == was["version"] || is["cpus"] != 0.1231 {
		t.Errorf("got version %v after %v with cpus %v, want a new one with 0.1231", is["version"], was["version"], is["cpus"])
	}
	s.call(t, http.MethodPut, "/v2/apps/app?force=true", []byte(`{"cpus":0.123}`))
	if again := s.app(t, "app"); again["version"] == is["version"] || again["cpus"] != 0.123 {
		t.Errorf("got cpus %v in version %v after %v, want 0.123 in a new one", again["cpus"], again["version"], is["version"])
	}
}
