package codec

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
)

func TestReadCall(t *testing.T) {
	t.Parallel()
	const call = `{"type":"REVIVE","framework_id":{"value":"f"}}`
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte(call)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	wire, err := Protobuf.Marshal(&scheduler.Call{Type: scheduler.Call_REVIVE, FrameworkID: &mesos.FrameworkID{Value: "f"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		header http.Header
		body   string
		status int
		text   string
	}{
		"JSON":            {http.Header{"Content-Type": {MediaTypeJSON}}, call, 0, ""},
		"protobuf":        {http.Header{"Content-Type": {MediaTypeProtobuf}}, string(wire), 0, ""},
		"gzip":            {http.Header{"Content-Type": {MediaTypeJSON}, "Content-Encoding": {"gzip"}}, zipped.String(), 0, ""},
		"bad gzip":        {http.Header{"Content-Type": {MediaTypeJSON}, "Content-Encoding": {"gzip"}}, call, 400, "Failed to read body"},
		"no content type": {http.Header{}, call, 400, "Expecting 'Content-Type' to be present"},
		"charset":         {http.Header{"Content-Type": {"application/json; charset=utf-8"}}, call, 415, "application/x-protobuf"},
		"upper case":      {http.Header{"Content-Type": {"Application/JSON"}}, call, 415, ""},
		"empty JSON":      {http.Header{"Content-Type": {MediaTypeJSON}}, "", 400, "Failed to parse body into JSON: syntax error at line 1 near: "},
		"bad protobuf":    {http.Header{"Content-Type": {MediaTypeProtobuf}}, "{", 400, "Failed to parse body into Call protobuf"},
		"bad base64": {
			http.Header{"Content-Type": {MediaTypeJSON}}, `{"acknowledge":{"agent_id":{"value":"a"},"task_id":{"value":"t"},"uuid":"no b!"}}`,
			400, "Failed to base64 decode bytes field 'uuid': Invalid character '!'",
		},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(row.body))
		r.Header = row.header
		var got scheduler.Call
		_, _, refusal := ReadCall(r, &got)
		switch {
		case row.status == 0 && (refusal != nil || got.Type != scheduler.Call_REVIVE || got.FrameworkID.GetValue() != "f"):
			t.Errorf("%s: got %v, %v", name, got, refusal)
		case row.status != 0 && (refusal == nil || refusal.Status != row.status || !strings.Contains(refusal.Text, row.text)):
			t.Errorf("%s: got %v, want %d %q", name, refusal, row.status, row.text)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	shell, source := false, "a\"b"
	got := Text(&mesos.ExecutorInfo{
		Type: mesos.ExecutorInfo_CUSTOM, ExecutorID: mesos.ExecutorID{Value: "e"}, Data: []byte{0, 'x', 0xff},
		Command: &mesos.CommandInfo{Shell: &shell, Arguments: []string{"x", "y"}}, Source: &source,
		Resources: []mesos.Resource{{Name: "cpus", Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: 0.5}}},
	})
	want := `executor_id {
  value: "e"
}
data: "\000x\377"
resources {
  name: "cpus"
  type: SCALAR
  scalar {
    value: 0.5
  }
}
command {
  shell: false
  arguments: "x"
  arguments: "y"
}
source: "a\"b"
type: CUSTOM
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
