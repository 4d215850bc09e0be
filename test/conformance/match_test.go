package conformance

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func parse(t *testing.T, text string) any {
	t.Helper()
	v, err := decodeJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, want, got, fails string }{
		{name: "further keys are free", want: `{"a":1}`, got: `{"a":1,"b":2}`},
		{name: "a missing key fails", want: `{"a":1}`, got: `{"b":1}`, fails: ".a: missing"},
		{name: "another value fails", want: `{"a":{"b":"x"}}`, got: `{"a":{"b":"y"}}`, fails: ".a.b"},
		{name: "an optional key may be missing", want: `{"a?":1}`, got: `{}`},
		{name: "an optional key that is there must match", want: `{"a?":1}`, got: `{"a":2}`, fails: ".a"},
		{name: "null is missing or null", want: `{"a":null}`, got: `{}`},
		{name: "null is not a value", want: `{"a":null}`, got: `{"a":0}`, fails: ".a"},
		{name: "an empty list may be missing", want: `{"a":[]}`, got: `{}`},
		{name: "an empty list is not a full one", want: `{"a":[]}`, got: `{"a":[1]}`, fails: "1 elements"},
		{name: "integers and floats are equal", want: `{"a":4.0}`, got: `{"a":4}`},
		{name: "numbers have a small tolerance", want: `{"a":0.3}`, got: `{"a":0.30000000001}`},
		{name: "numbers differ", want: `{"a":0.3}`, got: `{"a":0.31}`, fails: ".a"},
		{name: "a text is not a number", want: `{"a":4}`, got: `{"a":"4"}`, fails: ".a"},
		{name: "a boolean differs", want: `{"a":true}`, got: `{"a":false}`, fails: ".a"},
		{name: "order counts in lists", want: `{"a":[1,2]}`, got: `{"a":[2,1]}`, fails: ".a[0]"},
		{name: "resources come in any order", want: `{"r":[{"name":"cpus","v":1},{"name":"mem","v":2}]}`, got: `{"r":[{"name":"mem","v":2},{"name":"cpus","v":1}]}`},
		{name: "resources of one name are told apart", want: `{"r":[{"name":"cpus","v":1},{"name":"cpus","v":2}]}`, got: `{"r":[{"name":"cpus","v":2},{"name":"cpus","v":1}]}`},
		{name: "a resource more fails", want: `{"r":[{"name":"cpus"}]}`, got: `{"r":[{"name":"cpus"},{"name":"mem"}]}`, fails: "2 elements"},
		{name: "one resource is not two", want: `{"r":[{"name":"cpus","v":1},{"name":"cpus","v":1}]}`, got: `{"r":[{"name":"cpus","v":1},{"name":"cpus","v":2}]}`, fails: "nothing matches"},
		{name: "capabilities come in any order", want: `{"c":[{"type":"A"},{"type":"B"}]}`, got: `{"c":[{"type":"B"},{"type":"A"}]}`},
		{name: "tasks come in any order", want: `{"tasks":[{"id":1},{"id":2}]}`, got: `{"tasks":[{"id":2},{"id":1}]}`},
		{name: "completed tasks come in order", want: `{"completed_tasks":[{"id":1},{"id":2}]}`, got: `{"completed_tasks":[{"id":2},{"id":1}]}`, fails: "completed_tasks[0]"},
		{name: "a subset leaves others free", want: `{"m":["$SUBSET",{"name":"a"}]}`, got: `{"m":[{"name":"b"},{"name":"a"}]}`},
		{name: "a subset must be there", want: `{"m":["$SUBSET",{"name":"c"}]}`, got: `{"m":[{"name":"b"},{"name":"a"}]}`, fails: "nothing matches"},
		{name: "absent is absent", want: `{"a":"$ABSENT"}`, got: `{}`},
		{name: "absent is not there", want: `{"a":"$ABSENT"}`, got: `{"a":1}`, fails: "want it absent"},
		{name: "a placeholder is the same everywhere", want: `{"a":"$OFFER_ID_1","b":"$OFFER_ID_1"}`, got: `{"a":"x","b":"x"}`},
		{name: "a placeholder differs", want: `{"a":"$OFFER_ID_1","b":"$OFFER_ID_1"}`, got: `{"a":"x","b":"y"}`, fails: "$OFFER_ID_1"},
		{name: "two placeholders are two values", want: `{"a":"$OFFER_ID_1","b":"$OFFER_ID_2"}`, got: `{"a":"x","b":"x"}`, fails: "must differ"},
		{name: "a known port", want: `{"a":"$MASTER_PORT_1"}`, got: `{"a":5050}`},
		{name: "another port", want: `{"a":"$MASTER_PORT_1"}`, got: `{"a":5051}`, fails: "$MASTER_PORT_1"},
		{name: "a uuid has 16 bytes", want: `{"a":"$STATUS_UUID_1"}`, got: `{"a":"AAAAAAAAAAAAAAAAAAAAAA=="}`},
		{name: "a uuid of 15 bytes fails", want: `{"a":"$STATUS_UUID_1"}`, got: `{"a":"AAAAAAAAAAAAAAAAAAAA"}`, fails: "16 bytes"},
		{name: "a placeholder inside a text", want: `{"a":"Offer $OFFER_ID_1 is gone","b":"$OFFER_ID_1"}`, got: `{"a":"Offer x-O1 is gone","b":"x-O1"}`},
		{name: "a text around a placeholder", want: `{"a":"Offer $OFFER_ID_1 is gone"}`, got: `{"a":"Offer x is here"}`, fails: ".a"},
		{name: "time is a number", want: `{"a":"$TS_NS"}`, got: `{"a":1795228578000000000}`},
		{name: "time is no text", want: `{"a":"$TS_NS"}`, got: `{"a":"soon"}`, fails: "$TS_NS"},
		{name: "an address", want: `{"a":"$IP"}`, got: `{"a":"10.0.0.1"}`},
		{name: "no address", want: `{"a":"$IP"}`, got: `{"a":"localhost"}`, fails: "$IP"},
		{name: "anything is something", want: `{"a":"$ANY"}`, got: `{"a":null}`, fails: "$ANY"},
		{name: "a message may be worded differently", want: `{"message":"x"}`, got: `{"message":"y"}`},
		{name: "a message must be there", want: `{"message":"x"}`, got: `{"message":""}`, fails: ".message"},
		{name: "a reason may not differ", want: `{"reason":"x"}`, got: `{"reason":"y"}`, fails: ".reason"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := &Matcher{}
			err := m.Match(parse(t, c.want), parse(t, c.got), NewBinding(map[string]string{"MASTER_PORT_1": "5050"}, nil))
			if (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("Match(%s, %s) = %v, want an error with %q", c.want, c.got, err, c.fails)
			}
		})
	}
}

