package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// resolved asks a name server with dig and returns the answers, sorted.
func resolved(t *testing.T, server, name, kind string) ([]string, error) {
	t.Helper()
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool(t, "dig", "bind9-dnsutils"), "@"+host, "-p", port, "+short", "+tries=1", "+time=2", name, kind).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("dig %s: %w %s", name, err, out)
	}
	lines := strings.Fields(string(out))
	slices.Sort(lines)
	return lines, nil
}

func TestNamesFollowTasks(t *testing.T) {
	t.Parallel()
	own, beside, web := freeAddress(t), freeAddress(t), freeAddress(t)
	a, p := mini(t, "--runtime", "process", "--agents", "2", "--dns-address", own)
	start(t, nil, "gantry", "dns", "--url", a.url, "--dns-address", beside, "--dns-zone", "mesos", "--dns-http-address", web, "--framework-name", "gantry")
	a.must(http.MethodPost, "/v2/apps", shell("/prod/web", "exec sleep 1000", 2, `,"constraints":[["hostname","UNIQUE"]]`), nil)
	settled := func(n int) {
		t.Helper()
		want := []string{}
		for _, task := range a.running("/prod/web", n, 30*time.Second) {
			want = append(want, task.Host)
		}
		slices.Sort(want)
		for server, name := range map[string]string{own: "web-prod.gantry.gantry", beside: "web-prod.gantry.mesos"} {
			eventually(t, 30*time.Second, func() error {
				got, err := resolved(t, server, name, "A")
				if err != nil || !slices.Equal(got, want) {
					return fmt.Errorf("%s is %v (%w), want %v", name, got, err, want)
				}
				return nil
			})
		}
	}
	settled(2)
	a.must(http.MethodPut, "/v2/apps/prod/web", `{"instances": 1}`, nil)
	settled(1)
	if status, body, err := (api{t, "http://" + web}).try(http.MethodGet, "/v1/hosts/web-prod.gantry.mesos", ""); err != nil || status != 200 || !strings.Contains(string(body), `"ip":"127.0.0.`) {
		t.Errorf("over HTTP: %d %v %s", status, err, body)
	}
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }() // so that it ends in order
	if got, err := resolved(t, beside, "web-prod.gantry.mesos", "A"); err != nil || len(got) != 1 {
		t.Errorf("without a scheduler: %v %v", got, err)
	}
}
