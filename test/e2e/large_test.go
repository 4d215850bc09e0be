package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/test/zktest"
)

// manyApps is a body that defines n apps without instances, marked by a round.
func manyApps(n int, round string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,{"id": "/many/app-%05d", "cmd": "true", "instances": 0, "labels": {"round": %q}}`, i, round)
	}
	return "[" + b.String()[1:] + "]"
}

// rounds counts the apps by the round that defined them.
func (a api) rounds() map[string]int {
	a.t.Helper()
	var list struct {
		Apps []struct{ Labels map[string]string }
	}
	a.must(http.MethodGet, "/v2/apps", "", &list)
	counts := map[string]int{}
	for _, app := range list.Apps {
		counts[app.Labels["round"]]++
	}
	return counts
}

// One request may change ten thousand apps: all of them or none, also when the
// scheduler is killed meanwhile, whatever it had written by then.
func TestAChangeOfTenThousandAppsIsAllOrNothing(t *testing.T) {
	t.Parallel()
	const apps = 10000
	zk := zktest.Start(t)
	for name, state := range map[string][]string{
		"bolt":      {"--state-dir", t.TempDir()},
		"zookeeper": {"--zk", "zk://" + zk.Addr() + "/gantry"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t, nil)
			address := freeAddress(t)
			args := append([]string{"--master", c.MasterURL()}, state...)
			a, p := scheduling(t, address, args...)
			had := ""
			for n, ms := range []int{100, 300, 600, 1000} {
				round := strconv.Itoa(n)
				ctx, stop := context.WithCancel(t.Context())
				answered := make(chan bool, 1)
				go func() { answered <- a.put(ctx, manyApps(apps, round)) }()
				time.AfterFunc(time.Duration(ms)*time.Millisecond, func() { _ = p.cmd.Process.Kill() }) // it may be over already
				<-p.done
				stop()
				accepted := <-answered
				a, p = scheduling(t, address, args...)
				counts := a.rounds()
				switch is := counts[round]; {
				case is == apps && len(counts) == 1:
					had = round
				case accepted || is > 0 || counts[had] != apps && had != "" || len(counts) > 1:
					t.Fatalf("killed after %d ms, answered %v: apps by round are %v; want all of round %q or all of %q", ms, accepted, counts, had, round)
				}
			}
			a.must(http.MethodPut, "/v2/apps", manyApps(apps, "last"), nil)
			if counts := a.rounds(); counts["last"] != apps || len(counts) != 1 {
				t.Errorf("apps by round are %v, want all of the last one", counts)
			}
		})
	}
}

// put reports whether a change of many apps was answered with success.
func (a api) put(ctx context.Context, body string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, a.url+"/v2/apps", strings.NewReader(body))
	if err != nil {
		a.t.Error(err)
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false // killed
	}
	defer func() { _ = res.Body.Close() }()
	return res.StatusCode < 300
}

// A definition that no record can hold is refused, and the scheduler goes on; so
// does a body that is too large.
func TestWhatIsTooLargeIsRefusedAndTheTermGoesOn(t *testing.T) {
	t.Parallel()
	a, p := mini(t, "--runtime", "process", "--agents", "1")
	a.must(http.MethodPut, "/v2/apps", manyApps(800, "small"), nil)
	var variables strings.Builder
	for n := range 50 {
		fmt.Fprintf(&variables, `"A%d": "%s",`, n, strings.Repeat("x", 10<<10))
	}
	for _, row := range []struct {
		name, body string
		status     int
		where      string
		limit      string
	}{
		{"cmd", `{"id": "/big", "cmd": "` + strings.Repeat("x", 500<<10) + `"}`, http.StatusUnprocessableEntity, "/cmd", "up to 131071 bytes"},
		{"variable", `{"id": "/big", "cmd": "true", "env": {"A": "` + strings.Repeat("x", 500<<10) + `"}}`, http.StatusUnprocessableEntity, "/env/A", "up to 131071 bytes"},
		{"env", `{"id": "/big", "cmd": "true", "env": {` + strings.TrimSuffix(variables.String(), ",") + `}}`, http.StatusUnprocessableEntity, "/env", "the limit is 458752"},
		{"label", `{"id": "/big", "cmd": "true", "labels": {"a": "` + strings.Repeat("x", 500<<10) + `"}}`, http.StatusUnprocessableEntity, "/labels", "the limit is 458752"},
		{"body", `{"id": "/big", "cmd": "` + strings.Repeat("x", 17<<20) + `"}`, http.StatusRequestEntityTooLarge, "", ""},
	} {
		status, data, err := a.try(http.MethodPut, "/v2/apps/big", row.body)
		if err != nil || status != row.status {
			t.Errorf("%s: got %d %v %.300s, want %d", row.name, status, err, data, row.status)
			continue
		}
		var answer struct {
			Details []struct {
				Path   string
				Errors []string
			}
		}
		if err := json.Unmarshal(data, &answer); err != nil {
			t.Fatal(err)
		}
		if row.where != "" && (len(answer.Details) != 1 || answer.Details[0].Path != row.where || !strings.Contains(answer.Details[0].Errors[0], row.limit)) {
			t.Errorf("%s: got %s, want path %s and the limit", row.name, data, row.where)
		}
	}
	if status, _, _ := a.try(http.MethodGet, "/v2/apps/big", ""); status != http.StatusNotFound {
		t.Errorf("/big: got %d, want it refused", status)
	}
	a.must(http.MethodPost, "/v2/apps", shell("/small", "exec sleep 1000", 1, ""), nil)
	a.running("/small", 1, time.Minute)
	if out := p.out.String(); strings.Contains(out, "starting again from the store") {
		t.Errorf("the term ended:\n%s", tail(out, 3000))
	}
}
