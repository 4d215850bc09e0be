package clients

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// gantry returns the path of the program.
func gantry(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("GANTRY_BIN")
	if dir == "" {
		t.Fatal("GANTRY_BIN names no directory with gantry and gantry-executor; run make clients")
	}
	return filepath.Join(dir, "gantry")
}

// tool returns the path of a program that a test needs, or fails with how to get it.
func tool(t *testing.T, name, install string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("this test needs %s: %s", name, install)
	}
	return path
}

// output collects what a process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// start runs a program until the test ends, and shows its output when that fails.
func start(t *testing.T, path string, args ...string) {
	t.Helper()
	cmd, out := exec.Command(path, args...), &output{}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // the test ends it
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) // it may have ended by itself
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Errorf("%s does not end on an interrupt", path)
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-done
		}
		if t.Failed() {
			text := out.String()
			t.Logf("output of %s:\n%s", strings.Join(cmd.Args, " "), text[max(0, len(text)-8000):])
		}
	})
}

// freeAddress returns a loopback address that nobody listens on at the moment, below
// the ports that the kernel gives to connections.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))
		if l, err := net.Listen("tcp", address); err == nil {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// cluster is a running gantry mini.
type cluster struct{ url string }

// newCluster starts gantry mini and waits until it is subscribed.
func newCluster(t *testing.T) cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "gantry-clients")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	address := freeAddress(t)
	start(t, gantry(t), "mini", "--runtime", "process", "--agents", "1", "--agent-cpus", "8", "--agent-mem", "8192", "--http-address", address,
		"--mesos-address", freeAddress(t), "--work-dir", dir, "--log-level", "info")
	c := cluster{url: "http://" + address}
	eventually(t, func() error {
		var info struct{ FrameworkID string }
		if err := c.get(t, "/v2/info", &info); err != nil || info.FrameworkID == "" {
			return fmt.Errorf("framework id %q: %w", info.FrameworkID, err)
		}
		return nil
	})
	return c
}

// do makes a request and returns status and body.
func (c cluster) do(t *testing.T, method, path, body string) (int, []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, []byte(err.Error())
	}
	return resp.StatusCode, data
}

func (c cluster) get(t *testing.T, path string, out any) error {
	t.Helper()
	status, data := c.do(t, http.MethodGet, path, "")
	if status != http.StatusOK {
		return fmt.Errorf("GET %s: %d %s", path, status, data)
	}
	return json.Unmarshal(data, out)
}

// must makes a request that has to succeed.
func (c cluster) must(t *testing.T, method, path, body string) []byte {
	t.Helper()
	status, data := c.do(t, method, path, body)
	if status < 200 || status > 299 {
		t.Fatalf("%s %s: %d %s", method, path, status, data)
	}
	return data
}

// settled waits until no deployment is under way.
func (c cluster) settled(t *testing.T) {
	t.Helper()
	eventually(t, func() error {
		var list []struct{ ID string }
		if err := c.get(t, "/v2/deployments", &list); err != nil || len(list) > 0 {
			return fmt.Errorf("under way: %v %w", list, err)
		}
		return nil
	})
}

// patience is how long anything may take on a machine with other things to do.
const patience = 2 * time.Minute

// eventually waits until check returns nil.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v: %v", patience, err)
		}
		<-tick.C
	}
}

// web is an app that answers HTTP on its port, and has a metric.
const web = `{"id": "/prod/web", "cmd": "echo demo_up 1 > metrics; exec python3 -m http.server $PORT0 --bind $HOST", "instances": 2, "cpus": 0.1, "mem": 32,
  "labels": {"HAPROXY_GROUP": "external", "prometheus": "yes"}, "portDefinitions": [{"port": 0, "name": "http", "protocol": "tcp", "labels": {"metrics": "true"}}],
  "healthChecks": [{"protocol": "HTTP", "path": "/", "portIndex": 0, "gracePeriodSeconds": 60, "intervalSeconds": 1, "timeoutSeconds": 5, "maxConsecutiveFailures": 3}]}`

// unzipped returns the body of an answer that may be compressed.
func unzipped(resp *http.Response) (io.Reader, error) {
	if resp.Header.Get("Content-Encoding") != "gzip" {
		return resp.Body, nil
	}
	return gzip.NewReader(resp.Body)
}