func TestStrictComparesMessages(t *testing.T) {
	t.Parallel()
	m := &Matcher{Strict: true}
	if m.Match(parse(t, `{"message":"x"}`), parse(t, `{"message":"y"}`), NewBinding(nil, nil)) == nil {
		t.Error("Match = nil for another message, want an error")
	}
}

func TestToleratedWordingIsCollectedAndFailedAttemptsLeaveNoTrace(t *testing.T) {
	t.Parallel()
	m := &Matcher{}
	want := parse(t, `{"tasks":[{"id":"a","message":"x"},{"id":"b","message":"y"}]}`)
	got := parse(t, `{"tasks":[{"id":"b","message":"y"},{"id":"a","message":"other"}]}`)
	if err := m.Match(want, got, NewBinding(nil, nil)); err != nil || len(m.Wording) != 1 {
		t.Errorf("Match = %v with %d wordings, want nil with 1", err, len(m.Wording))
	}
}

func TestPermutationsBindConsistently(t *testing.T) {
	t.Parallel()
	// The first element alone fits both; only one assignment makes $AGENT_ID_1 the same everywhere.
	want := parse(t, `{"offers":[{"agent_id":"$AGENT_ID_1"},{"agent_id":"$AGENT_ID_2","x":1}],"z":"$AGENT_ID_2"}`)
	got := parse(t, `{"offers":[{"agent_id":"s","x":1},{"agent_id":"r"}],"z":"s"}`)
	b := NewBinding(nil, nil)
	if err := (&Matcher{}).Match(want, got, b); err != nil || b.values["AGENT_ID_1"] != "r" {
		t.Errorf("Match = %v, bound %v, want $AGENT_ID_1 = r", err, b.values)
	}
}

