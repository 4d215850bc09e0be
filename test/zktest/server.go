// Package zktest starts real ZooKeeper servers for tests and breaks them on demand.
package zktest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	mainClass  = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
	installZK  = "apt-get install zookeeper"
	readyMax   = 60 * time.Second
	readyEvery = 30 * time.Millisecond
	probeMax   = 2 * time.Second
	// heapSmall is enough for tests, of which several run at once.
	heapSmall = 64
)

// jars are the class path of a ZooKeeper server without its client tools.
var jars = []string{"zookeeper.jar", "zookeeper-jute.jar", "slf4j-api.jar", "slf4j-simple.jar"}

// jarDirs are the places where distributions put the jars.
var jarDirs = []string{"/usr/share/java", "/usr/share/zookeeper/lib", "/opt/zookeeper/lib"}

// TB is what a server needs of its test; every testing.TB is one. A program that
// is no test brings its own.
type TB interface {
	Helper()
	// TempDir returns a new directory that lasts until the Cleanups have run.
	TempDir() string
	// Cleanup has f called at the end, the last one first.
	Cleanup(f func())
	// Fatal and Fatalf say what is wrong and end the test.
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// Server is one ZooKeeper server process on 127.0.0.1. It is stopped when the test ends.
type Server struct {
	t    TB
	dir  string
	port int
	id   int // number within an ensemble, 0 for a server of its own
	heap int // of its Java machine, in MiB

	mu  sync.Mutex
	cmd *exec.Cmd
	end chan struct{} // closed when cmd has ended
}

// Start runs a single server and returns once it answers. It fails the test, naming the command that
// installs ZooKeeper, when there is none on this machine.
func Start(tb TB) *Server {
	tb.Helper()
	return StartWithHeap(tb, heapSmall)
}

// StartWithHeap is Start for more data than a test has; heap is in MiB.
func StartWithHeap(tb TB, heap int) *Server {
	tb.Helper()
	s := &Server{t: tb, dir: tb.TempDir(), port: freePorts(tb, 1)[0], heap: heap}
	s.writeConfig("")
	tb.Cleanup(s.Stop)
	s.Start()
	return s
}

// Addr is the host:port that clients connect to; it stays the same over restarts.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Port is the client port of Addr.
func (s *Server) Port() int { return s.port }

// Start runs the server again after Stop, with the data it had, and returns once it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.launch()
	s.waitReady()
}

// Stop kills the server with SIGKILL and waits for its end. Its data stay. It does nothing to a stopped server.
func (s *Server) Stop() {
	s.mu.Lock()
	cmd, end := s.cmd, s.end
	s.cmd = nil
	s.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Kill()
	<-end
}

// Freeze stops the server with SIGSTOP: connections stay open and nothing is answered.
func (s *Server) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw lets a frozen server go on. Sessions that timed out meanwhile get the server's usual grace.
func (s *Server) Thaw() { s.signal(syscall.SIGCONT) }

// Log is what the server has written so far, for a failing test's output.
func (s *Server) Log() string {
	b, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	s.mu.Lock()
	cmd := s.cmd
	s.mu.Unlock()
	if cmd == nil {
		s.t.Fatalf("zookeeper %s: signal %v: not running; call Start first", s.Addr(), sig)
		return
	}
	if err := cmd.Process.Signal(sig); err != nil {
		s.t.Fatalf("zookeeper %s: signal %v: %v", s.Addr(), sig, err)
	}
}

// writeConfig writes zoo.cfg; ensemble holds the lines server.N=... and is empty for a single server.
func (s *Server) writeConfig(ensemble string) {
	s.t.Helper()
	data := filepath.Join(s.dir, "data")
	if err := os.MkdirAll(data, 0o755); err != nil {
		s.t.Fatal(err)
	}
	// A short tick lets a test choose short session timeouts; they are rounded up to whole ticks.
	cfg := "tickTime=200\ninitLimit=100\nsyncLimit=50\nminSessionTimeout=400\nmaxSessionTimeout=120000\n" +
		"admin.enableServer=false\n4lw.commands.whitelist=*\nmaxClientCnxns=0\n" +
		"clientPortAddress=127.0.0.1\nclientPort=" + strconv.Itoa(s.port) + "\ndataDir=" + data + "\n" + ensemble
	if err := os.WriteFile(s.configFile(), []byte(cfg), 0o644); err != nil {
		s.t.Fatal(err)
	}
	if s.id > 0 {
		if err := os.WriteFile(filepath.Join(data, "myid"), []byte(strconv.Itoa(s.id)), 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *Server) configFile() string { return filepath.Join(s.dir, "zoo.cfg") }

func (s *Server) launch() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil {
		s.t.Fatalf("zookeeper %s: already running; call Stop first", s.Addr())
		return
	}
	java, err := exec.LookPath("java")
	if err != nil {
		s.t.Fatalf("java is missing: %s", installZK)
	}
	out, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	cmd := exec.Command(java, fmt.Sprintf("-Xmx%dm", s.heap), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto",
		"-Dzookeeper.jmx.log4j.disable=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
		"-Dzookeeper.forceSync=no", "-Dzookeeper.preAllocSize=64",
		"-cp", classPath(s.t), mainClass, s.configFile())
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("start zookeeper: %v", err)
	}
	end := make(chan struct{})
	s.cmd, s.end = cmd, end
	go func() {
		_ = cmd.Wait()
		close(end)
	}()
}

// waitReady returns once the server serves clients, which in an ensemble needs a quorum.
func (s *Server) waitReady() {
	s.t.Helper()
	s.mu.Lock()
	end := s.end
	s.mu.Unlock()
	deadline := time.After(readyMax)
	tick := time.NewTicker(readyEvery)
	defer tick.Stop()
	for s.Mode() == "" {
		select {
		case <-end:
			s.t.Fatalf("zookeeper %s ended while starting:\n%s", s.Addr(), s.Log())
		case <-deadline:
			s.t.Fatalf("zookeeper %s does not answer after %v:\n%s", s.Addr(), readyMax, s.Log())
		case <-tick.C:
		}
	}
}

// Mode is what the server says of itself: "standalone", "leader" or "follower"; empty while it serves nobody.
func (s *Server) Mode() string {
	conn, err := net.DialTimeout("tcp", s.Addr(), probeMax)
	if err != nil {
		return ""
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(probeMax))
	if _, err := conn.Write([]byte("srvr")); err != nil {
		return ""
	}
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(conn); err != nil {
		return ""
	}
	for line := range strings.Lines(answer.String()) {
		if mode, ok := strings.CutPrefix(line, "Mode: "); ok {
			return strings.TrimSpace(mode)
		}
	}
	return ""
}

func classPath(tb TB) string {
	tb.Helper()
	for _, dir := range jarDirs {
		if _, err := os.Stat(filepath.Join(dir, "zookeeper.jar")); err != nil {
			continue
		}
		var path []string
		for _, jar := range jars {
			path = append(path, filepath.Join(dir, jar))
		}
		return strings.Join(path, ":")
	}
	tb.Fatalf("zookeeper.jar is not in any of %v: %s", jarDirs, installZK)
	return ""
}

// freePorts returns n ports that nobody listened on a moment ago, all different.
func freePorts(tb TB, n int) []int {
	tb.Helper()
	ports := make([]int, 0, n)
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(fmt.Errorf("find a free port: %w", err))
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
