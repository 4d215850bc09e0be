package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/test/zktest"
)

// send makes a request as a web page in a browser, or a client, would.
func send(t *testing.T, method, url, body, host string, header ...string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	for n := 0; n+1 < len(header); n += 2 {
		req.Header.Set(header[n], header[n+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// A page that somebody opens must not run commands here, nor read what runs.
func TestWebPagesCannotUseTheAPI(t *testing.T) {
	t.Parallel()
	a, p := mini(t, "--runtime", "process", "--agents", "1", "--http-allowed-host", "gantry.example", "--http-allowed-origin", "https://panel.example")
	_, admin, _ := strings.Cut(p.out.String(), "faults    ")
	admin, _, _ = strings.Cut(admin, "/admin")
	app := shell("/evil", "touch /tmp/never", 1, "")
	for _, row := range []struct {
		name, method, url, body, host string
		header                        []string
		want                          int
	}{
		{"text", "POST", a.url + "/v2/apps", app, "", []string{"Content-Type", "text/plain"}, 415},
		{"a form", "POST", a.url + "/v2/apps", app, "", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		{"a foreign origin", "POST", a.url + "/v2/apps", app, "", []string{"Content-Type", "application/json", "Origin", "https://evil.example"}, 403},
		{"a foreign host", "POST", a.url + "/v2/apps", app, "evil.example", []string{"Content-Type", "application/json"}, 403},
		{"a foreign host that reads", "GET", a.url + "/v2/apps", "", "evil.example", nil, 403},
		{"a deletion by a page", "DELETE", a.url + "/v2/apps/evil", "", "", []string{"Origin", "https://evil.example"}, 403},
		{"a fault by a page", "POST", admin + "/admin/failover", "", "", []string{"Origin", "https://evil.example"}, 403},
		{"a fault by another name", "POST", admin + "/admin/failover", "", "evil.example", nil, 403},
		{"an allowed page by an allowed name", "DELETE", a.url + "/v2/apps/none", "", "gantry.example", []string{"Origin", "https://panel.example"}, 404},
		{"a client", "POST", a.url + "/v2/apps", shell("/good", "exec sleep 1000", 1, ""), "", []string{"Content-Type", "application/json"}, 201},
	} {
		got, body := send(t, row.method, row.url, row.body, row.host, row.header...)
		var refusal struct{ Message string }
		if err := json.Unmarshal([]byte(body), &refusal); got != row.want || err != nil || got >= 400 && refusal.Message == "" {
			t.Errorf("%s: got %d %s (%v), want %d with a message", row.name, got, body, err, row.want)
		}
	}
	if status, _, _ := a.try(http.MethodGet, "/v2/apps/evil", ""); status != http.StatusNotFound {
		t.Errorf("/evil: got %d, want it never made", status)
	}
}

func TestTheAPIAsksForCredentials(t *testing.T) {
	t.Parallel()
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("# the team\nops:s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := cluster(t, nil)
	address := freeAddress(t)
	p := start(t, nil, "gantry", "scheduler", "--master", c.MasterURL(), "--state-dir", t.TempDir(), "--http-address", address, "--http-credentials-file", users,
		"--http-allowed-origin", "https://panel.example", "--http-allowed-host", "gantry.example")
	a := api{t, "http://ops:s3cret@" + address}
	a.ready()
	for _, row := range []struct {
		url  string
		want int
	}{
		{"http://" + address + "/v2/apps", 401}, {"http://ops:wrong@" + address + "/v2/apps", 401}, {"http://nobody:s3cret@" + address + "/v2/apps", 401},
		{"http://" + address + "/metrics", 401}, {"http://" + address + "/ping", 200}, {"http://" + address + "/artifacts/gantry-executor", 200},
		{a.url + "/v2/apps", 200},
	} {
		if got, _ := send(t, http.MethodGet, row.url, "", ""); got != row.want {
			t.Errorf("GET %s: got %d, want %d", row.url, got, row.want)
		}
	}
	if got, body := send(t, http.MethodDelete, a.url+"/v2/apps/none", "", "gantry.example", "Origin", "https://panel.example"); got != http.StatusNotFound {
		t.Errorf("an allowed page by an allowed name: got %d %s, want 404", got, body)
	}
	a.must(http.MethodPost, "/v2/apps", shell("/web", "exec sleep 1000", 1, ""), nil)
	a.running("/web", 1, time.Minute) // agents fetch the executor without credentials
	several := filepath.Join(t.TempDir(), "several")
	if err := os.WriteFile(several, []byte("ops:s3cret\ndev:s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		flags []string
		want  int
	}{
		{[]string{"--url", "http://" + address}, 1},
		{[]string{"--url", a.url}, 0},
		{[]string{"--url", "http://" + address, "--credentials-file", users}, 0},
		{[]string{"--url", "http://ops:wrong@" + address, "--credentials-file", users}, 0},
		{[]string{"--url", "http://" + address, "--credentials-file", several}, 2},
		{[]string{"--url", "http://" + address, "--credentials-file", several + ".none"}, 2},
	} {
		cmd := exec.Command(filepath.Join(bin, "gantry"), append(row.flags, "app", "list")...)
		out, _ := cmd.CombinedOutput() // the exit code is checked below
		if got := cmd.ProcessState.ExitCode(); got != row.want || strings.Contains(string(out), "s3cret") {
			t.Errorf("gantry %s: exit code %d, want %d and no password\n%s", strings.Join(row.flags, " "), got, row.want, out)
		}
	}
	var state struct {
		Frameworks []struct {
			Hostname string
			WebUIURL string `json:"webui_url"`
		}
	}
	api{t, "http://" + c.MasterAddr(c.Leader())}.must(http.MethodGet, "/state", "", &state)
	if f := state.Frameworks[0]; f.Hostname == "" || f.WebUIURL != "http://"+address {
		t.Errorf("Mesos shows the framework at %q with the page %q", f.Hostname, f.WebUIURL)
	}
	if strings.Contains(p.out.String(), "s3cret") {
		t.Error("the password is in the log")
	}
}

func TestASchedulerThatAnybodyCanReachSaysSo(t *testing.T) {
	t.Parallel()
	c := cluster(t, nil)
	_, port, _ := strings.Cut(freeAddress(t), ":")
	p := start(t, nil, "gantry", "scheduler", "--master", c.MasterURL(), "--state-dir", t.TempDir(), "--http-address", "0.0.0.0:"+port, "--hostname", "localhost")
	a := api{t, "http://127.0.0.1:" + port}
	a.ready()
	for host, want := range map[string]int{"evil.example": 403, "10.0.0.7:8080": 200, "localhost": 200, "gantry-1": 200} {
		if got, body := send(t, http.MethodGet, a.url+"/v2/apps", "", host); got != want {
			t.Errorf("Host %s: got %d %s, want %d", host, got, body, want)
		}
	}
	if out := p.out.String(); !strings.Contains(out, "ANYBODY") || !strings.Contains(out, "--http-credentials-file") {
		t.Errorf("no warning:\n%s", out)
	}
}

// DELETE /v2/leader hands over to the scheduler that waits, and the tasks go on.
func TestALeaderHandsOver(t *testing.T) {
	t.Parallel()
	zk := zktest.Start(t)
	c := cluster(t, nil)
	args := []string{"--master", c.MasterURL(), "--zk", "zk://" + zk.Addr() + "/gantry"}
	first, _ := scheduling(t, freeAddress(t), args...)
	first.must(http.MethodPost, "/v2/apps", shell("/web", "exec sleep 1000", 2, ""), nil)
	before := ids(first.running("/web", 2, time.Minute))
	second, _ := scheduling(t, freeAddress(t), args...)
	var was struct{ Leader string }
	first.must(http.MethodGet, "/v2/leader", "", &was)
	var answer struct{ Message string }
	second.must(http.MethodDelete, "/v2/leader", "", &answer) // forwarded to the leader
	if answer.Message != "Leadership abdicated" {
		t.Errorf("got %q", answer.Message)
	}
	eventually(t, time.Minute, func() error {
		var is struct{ Leader string }
		status, data, err := first.try(http.MethodGet, "/v2/leader", "")
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("GET /v2/leader: %d %w %s", status, err, data)
		}
		first.must(http.MethodGet, "/v2/leader", "", &is)
		if is.Leader == was.Leader {
			return fmt.Errorf("%s still leads", is.Leader)
		}
		return nil
	})
	first.ready()
	for id := range ids(first.running("/web", 2, time.Minute)) {
		if !before[id] {
			t.Errorf("task %s is new", id)
		}
	}
	alone, _ := scheduling(t, freeAddress(t), "--master", cluster(t, nil).MasterURL(), "--state-dir", t.TempDir())
	if status, data, _ := alone.try(http.MethodDelete, "/v2/leader", ""); status != http.StatusConflict {
		t.Errorf("a scheduler that runs alone: got %d %s, want 409", status, data)
	}
}
