package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/scheduler/core"
)

func TestKillsShowTellsOfUnhealthyInstances(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v3/kills" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		_, _ = fmt.Fprint(w, `{"held": 0, "unhealthy": [{"appId": "/web", "held": 2}]}`)
	}))
	defer server.Close()
	var out, errOut bytes.Buffer
	code := execute(t.Context(), []string{"kills", "show", "--url", server.URL}, nil, &out, &errOut)
	want := "2 unhealthy instance(s) of /web left until those that replace others are healthy"
	if code != exitDone || !strings.Contains(out.String(), want) {
		t.Errorf("exit code %d: %s%s, want %q", code, &out, &errOut, want)
	}
}

func TestTheShareOfUnhealthyInstancesIsAShare(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{"0": true, "0.25": true, "1": true, "1.1": false, "-0.1": false, "NaN": false, "half": false} {
		d := core.DefaultConfig()
		was := d.UnhealthyShare
		err := (*shareFlag)(&d.UnhealthyShare).Set(text)
		if (err == nil) != ok || !ok && d.UnhealthyShare != was {
			t.Errorf("%s: %v, the share is %v", text, err, d.UnhealthyShare)
		}
	}
}
