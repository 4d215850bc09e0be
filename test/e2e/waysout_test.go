package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
	"github.com/gantry-mesos/gantry/test/certtest"
	"github.com/gantry-mesos/gantry/test/zktest"
)

// A framework that Mesos has removed is told so with the way out, which launches
// everything anew.
func TestARemovedFrameworkBeginsAnewWhenItIsToldTo(t *testing.T) {
	t.Parallel()
	c := cluster(t, nil)
	state, address := t.TempDir(), freeAddress(t)
	args := []string{"--master", c.MasterURL(), "--state-dir", state}
	a, p := scheduling(t, address, args...)
	a.must(http.MethodPost, "/v2/apps", shell("/web", "exec sleep 1000", 1, ""), nil)
	a.running("/web", 1, time.Minute)
	var was, is struct{ FrameworkID string }
	a.must(http.MethodGet, "/v2/info", "", &was)
	res, err := http.PostForm(c.MasterURL()+"/teardown", url.Values{"frameworkId": {was.FrameworkID}})
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("teardown: %v %+v", err, res)
	}
	_ = res.Body.Close() // nothing is read of it
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		t.Fatal("a scheduler whose framework was removed goes on")
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(p.out.String(), "--framework-id-reset") {
		t.Errorf("got exit code %d, want 1 and the flag --framework-id-reset", code)
	}
	a, _ = scheduling(t, address, append(args, "--framework-id-reset")...)
	a.must(http.MethodGet, "/v2/info", "", &is)
	if is.FrameworkID == was.FrameworkID {
		t.Errorf("the framework is %s still", is.FrameworkID)
	}
	a.running("/web", 1, time.Minute)
}

// All that has to do with how a framework is connected, at once: a master that asks for
// credentials, behind TLS, and Mesos' own executor.
func TestASchedulerOfAGuardedMaster(t *testing.T) {
	t.Parallel()
	c := cluster(t, func(cfg *minicluster.Config) {
		cfg.Masters[0].AuthenticateFrameworks = true
		cfg.Masters[0].Credentials = []master.Credential{{Principal: "gantry", Secret: "s3cret"}}
	})
	to, err := url.Parse(c.MasterURL())
	if err != nil {
		t.Fatal(err)
	}
	ca := certtest.New(t)
	proxy := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
	})
	proxy.TLS = serverTLS(t, ca)
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, p := scheduling(t, freeAddress(t), "--master", proxy.URL, "--state-dir", t.TempDir(), "--principal", "gantry", "--secret-file", secret,
		"--mesos-ca-file", ca.File, "--default-executor", "mesos", "--maintenance-mode=false", "--failover-timeout", "2h")
	a.must(http.MethodPost, "/v2/apps", shell("/web", "exec sleep 1000", 1, ""), nil)
	running := a.running("/web", 1, time.Minute)[0]
	var state struct {
		Frameworks []struct {
			Principal       string
			FailoverTimeout float64 `json:"failover_timeout"`
			Tasks           []struct {
				ExecutorID string `json:"executor_id"`
			}
		}
	}
	api{t, c.MasterURL()}.must(http.MethodGet, "/state", "", &state)
	if f := state.Frameworks[0]; f.Principal != "gantry" || f.FailoverTimeout != 7200 || f.Tasks[0].ExecutorID == "gantry-"+running.ID {
		t.Errorf("got framework %+v, want principal gantry, 7200 s and Mesos' own executor", f)
	}
	if strings.Contains(p.out.String(), "s3cret") {
		t.Error("the secret is in the log")
	}
}

// A mini cluster of several masters goes on when the leading one fails, as its admin
// address is told to have it.
func TestAMiniClusterOfSeveralMasters(t *testing.T) {
	t.Parallel()
	admin := freeAddress(t)
	a, p := mini(t, "--runtime", "process", "--masters", "3", "--mesos-zk", "zk://"+zktest.Start(t).Addr()+"/mesos",
		"--admin-address", admin, "--log-format", "json")
	a.must(http.MethodPost, "/v2/apps", shell("/web", "exec sleep 1000", 1, ""), nil)
	before := ids(a.running("/web", 1, time.Minute))
	api{t, "http://" + admin}.must(http.MethodPost, "/admin/failover", "", nil)
	eventually(t, time.Minute, func() error {
		status, body, err := a.try(http.MethodPut, "/v2/apps/web?force=true", `{"instances": 2}`)
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("%d %w %s", status, err, body)
		}
		return nil
	})
	after := ids(a.running("/web", 2, time.Minute))
	for id := range before {
		if !after[id] {
			t.Errorf("task %s is lost", id)
		}
	}
	p.interrupt()
	lines := 0
	for line := range strings.Lines(p.out.String()) {
		if !strings.HasPrefix(line, "{") {
			continue // what is for people
		}
		lines++
		if !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is no JSON: %s", line)
		}
	}
	if lines == 0 {
		t.Error("there is no log")
	}
}