func TestEveryChangeOfAnExpectationThatIsItsOwnAnswerIsSeen(t *testing.T) {
	t.Parallel()
	cases, err := LoadCases("testdata/cases")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, c := range cases[:30] {
		for i, step := range c.Steps {
			for _, want := range step.Expect.Events {
				checked += mutateAll(t, fmt.Sprintf("%s step %d", c.ID, i+1), want)
			}
		}
	}
	if checked < 1000 {
		t.Errorf("checked %d changes, want at least 1000", checked)
	}
}

// mutateAll makes an answer of an expectation, then changes each of its values in turn; every change must be noticed.
func mutateAll(t *testing.T, name string, want any) int {
	t.Helper()
	good := instance(want)
	known := map[string]string{}
	for _, p := range []string{"MASTER_PORT_1", "MASTER_PORT_2", "AGENT_PORT_1", "AGENT_PORT_2"} {
		known[p] = "5050"
	}
	if err := (&Matcher{Strict: true}).Match(want, good, NewBinding(known, nil)); err != nil {
		t.Errorf("%s: the expectation does not match its own instance: %v", name, err)
		return 0
	}
	n := 0
	for _, bad := range mutations(want, good) {
		n++
		if (&Matcher{Strict: true}).Match(want, bad, NewBinding(known, nil)) == nil {
			t.Errorf("%s: a changed answer matches: %s\nwant %s", name, show(bad), show(want))
		}
	}
	return n
}

// instance is an answer that fits an expectation.
func instance(want any) any {
	switch want := want.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, v := range want {
			if v != "$ABSENT" {
				out[strings.TrimSuffix(k, "?")] = instance(v)
			}
		}
		return out
	case []any:
		out := []any{}
		for _, e := range want {
			if e != "$SUBSET" {
				out = append(out, instance(e))
			}
		}
		return out
	case string:
		return instanceText(want)
	default:
		return want
	}
}

func instanceText(want string) any {
	whole := placeholder.FindString(want) == want
	numeric := false
	text := placeholder.ReplaceAllStringFunc(want, func(m string) string {
		p := placeholder.FindStringSubmatch(m)
		switch {
		case strings.Contains(p[2], "PORT"):
			numeric = true
			return "5050"
		case p[2] == "IP":
			return "127.0.0.1"
		case p[2] == "STATUS_UUID":
			return "AAAAAAAAAAAAAAAAAAAA" + string(rune('A'+len(p[3]))) + "A=="
		case p[2] == "STREAM_ID" || p[2] == "UUID":
			return "00000000-0000-0000-0000-00000000000" + p[3][:1]
		case free[p[2]] != "" && p[3] == "" && p[2] != "ANY" && p[2] != "HOST" && p[2] != "TOKEN":
			numeric = true
			return "7"
		case p[2] == "ANY" || p[2] == "HOST" || p[2] == "TOKEN":
			return "host"
		default:
			return p[2] + "-" + p[3]
		}
	})
	if whole && numeric {
		return json.Number(text)
	}
	return text
}

// mutations are copies of good, each with one value changed that want says something about.
func mutations(want, good any) []any {
	switch want := want.(type) {
	case map[string]any:
		object, _ := good.(map[string]any)
		var out []any
		for k, v := range want {
			name, optional := strings.CutSuffix(k, "?")
			if v == "$ABSENT" {
				out = append(out, with(object, name, "here"))
				continue
			}
			if list, isList := v.([]any); !optional && v != nil && (!isList || len(list) > 0) {
				out = append(out, without(object, name))
			}
			for _, m := range mutations(v, object[name]) {
				out = append(out, with(object, name, m))
			}
		}
		return out
	case []any:
		list, _ := good.([]any)
		out := []any{append(append([]any{}, list...), "more")}
		if len(want) > 0 && want[0] == "$SUBSET" {
			out, want = nil, want[1:]
		}
		for i, w := range want {
			for _, m := range mutations(w, list[i]) {
				changed := append([]any{}, list...)
				changed[i] = m
				out = append(out, changed)
			}
		}
		return out
	case string:
		if want == "$ANY" || want == "$HOST" || want == "$TOKEN" {
			return []any{nil}
		}
		if strings.Contains(want, "$") {
			return []any{true}
		}
		return []any{want + "x", nil}
	case bool:
		return []any{!want}
	default:
		return []any{json.Number("123456789.5")}
	}
}

func with(object map[string]any, key string, v any) map[string]any {
	out := without(object, key)
	out[key] = v
	return out
}

func without(object map[string]any, key string) map[string]any {
	out := map[string]any{}
	for k, v := range object {
		if k != key {
			out[k] = v
		}
	}
	return out
}
