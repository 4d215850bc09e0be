package docker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"github.com/gantry-mesos/gantry/executor/docker"
)

func realEngine(t *testing.T) *docker.Client {
	t.Helper()
	c, err := docker.NewClient("", docker.DefaultTimeouts())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// unique counts names of containers within this run.
var unique atomic.Int64 // names must differ over all parallel tests

func name(tb testing.TB) string {
	tb.Helper()
	return fmt.Sprintf("%s-%d", strings.NewReplacer(":", "-", "gantry-test-busybox", "gantry-test").Replace(image), unique.Add(1))
}

func shell(t *testing.T, line string) docker.Creation {
	t.Helper()
	n := name(t)
	return docker.Creation{
		Name:   n,
		Config: &container.Config{Image: image, Entrypoint: []string{"/bin/sh"}, Cmd: []string{"-c", line}, Env: []string{"GREETING=hello"}, Labels: map[string]string{"gantry.test": n}},
		Host:   &container.HostConfig{NetworkMode: "none"},
	}
}

// TestEngine is the contract that Runtime relies on, held by a real engine and by the fake.
func TestEngine(t *testing.T) {
	t.Parallel()
	for label, engine := range map[string]docker.Engine{"real": realEngine(t), "fake": newFake(image)} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			t.Run("image", func(t *testing.T) { t.Parallel(); testImages(t, engine) })
			t.Run("life of a container", func(t *testing.T) { t.Parallel(); testLife(t, engine) })
			t.Run("signals", func(t *testing.T) { t.Parallel(); testSignals(t, engine) })
			t.Run("what does not exist", func(t *testing.T) { t.Parallel(); testMissing(t, engine) })
			t.Run("commands", func(t *testing.T) { t.Parallel(); testExec(t, engine) })
		})
	}
}

func testImages(t *testing.T, e docker.Engine) {
	t.Helper()
	have, err := e.HasImage(t.Context(), image)
	if err != nil || !have {
		t.Errorf("HasImage(%s) = %t, %v; want true", image, have, err)
	}
	have, err = e.HasImage(t.Context(), "gantry-test-missing:1")
	if err != nil || have {
		t.Errorf("HasImage of a missing image = %t, %v; want false", have, err)
	}
	// No server listens there, so the pull fails without any network.
	if err := e.Pull(t.Context(), "127.0.0.1:1/missing:1", "", func(string) {}); err == nil {
		t.Error("Pull of a missing image: got no error")
	}
}

func create(t *testing.T, e docker.Engine, c docker.Creation) string {
	t.Helper()
	id, err := e.Create(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Remove(context.WithoutCancel(t.Context()), id); err != nil {
			t.Error(err)
		}
	})
	return id
}

func testLife(t *testing.T, e docker.Engine) {
	t.Helper()
	spec := shell(t, "echo out $GREETING; echo err >&2; exit 3")
	id := create(t, e, spec)
	if _, err := e.Create(t.Context(), spec); !errors.Is(err, docker.ErrConflict) {
		t.Errorf("a second container of the same name: got %v, want ErrConflict", err)
	}
	var stdout, stderr bytes.Buffer
	stream, err := e.Attach(t.Context(), id, false, &stdout, &stderr)
	if err != nil {
		t.Fatal(err)
	}
	waited := e.Wait(t.Context(), id, true)
	if err := e.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if w := <-waited; w.Err != nil || w.Code != 3 {
		t.Errorf("Wait: got %+v, want code 3", w)
	}
	<-stream.Done
	stream.Close()
	if stdout.String() != "out hello\n" || stderr.String() != "err\n" {
		t.Errorf("output: got %q and %q", stdout.String(), stderr.String())
	}
	i, err := e.Inspect(t.Context(), id)
	if err != nil || i.Running || !i.Ended || i.ExitCode != 3 {
		t.Errorf("Inspect: got %+v, %v; want ended with 3", i, err)
	}
	if w := <-e.Wait(t.Context(), id, false); w.Err != nil || w.Code != 3 {
		t.Errorf("Wait for an ended container: got %+v, want code 3 at once", w)
	}
	listed, err := e.List(t.Context(), "gantry.test="+spec.Name)
	if err != nil || len(listed) != 1 || listed[0].ID != id || listed[0].Running {
		t.Errorf("List: got %+v, %v; want the container, not running", listed, err)
	}
	if err := e.Remove(t.Context(), id); err != nil {
		t.Error(err)
	}
	if listed, err := e.List(t.Context(), "gantry.test="+spec.Name); err != nil || len(listed) != 0 {
		t.Errorf("List after Remove: got %+v, %v", listed, err)
	}
}

func testSignals(t *testing.T, e docker.Engine) {
	t.Helper()
	id := create(t, e, shell(t, "trap 'echo term; exit 7' TERM; echo ready; while :; do sleep 0.02; done"))
	reader, writer := io.Pipe()
	stream, err := e.Attach(t.Context(), id, false, writer, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	waited := e.Wait(t.Context(), id, true)
	if err := e.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 6)
	if _, err := io.ReadFull(reader, line); err != nil || string(line) != "ready\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	if err := e.Kill(t.Context(), id, "SIGTERM"); err != nil {
		t.Error(err)
	}
	if w := <-waited; w.Err != nil || w.Code != 7 {
		t.Errorf("after SIGTERM: got %+v, want code 7", w)
	}
	<-stream.Done
	stream.Close()
	_ = writer.Close()
	if err := e.Kill(t.Context(), id, "SIGTERM"); !errors.Is(err, docker.ErrConflict) {
		t.Errorf("signal to an ended container: got %v, want ErrConflict", err)
	}
}

func testMissing(t *testing.T, e docker.Engine) {
	t.Helper()
	if _, err := e.Inspect(t.Context(), "gantry-test-nobody"); !errors.Is(err, docker.ErrNotFound) {
		t.Errorf("Inspect: got %v, want ErrNotFound", err)
	}
	if err := e.Kill(t.Context(), "gantry-test-nobody", "SIGKILL"); !errors.Is(err, docker.ErrNotFound) {
		t.Errorf("Kill: got %v, want ErrNotFound", err)
	}
	if err := e.Start(t.Context(), "gantry-test-nobody"); !errors.Is(err, docker.ErrNotFound) {
		t.Errorf("Start: got %v, want ErrNotFound", err)
	}
	if err := e.Remove(t.Context(), "gantry-test-nobody"); err != nil {
		t.Errorf("Remove: got %v, want nil: it is gone", err)
	}
	if w := <-e.Wait(t.Context(), "gantry-test-nobody", false); w.Err == nil {
		t.Errorf("Wait: got %+v, want an error", w)
	}
}

func testExec(t *testing.T, e docker.Engine) {
	t.Helper()
	id := create(t, e, shell(t, "exec sleep 100"))
	if err := e.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	code, output, err := e.Exec(t.Context(), id, []string{"/bin/sh", "-c", "echo $GREETING; exit 4"})
	if code != 4 || output != "hello" || err != nil {
		t.Errorf("Exec: got %d, %q, %v; want 4 and the container's environment", code, output, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := e.Exec(ctx, id, []string{"/bin/sh", "-c", "exec sleep 100"}); err == nil {
		t.Error("Exec past its time: got no error")
	}
}
