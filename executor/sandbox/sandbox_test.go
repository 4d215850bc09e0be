package sandbox

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFile(t *testing.T) {
	t.Parallel()
	t.Run("keeps the newest output and stays bounded", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		path := filepath.Join(dir, "stdout")
		f, err := OpenFile(path, Rotation{Bytes: 10, Keep: 2})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 9 {
			if n, err := f.Write([]byte{'a' + byte(i), 'x', 'x', '\n'}); n != 4 || err != nil {
				t.Fatalf("Write = %d, %v", n, err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		for file, want := range map[string]string{"stdout": "ixx\n", "stdout.1": "gxx\nhxx\n", "stdout.2": "exx\nfxx\n"} {
			if got := read(t, filepath.Join(dir, file)); got != want {
				t.Errorf("%s: got %q, want %q", file, got, want)
			}
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 3 {
			t.Errorf("got files %v, want three", files)
		}
	})
	t.Run("appends to what is there", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "stdout")
		for _, text := range []string{"one\n", "two\n"} {
			f, err := OpenFile(path, Rotation{Bytes: 100})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = f.Write([]byte(text))
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if got := read(t, path); got != "one\ntwo\n" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("writes one piece that is larger than a file in one go", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "stdout")
		f, err := OpenFile(path, Rotation{Bytes: 10})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close() //nolint:errcheck // only read afterwards
		big := strings.Repeat("x", 100)
		_, _ = f.Write([]byte(big))
		if got := read(t, path); got != big {
			t.Errorf("got %d bytes", len(got))
		}
	})
	t.Run("never fails the writer", func(t *testing.T) {
		t.Parallel()
		f, err := OpenFile("/dev/full", Rotation{})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close() //nolint:errcheck // nothing was written
		if n, err := f.Write([]byte("text")); n != 4 || err != nil {
			t.Errorf("on a full disk: got %d, %v; want 4, nil", n, err)
		}
	})
}

func TestOutput_prefers_a_pipe_of_the_agent_s(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	piped, err := Output(dir, "stdout", writer, Rotation{})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = piped.Write([]byte("to the logger"))
	if err := piped.Close(); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Errorf("the inherited stream was closed before: %v", err)
	}
	var got bytes.Buffer
	if _, err := got.ReadFrom(reader); err != nil || got.String() != "to the logger" {
		t.Errorf("got %q, %v", got.String(), err)
	}
	file, err := os.Create(filepath.Join(dir, "inherited"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, inherited := range []*os.File{file, nil} {
		out, err := Output(dir, "stdout", inherited, Rotation{})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = out.Write([]byte("x"))
		_ = out.Close()
	}
	if got := read(t, filepath.Join(dir, "stdout")); got != "xx" {
		t.Errorf("got %q in the file", got)
	}
}

func TestOwnCgroup(t *testing.T) {
	t.Parallel()
	rows := map[string]struct{ text, want string }{
		"version 1":                 {"5:freezer:/mesos/c1\n4:memory:/mesos/c1\n3:cpu,cpuacct:/mesos/c1\n1:name=systemd:/mesos/c1\n0::/\n", "/mesos/c1"},
		"only the freezer":          {"5:freezer:/mesos/c1\n4:memory:/\n", "/mesos/c1"},
		"version 2":                 {"0::/mesos/c1/leaf\n", "/mesos/c1/leaf"},
		"below the agent's own":     {"4:memory:/system.slice/agent/mesos/c1\n", "/system.slice/agent/mesos/c1"},
		"shared with the agent":     {"4:memory:/user.slice/session\n0::/user.slice/session\n", ""},
		"another container's":       {"4:memory:/mesos/c10\n", ""},
		"something else altogether": {"garbage\n", ""},
	}
	for name, row := range rows {
		if got := ownCgroup(row.text, "c1"); got != row.want {
			t.Errorf("%s: got %q, want %q", name, got, row.want)
		}
	}
	if got := ownCgroup("4:memory:/\n", ""); got != "" {
		t.Errorf("without an id: got %q", got)
	}
	if got := Cgroup("no-such-container"); got != "" {
		t.Errorf("of this process: got %q", got)
	}
}
