package codec

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/master"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
)

func TestMarshalJSON(t *testing.T) {
	t.Parallel()
	state := mesos.TASK_RUNNING
	ts := 2.5
	unhealthy := false
	principal := "a/b\"\n\x01é"
	for name, row := range map[string]struct {
		in   interface{ String() string }
		want string
	}{
		"unset optional scalars with a declared default are printed": {
			&mesos.FrameworkInfo{User: "u", Name: "n", Principal: &principal},
			`{"user":"u","name":"n","failover_timeout":0.0,"checkpoint":false,"principal":"a/b\"\n\u0001é"}`,
		},
		"enums go by name, bytes in base64, false is not unset": {
			&mesos.TaskStatus{TaskID: mesos.TaskID{Value: "t"}, State: &state, UUID: []byte{1, 2}, Timestamp: &ts, Healthy: &unhealthy},
			`{"task_id":{"value":"t"},"state":"TASK_RUNNING","timestamp":2.5,"uuid":"AQI=","healthy":false}`,
		},
		"capabilities unknown to the library have names": {
			&mesos.MasterInfo_Capability{Type: 3}, `{"type":"QUOTA_V2"}`,
		},
		"an infinite double is a string": {
			&mesos.Value_Scalar{Value: math.Inf(1)}, `{"value":"Infinity"}`,
		},
		"operator reads list nothing as an empty list": {
			&master.Response_GetTasks{}, `{"tasks":[],"unreachable_tasks":[],"completed_tasks":[]}`,
		},
		"maps are objects": {
			&mesos.TaskInfo{Name: "n", Limits: map[string]mesos.Value_Scalar{"b": {Value: 2}, "a": {Value: 1}}},
			`{"name":"n","task_id":{"value":""},"agent_id":{"value":""},"limits":{"a":{"value":1.0},"b":{"value":2.0}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := MarshalJSON(row.in.(interface {
				Reset()
				String() string
				ProtoMessage()
			}))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got), row.want); diff != "" {
				t.Errorf("-got +want:\n%s", diff)
			}
		})
	}
}

func TestUnmarshalJSON(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ in, want, err string }{
		"unknown fields are ignored and null means unset": {
			in: `{"name":"x","nope":[{}],"role":null,"type":"SCALAR","scalar":{"value":1}}`, want: `{"name":"x","type":"SCALAR","scalar":{"value":1.0}}`,
		},
		"numbers may be strings": {in: `{"name":"x","type":"SCALAR","scalar":{"value":"1.5"}}`, want: `{"name":"x","type":"SCALAR","scalar":{"value":1.5}}`},
		"a single value stands for a list": {
			in: `{"name":"x","type":"RANGES","ranges":{"range":{"begin":1,"end":"2"}}}`, want: `{"name":"x","type":"RANGES","ranges":{"range":[{"begin":1,"end":2}]}}`,
		},
		"an unknown enum of a required field is missing":    {in: `{"name":"x","type":"NOPE"}`, err: "Missing required fields: type"},
		"missing required fields are named with their path": {in: `{"type":"SCALAR","scalar":{}}`, err: "Missing required fields: name, scalar.value"},
		"list elements have an index in the path":           {in: `{"name":"x","type":"RANGES","ranges":{"range":[{"begin":1}]}}`, err: "Missing required fields: ranges.range[0].end"},
		"a number for a string":                             {in: `{"name":1,"type":"SCALAR"}`, err: "Not expecting a JSON number for field 'name'"},
		"a number for an enum":                              {in: `{"name":"x","type":0}`, err: "Not expecting a JSON number for field 'type'"},
		"enum names are case-sensitive":                     {in: `{"name":"x","type":"scalar"}`, err: "Missing required fields: type"},
		"not an object":                                     {in: `[]`, err: "Expecting a JSON object"},
		"not JSON":                                          {in: `{`, err: "syntax error at line 1 near: "},
		"negative for unsigned":                             {in: `{"name":"x","type":"RANGES","ranges":{"range":[{"begin":-1,"end":1}]}}`, err: "Failed to parse '-1' as a JSON number for field 'begin'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m mesos.Resource
			err := UnmarshalJSON([]byte(row.in), &m)
			if row.err != "" {
				if err == nil || err.Error() != row.err {
					t.Fatalf("error: got %v, want %s", err, row.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := MarshalJSON(&m)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got), row.want); diff != "" {
				t.Errorf("-got +want:\n%s", diff)
			}
		})
	}
}

func TestUnknownCapabilityStaysAsEmptyElement(t *testing.T) {
	t.Parallel()
	var m mesos.FrameworkInfo
	if err := UnmarshalJSON([]byte(`{"user":"u","name":"n","capabilities":[{"type":"NOPE"},{"type":"MULTI_ROLE"}]}`), &m); err != nil {
		t.Fatal(err)
	}
	want := []mesos.FrameworkInfo_Capability{{}, {Type: mesos.FrameworkInfo_Capability_MULTI_ROLE}}
	if diff := cmp.Diff(m.Capabilities, want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

func TestSyntaxErrorNamesTheLine(t *testing.T) {
	t.Parallel()
	err := UnmarshalJSON([]byte("{\n\"a\": }"), &scheduler.Call{})
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || syntax.Line != 2 {
		t.Errorf("got %v, want a syntax error in line 2", err)
	}
}

func TestNegotiate(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		accept []string
		want   Format
		ok     bool
	}{
		{nil, JSON, true},
		{[]string{"*/*"}, JSON, true},
		{[]string{"application/*;q=0.1"}, JSON, true},
		{[]string{"application/x-protobuf"}, Protobuf, true},
		{[]string{"application/x-protobuf, application/json"}, JSON, true},
		{[]string{"application/x-protobuf", "application/json;q=0.2"}, JSON, true},
		{[]string{"application/json;q=0, application/x-protobuf"}, Protobuf, true},
		{[]string{"text/html"}, 0, false},
		{[]string{"application/json;q=0"}, 0, false},
	} {
		got, ok := Negotiate(row.accept)
		if got != row.want || ok != row.ok {
			t.Errorf("Negotiate(%q): got %v, %v, want %v, %v", strings.Join(row.accept, " | "), got, ok, row.want, row.ok)
		}
	}
}
