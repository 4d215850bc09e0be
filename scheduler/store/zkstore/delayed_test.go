package zkstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/zkstore"
	"github.com/gantry-mesos/gantry/test/zktest"
)

// testFrozenConnection has a write stay in the network while another owner comes: the
// session of the old one lasts, so that the write arrives in the end.
func testFrozenConnection(t *testing.T, server *zktest.Server) {
	t.Helper()
	b, proxy, s := proxied(t, server)
	mustAppend(t, s, put("a", "1")...)
	proxy.Stall()
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Append(callContext(t), put("a", "delayed")); !errors.Is(err, store.ErrNotLeader) {
			t.Errorf("Append = %v, want ErrNotLeader", err)
		}
	})
	next := b.openVia(t, server.Addr())
	mustAppend(t, next, put("a", "2")...)
	proxy.Heal()
	wg.Wait()
	wantRecords(t, next, map[string]string{"a": "2"})
}

// writerVariable makes the test's own program a writer, with the server's address in it.
const writerVariable = "GANTRY_TEST_ZKSTORE_WRITER"

// writerTimeout is the writer's session.
const writerTimeout = 2 * time.Second

// writeLines owns the state for as long as its session lasts, and writes each line that
// it reads. It answers each with a line.
func writeLines(addr, path string) error {
	ctx := context.Background()
	u := zkurl.URL{Hosts: []string{addr}, Path: path}
	s, err := zkconn.Open(zkconn.Config{URL: u, Timeout: writerTimeout})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.EnsurePath(ctx, u.Join("election")); err != nil {
		return err
	}
	node, err := s.Create(ctx, u.Join("election", "writer"), nil, zk.FlagEphemeral)
	if err != nil {
		return err
	}
	st, err := zkstore.Open(ctx, zkstore.Config{Session: s, Path: path, Node: node})
	if err != nil {
		return err
	}
	defer st.Close()
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		err := st.Append(ctx, []store.Change{{Key: "a", Value: in.Bytes()}})
		fmt.Println(map[bool]string{true: "not the leader", false: fmt.Sprint(err)}[errors.Is(err, store.ErrNotLeader)])
	}
	return nil
}

// testStoppedProcess stops the owner's process before a write, lets another one take
// over, and has the first go on.
func testStoppedProcess(t *testing.T, server *zktest.Server) {
	t.Helper()
	b := newBackend(t, server.Addr(), zkstore.Open)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), writerVariable+"="+server.Addr()+" "+b.url.Path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = in.Close(), cmd.Wait() }()
	answers := bufio.NewScanner(out)
	answer := func(want string) {
		t.Helper()
		if !answers.Scan() || answers.Text() != want {
			t.Fatalf("the writer says %q, %v, want %q", answers.Text(), answers.Err(), want)
		}
	}
	say := func(line string) {
		t.Helper()
		if _, err := fmt.Fprintln(in, line); err != nil {
			t.Fatal(err)
		}
	}
	answer("ready")
	say("1")
	answer("<nil>")
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	say("delayed")
	z := session(t, b.url, time.Minute)
	for {
		there, events, err := z.ExistsW(callContext(t), b.url.Join("election", "writer"))
		if err != nil {
			t.Fatal(err)
		}
		if !there {
			break
		}
		<-events
	}
	next := b.openVia(t, server.Addr())
	mustAppend(t, next, put("a", "2")...)
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	answer("not the leader")
	wantRecords(t, next, map[string]string{"a": "2"})
}

// asWriter runs this program as a writer, if it was started as one.
func asWriter() {
	addr, path, ok := strings.Cut(os.Getenv(writerVariable), " ")
	if !ok {
		return
	}
	if err := writeLines(addr, path); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}
