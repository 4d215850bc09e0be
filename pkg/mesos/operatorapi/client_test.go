package operatorapi_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/pkg/mesos/operatorapi"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// answering is a master or agent with one answer; asked receives the calls.
func answering(t *testing.T, status int, body string) (c *operatorapi.Client, address string, asked chan map[string]any) {
	t.Helper()
	asked = make(chan map[string]any, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var call map[string]any
		if err := json.NewDecoder(r.Body).Decode(&call); err != nil {
			t.Error(err)
		}
		if user, secret, _ := r.BasicAuth(); user != "me" || secret != "it is" {
			t.Errorf("got credentials %q, %q", user, secret)
		}
		asked <- call
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // the client tells if it gets nothing
	}))
	t.Cleanup(server.Close)
	client := operatorapi.New(server.Client().Transport, httptransport.Credentials{Principal: "me", Secret: "it is"})
	return client, strings.TrimPrefix(server.URL, "http://"), asked
}

func TestAgentsAreReadAsAMasterWritesThem(t *testing.T) {
	t.Parallel()
	c, master, _ := answering(t, http.StatusOK, `{"type": "GET_AGENTS", "get_agents": {"agents": [{
	  "agent_info": {"hostname": "h1", "port": 5051, "id": {"value": "S0"}, "domain": {"fault_domain": {"region": {"name": "r"}, "zone": {"name": "z"}}}},
	  "active": false, "deactivated": true, "version": "1.12.0", "pid": "slave(1)@10.0.0.7:5051", "registered_time": {"nanoseconds": 1000000000},
	  "total_resources": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 4.0}}, {"name": "ports", "type": "RANGES", "ranges": {"range": [{"begin": 1, "end": 2}]}}],
	  "allocated_resources": [{"name": "cpus", "scalar": {"value": 0.1}}, {"name": "cpus", "scalar": {"value": 0.2}, "role": "x"}],
	  "drain_info": {"state": "DRAINING", "config": {"mark_gone": true}}}], "recovered_agents": []}}`)
	got, err := c.Agents(t.Context(), master)
	if err != nil {
		t.Fatal(err)
	}
	want := []operatorapi.Agent{{
		ID: "S0", Hostname: "h1", Address: "10.0.0.7:5051", Version: "1.12.0", Deactivated: true, Drain: operatorapi.Draining, MarkGone: true,
		Total: resource.Vector{CPUs: 4000}, Allocated: resource.Vector{CPUs: 300}, Registered: time.Unix(1, 0).UTC(),
	}}
	want[0].Domain.Region, want[0].Domain.Zone = "r", "z"
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("agents (-want +got):\n%s", d)
	}
}

func TestDrainSendsTheGracePeriodInParts(t *testing.T) {
	t.Parallel()
	c, master, asked := answering(t, http.StatusOK, "")
	grace := 1500 * time.Millisecond
	if err := c.DrainAgent(t.Context(), master, "S0", &grace, true); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"type": "DRAIN_AGENT", "drain_agent": map[string]any{
		"agent_id": map[string]any{"value": "S0"}, "mark_gone": true, "max_grace_period": map[string]any{"seconds": 1.0, "nanos": 5e8},
	}}
	if d := cmp.Diff(want, <-asked); d != "" {
		t.Errorf("call (-want +got):\n%s", d)
	}
}

func TestRefusalsAreToldApart(t *testing.T) {
	t.Parallel()
	for status, matches := range map[int]func(error) bool{
		http.StatusNotFound:     func(err error) bool { return errors.Is(err, operatorapi.ErrNotFound) },
		http.StatusForbidden:    func(err error) bool { return errors.Is(err, operatorapi.ErrDenied) },
		http.StatusUnauthorized: func(err error) bool { return errors.Is(err, operatorapi.ErrDenied) },
		http.StatusBadRequest: func(err error) bool {
			refused, ok := errors.AsType[*operatorapi.RefusedError](err)
			return ok && refused.Status == http.StatusBadRequest && refused.Text == "because"
		},
	} {
		c, agent, _ := answering(t, status, "because\n")
		_, err := c.ReadFile(t.Context(), agent, "/file", 7)
		if !matches(err) {
			t.Errorf("%d: got %v", status, err)
		}
		if _, err := c.ListFiles(t.Context(), agent, "/"); !matches(err) {
			t.Errorf("%d: got %v", status, err)
		}
		if err := c.MarkAgentGone(t.Context(), agent, "S0"); !matches(err) {
			t.Errorf("%d: got %v", status, err)
		}
	}
}

func TestAPieceOfAFileIsDecoded(t *testing.T) {
	t.Parallel()
	c, agent, asked := answering(t, http.StatusOK, `{"type": "READ_FILE", "read_file": {"size": 10, "data": "aGVsbG8="}}`)
	got, err := c.ReadFile(t.Context(), agent, "/file", 5)
	if err != nil || got.Size != 10 || string(got.Data) != "hello" {
		t.Errorf("got %+v, %v", got, err)
	}
	if d := cmp.Diff(map[string]any{"type": "READ_FILE", "read_file": map[string]any{"path": "/file", "offset": 5.0}}, <-asked); d != "" {
		t.Errorf("call (-want +got):\n%s", d)
	}
}
