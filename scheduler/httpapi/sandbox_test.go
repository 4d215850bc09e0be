package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

// files is an agent's part, which returns little at once.
type files struct {
	mu     sync.Mutex
	byName map[string]string
	fail   error
	// failed hears of failed reads, if somebody listens.
	failed chan struct{}
}

const pieceMax = 64 << 10

func (f *files) set(name, text string, fail error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.byName[name], f.fail = text, fail
}

func (f *files) Read(_ context.Context, at httpapi.SandboxPath, offset int64) (int64, []byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, ok := f.byName[at.Path]
	switch {
	case f.fail != nil:
		select {
		case f.failed <- struct{}{}:
		default:
		}
		return 0, nil, f.fail
	case !ok:
		return 0, nil, httpapi.ErrNoFile
	case offset >= int64(len(text)):
		return int64(len(text)), nil, nil
	}
	return int64(len(text)), []byte(text[offset:min(int64(len(text)), offset+pieceMax)]), nil
}

func (f *files) List(_ context.Context, at httpapi.SandboxPath) ([]httpapi.SandboxFile, error) {
	if at.Path != "" {
		return nil, httpapi.ErrNoFile
	}
	return []httpapi.SandboxFile{{Path: "stdout", Size: 3, Mode: 0o644, User: "root", Group: "root"}, {Path: "logs", Directory: true}}, nil
}

// withTask is a service with one app, and the ids of its first task.
func withTask(t *testing.T, f *files) (*service, string) {
	t.Helper()
	s := newServiceWith(t, f)
	s.want(t, http.StatusCreated, http.MethodPost, "/v2/apps", web)
	s.Settle()
	return s, taskIDs(t, s.want(t, http.StatusOK, http.MethodGet, "/v2/tasks", ""))[0]
}

func TestLogsBeginWithTheLinesAskedFor(t *testing.T) {
	t.Parallel()
	var long strings.Builder
	for n := range 40000 {
		fmt.Fprintf(&long, "line %d\n", n)
	}
	f := &files{byName: map[string]string{
		"stdout": "one\ntwo\nthree\n", "stderr": "one\ntwo\nopen", "empty": "",
	}}
	s, task := withTask(t, f)
	for query, want := range map[string]string{
		"": "one\ntwo\nthree\n", "?tail=all": "one\ntwo\nthree\n", "?tail=0": "", "?tail=1": "three\n", "?tail=2": "two\nthree\n",
		"?tail=3": "one\ntwo\nthree\n", "?tail=99": "one\ntwo\nthree\n", "?file=stderr&tail=1": "open", "?file=stderr&tail=2": "two\nopen",
	} {
		if got := s.want(t, http.StatusOK, http.MethodGet, "/v3/tasks/"+task+"/logs"+query, ""); got != want {
			t.Errorf("%q: got %q, want %q", query, got, want)
		}
	}
	f.set("stdout", long.String(), nil)
	for _, n := range []int{1, 5000, 10000, 39999, 40000, 50000} {
		lines := strings.SplitAfter(long.String(), "\n")[:40000]
		want := strings.Join(lines[max(0, 40000-n):], "")
		if got := s.want(t, http.StatusOK, http.MethodGet, fmt.Sprintf("/v3/tasks/%s/logs?tail=%d", task, n), ""); got != want {
			t.Errorf("tail=%d of a file over many pieces: got %d bytes, want %d", n, len(got.(string)), len(want))
		}
	}
	if got := s.want(t, http.StatusOK, http.MethodGet, "/v3/tasks/"+task+"/files/content?path=stdout", ""); got != long.String() {
		t.Errorf("a download differs from the file")
	}
}

