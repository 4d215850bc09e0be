package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
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

	"github.com/chromedp/chromedp"
)

// patience bounds every wait: only a broken page takes so long, however busy the machine is.
const patience = 60 * time.Second

// bin is the directory with the programs; newTab opens a tab of the one browser of
// all tests.
var (
	bin    string
	newTab func(options ...chromedp.ContextOption) (context.Context, context.CancelFunc)
)

func TestMain(m *testing.M) {
	code, err := prepare(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func prepare(m *testing.M) (int, error) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		return 1, fmt.Errorf("these tests need a browser: %w. Install it with: apt-get install chromium (scripts/setup.sh does)", err)
	}
	bin = os.Getenv("GANTRY_BIN")
	if bin == "" {
		dir, err := os.MkdirTemp("", "gantry-ui-bin")
		if err != nil {
			return 1, err
		}
		defer func() { _ = os.RemoveAll(dir) }() // what is left does no harm
		bin = dir
		for _, program := range []string{"gantry", "gantry-executor"} {
			cmd := exec.Command("go", "build", "-o", filepath.Join(bin, program), "../../cmd/"+program)
			cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
			if out, err := cmd.CombinedOutput(); err != nil {
				return 1, fmt.Errorf("build %s: %w\n%s", program, err, out)
			}
		}
	}
	stop, err := launch(chromium)
	if err != nil {
		return 1, err
	}
	defer stop()
	return m.Run(), nil
}

// launch starts the browser, until stop is called.
func launch(chromium string) (stop func(), err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("force-color-profile", "srgb"), chromedp.WSURLReadTimeout(patience))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	stop = func() {
		cancel()
		stopAllocator()
	}
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, fmt.Errorf("start chromium: %w", err)
	}
	newTab = func(options ...chromedp.ContextOption) (context.Context, context.CancelFunc) {
		return chromedp.NewContext(ctx, options...)
	}
	return stop, nil
}

// program is a running process of ours.
type program struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *lockedBuffer
	done chan struct{}
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// start runs gantry until the test ends; its output is shown when the test fails.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: exec.Command(filepath.Join(bin, "gantry"), args...), out: &lockedBuffer{}, done: make(chan struct{})}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // how it ended is in ProcessState
	}()
	t.Cleanup(func() {
		p.stop()
		if out := p.out.String(); t.Failed() && out != "" {
			t.Logf("output of %s:\n%s", strings.Join(p.cmd.Args, " "), out[max(0, len(out)-6000):])
		}
	})
	return p
}

// stop ends the program as Ctrl-C does.
func (p *program) stop() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGINT) // it may have ended by itself
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Errorf("%s does not end on an interrupt", p.cmd.Path)
		_ = p.cmd.Process.Kill() // likewise
		<-p.done
	}
}

// kill ends the program at once; what it has started stays.
func (p *program) kill() {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	<-p.done
}

// freeAddress returns a loopback address that nobody listens on at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	for port := 20000 + os.Getpid()%5000; port < 32000; port++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if _, taken := handedOut.LoadOrStore(port, true); !taken {
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free below 32000")
	return ""
}

// handedOut are the ports that tests have got.
var handedOut sync.Map

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

// gantry is a scheduler's HTTP API.
type gantry struct {
	t   *testing.T
	url string
}

// mini starts "gantry mini" without Docker on free ports.
func mini(t *testing.T, args ...string) (gantry, *program) {
	t.Helper()
	g, p := miniAt(t, freeAddress(t), args...)
	return g, p
}

func miniAt(t *testing.T, address string, args ...string) (gantry, *program) {
	t.Helper()
	all := append([]string{"mini", "--runtime", "process", "--http-address", address, "--mesos-address", freeAddress(t), "--log-level", "info"}, args...)
	if !strings.Contains(strings.Join(args, " "), "--work-dir") {
		all = append(all, "--work-dir", workDir(t))
	}
	p := start(t, all...)
	g := gantry{t, "http://" + address}
	g.ready()
	return g, p
}

// workDir is a temporary directory that may hold files of other users' processes.
func workDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gantry-ui")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // an executor may write there for a moment longer
	return dir
}

func (g gantry) try(method, path, body string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, g.url+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return res.StatusCode, data, err
}

// must sends a request that has to be accepted.
func (g gantry) must(method, path, body string) {
	g.t.Helper()
	if status, data, err := g.try(method, path, body); err != nil || status >= 300 {
		g.t.Fatalf("%s %s: %d %v %s", method, path, status, err, data)
	}
}

// ready waits until the API answers, the framework is subscribed and all agents are there.
func (g gantry) ready() {
	g.t.Helper()
	eventually(g.t, func() error {
		var status struct{ Master *struct{} }
		code, data, err := g.try(http.MethodGet, "/v3/status", "")
		if err != nil || code != http.StatusOK {
			return fmt.Errorf("/v3/status: %d %w", code, err)
		}
		if err := json.Unmarshal(data, &status); err != nil || status.Master == nil {
			return fmt.Errorf("no master in %s", data)
		}
		return nil
	})
}

// app is what the API tells of an App.
type app struct {
	Instances, TasksRunning int
	Tasks                   []struct{ ID, SlaveID string }
	Deployments             []struct{ ID string }
	Version                 string
}

// settled waits until n tasks of an App run and no deployment holds it.
func (g gantry) settled(id string, n int) (a app) {
	g.t.Helper()
	eventually(g.t, func() error {
		status, data, err := g.try(http.MethodGet, "/v2/apps"+id, "")
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("%s: %d %w", id, status, err)
		}
		var r struct{ App app }
		if err := json.Unmarshal(data, &r); err != nil {
			return err
		}
		if a = r.App; a.TasksRunning != n || len(a.Tasks) != n || len(a.Deployments) > 0 {
			return fmt.Errorf("%s: %d of %d tasks run, want %d; %d deployments", id, a.TasksRunning, len(a.Tasks), n, len(a.Deployments))
		}
		return nil
	})
	return a
}

// notVersion fails while /shop/web has a version.
func notVersion(g gantry, version string) error {
	_, data, err := g.try(http.MethodGet, "/v2/apps/shop/web", "")
	if err != nil || strings.Contains(string(data), `"version":"`+version+`","versionInfo"`) {
		return fmt.Errorf("it still has version %s: %w", version, err)
	}
	return nil
}

// notTask fails while /shop/web has a task.
func notTask(g gantry, id string) error {
	_, data, err := g.try(http.MethodGet, "/v2/apps/shop/web", "")
	if err != nil || strings.Contains(string(data), `"`+id+`"`) {
		return fmt.Errorf("task %s is still there: %w", id, err)
	}
	return nil
}