func TestLogsThatCannotBeShownSayWhy(t *testing.T) {
	t.Parallel()
	f := &files{byName: map[string]string{}}
	s, task := withTask(t, f)
	for path, row := range map[string]struct {
		status int
		says   string
	}{
		"/v3/tasks/nothing/logs":                                {http.StatusNotFound, "/v2/tasks lists"},
		"/v3/tasks/" + task + "/logs":                           {http.StatusNotFound, "not on its agent"},
		"/v3/tasks/" + task + "/logs?file=/etc/passwd":          {http.StatusUnprocessableEntity, "stdout or stderr"},
		"/v3/tasks/" + task + "/logs?tail=-1":                   {http.StatusUnprocessableEntity, "number of lines"},
		"/v3/tasks/" + task + "/files?path=../other":            {http.StatusUnprocessableEntity, "out of the sandbox"},
		"/v3/tasks/" + task + "/files?path=a/../../other":       {http.StatusUnprocessableEntity, "out of the sandbox"},
		"/v3/tasks/" + task + "/files/content?path=/etc/passwd": {http.StatusUnprocessableEntity, "out of the sandbox"},
		"/v3/tasks/" + task + "/files/content":                  {http.StatusUnprocessableEntity, "?path= is missing"},
		"/v3/tasks/" + task + "/files?path=none":                {http.StatusNotFound, "not on its agent"},
		"/v3/tasks/" + task + "/nothing":                        {http.StatusNotFound, "URI not found"},
		"/v3/tasks/" + task:                                     {http.StatusNotFound, "URI not found"},
	} {
		body := s.want(t, row.status, http.MethodGet, path, "")
		if text, _ := at(t, body, "message").(string); !strings.Contains(text, row.says) {
			t.Errorf("%s: got %q, want it to say %q", path, text, row.says)
		}
	}
	f.set("stdout", "", errors.New("connection refused"))
	body := s.want(t, http.StatusBadGateway, http.MethodGet, "/v3/tasks/"+task+"/logs", "")
	if text, _ := at(t, body, "message").(string); !strings.Contains(text, "connection refused") {
		t.Errorf("got %q, want the reason", text)
	}
}

func TestFilesAreListed(t *testing.T) {
	t.Parallel()
	s, task := withTask(t, &files{})
	body := s.want(t, http.StatusOK, http.MethodGet, "/v3/tasks/"+task+"/files", "")
	if got := at(t, body, "files", 0, "mode"); got != "-rw-r--r--" {
		t.Errorf("got mode %v", got)
	}
	if got := at(t, body, "files", 1, "directory"); got != true {
		t.Errorf("got directory %v", got)
	}
}

func TestAFailedTasksLogIsShown(t *testing.T) {
	t.Parallel()
	f := &files{byName: map[string]string{"stdout": "dying words\n"}}
	s, task := withTask(t, f)
	s.Fail("/prod/web", mesos.TaskFailed, "exit 1")
	body := s.want(t, http.StatusOK, http.MethodGet, "/v2/apps/prod/web?embed=app.lastTaskFailure", "")
	failed, _ := at(t, body, "app", "lastTaskFailure", "taskId").(string)
	if failed == "" {
		t.Fatalf("no failure of %s in %v", task, body)
	}
	if got := s.want(t, http.StatusOK, http.MethodGet, "/v3/tasks/"+failed+"/logs", ""); got != "dying words\n" {
		t.Errorf("got %q", got)
	}
}

func TestAFollowedLogGoesOnUntilTheTaskEnds(t *testing.T) {
	t.Parallel()
	f := &files{byName: map[string]string{"stdout": "first\n"}, failed: make(chan struct{}, 1)}
	s, task := withTask(t, f)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v3/tasks/"+task+"/logs?follow=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	next := func(want string) {
		t.Helper()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != want {
			t.Fatalf("got %q (%v), want %q", got, err, want)
		}
	}
	next("first\n")
	f.set("stdout", "first\nsecond\n", nil)
	next("second\n")
	f.set("stdout", "first\nsecond\n", errors.New("the agent restarts"))
	<-f.failed
	f.set("stdout", "new\n", nil) // rotated
	next("new\n")
	f.set("stdout", "new\nlast\n", nil)
	s.want(t, http.StatusOK, http.MethodDelete, "/v2/apps/prod/web", "")
	s.Settle()
	rest, err := io.ReadAll(resp.Body)
	if err != nil || string(rest) != "last\n" {
		t.Errorf("got %q (%v), want the last line and then the end", rest, err)
	}
}

func TestAHeadOfAFollowedFileDoesNotWait(t *testing.T) {
	t.Parallel()
	s, task := withTask(t, &files{byName: map[string]string{"stdout": "first\n", "empty": ""}})
	for _, path := range []string{"logs?follow=true", "logs?follow=true&tail=0", "files/content?path=stdout&follow=true", "files/content?path=empty&follow=true"} {
		if body := s.want(t, http.StatusOK, http.MethodHead, "/v3/tasks/"+task+"/"+path, ""); body != "" {
			t.Errorf("HEAD %s: got body %v", path, body)
		}
	}
	s.want(t, http.StatusNotFound, http.MethodHead, "/v3/tasks/"+task+"/files/content?path=none&follow=true", "")
}
