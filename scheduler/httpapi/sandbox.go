package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// ErrNoFile says that a sandbox or a file in it does not exist (any more).
var ErrNoFile = errors.New("no such file")

// SandboxPath is a file or directory in a task's sandbox.
type SandboxPath struct {
	Agent mesos.AgentID
	Task  mesos.TaskID
	// Path is relative to the sandbox, "" for the sandbox itself.
	Path string
}

// SandboxFile is one entry of a directory of a sandbox.
type SandboxFile struct {
	// Path is relative to the sandbox.
	Path string
	// Size is in bytes.
	Size      int64
	Directory bool
	Mode      fs.FileMode
	Modified  time.Time
	User      string
	Group     string
}

// Sandboxes reads the files of tasks. Its errors match ErrNoFile where there is nothing.
type Sandboxes interface {
	// Read returns a piece of a file from offset on, empty at its end, and the size
	// of the whole.
	Read(ctx context.Context, at SandboxPath, offset int64) (size int64, data []byte, err error)
	List(ctx context.Context, at SandboxPath) ([]SandboxFile, error)
}

// sandboxRoutes are those of the files of tasks.
type sandboxRoutes struct {
	*desk
	sandboxes Sandboxes
}

// sandboxOf finds where a task's files are: it is an instance's present task, or
// the last one of an App that failed.
func (s *sandboxRoutes) sandboxOf(task mesos.TaskID, file string) (SandboxPath, error) {
	at := SandboxPath{Task: task}
	if file != "" {
		at.Path = path.Clean(file)
	}
	if path.IsAbs(at.Path) || at.Path == ".." || strings.HasPrefix(at.Path, "../") {
		return at, &api.Error{Status: http.StatusUnprocessableEntity, Message: fmt.Sprintf("path %q leads out of the sandbox; give one relative to it, such as stdout", file)}
	}
	v := s.scheduler.View()
	if _, i, ok := v.Instance(task); ok && i.AgentID != "" {
		at.Agent = i.AgentID
		return at, nil
	}
	v.Apps(func(a *view.App) bool {
		if f := a.LastFailure; f != nil && f.TaskID == task {
			at.Agent = f.AgentID
		}
		return at.Agent == ""
	})
	if at.Agent == "" {
		return at, &api.Error{Status: http.StatusNotFound, Message: fmt.Sprintf(
			"Task '%s' does not exist, and is not the last one of its app that failed; GET /v2/tasks lists those that run", task)}
	}
	return at, nil
}

func (s *sandboxRoutes) listFiles(task mesos.TaskID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		at, err := s.sandboxOf(task, r.URL.Query().Get("path"))
		if err != nil {
			return err
		}
		files, err := s.sandboxes.List(r.Context(), at)
		if err != nil {
			return noFile(at, err)
		}
		out := api.TaskFiles{Files: make([]api.TaskFile, 0, len(files))}
		for _, f := range files {
			out.Files = append(out.Files, api.TaskFile{
				Path: f.Path, Size: f.Size, Directory: f.Directory, Mode: f.Mode.String(), Modified: api.Time{Time: f.Modified}, User: f.User, Group: f.Group,
			})
		}
		return reply(w, http.StatusOK, out)
	}
}

// noFile is the answer to a failed look into a sandbox.
func noFile(at SandboxPath, err error) error {
	name := at.Path
	if name == "" {
		name = "the sandbox"
	}
	if errors.Is(err, ErrNoFile) {
		return &api.Error{Status: http.StatusNotFound, Message: fmt.Sprintf("%s of task %s is not on its agent (any more); GET /v3/tasks/%s/files lists what is", name, at.Task, at.Task)}
	}
	return &api.Error{Status: http.StatusBadGateway, Message: fmt.Sprintf("%s of task %s cannot be read: %v", name, at.Task, err)}
}

func (s *sandboxRoutes) downloadFile(task mesos.TaskID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		file := r.URL.Query().Get("path")
		if file == "" {
			return &api.Error{Status: http.StatusUnprocessableEntity, Message: "?path= is missing: the file to read, relative to the sandbox"}
		}
		at, err := s.sandboxOf(task, file)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Disposition", "attachment")
		return s.copyFile(w, r, &reading{at: at, kind: "application/octet-stream"})
	}
}

// showLog answers with what a task has written: all of it, or the last lines, and
// on request what it goes on to write until it ends.
func (s *sandboxRoutes) showLog(task mesos.TaskID) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		q := r.URL.Query()
		file := q.Get("file")
		switch file {
		case "":
			file = "stdout"
		case "stdout", "stderr":
		default:
			return &api.Error{Status: http.StatusUnprocessableEntity, Message: fmt.Sprintf("file=%q: it is stdout or stderr; other files are at /v3/tasks/%s/files", file, task)}
		}
		tail := -1
		if text := q.Get("tail"); text != "" && text != "all" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				return &api.Error{Status: http.StatusUnprocessableEntity, Message: fmt.Sprintf("tail=%q: it is a number of lines from 0 on, or all", text)}
			}
			tail = n
		}
		at, err := s.sandboxOf(task, file)
		if err != nil {
			return err
		}
		from := int64(0)
		if tail >= 0 {
			if from, err = s.lastLines(r.Context(), at, tail); err != nil {
				return noFile(at, err)
			}
		}
		return s.copyFile(w, r, &reading{at: at, kind: "text/plain; charset=utf-8", offset: from, follow: flag(r, "follow", false)})
	}
}

// lastLines returns the offset at which the last n lines of a file begin.
func (s *sandboxRoutes) lastLines(ctx context.Context, at SandboxPath, n int) (int64, error) {
	const step = 32 << 10 // below what an agent returns at once
	end, _, err := s.sandboxes.Read(ctx, at, 1<<62)
	if err != nil || n == 0 {
		return end, err
	}
	left := n + 1 // the line that the end of the file closes is not the one before it
	for begin := end; begin > 0; {
		upto := begin
		begin = max(0, begin-step)
		_, data, err := s.sandboxes.Read(ctx, at, begin)
		if err != nil {
			return 0, err
		}
		data = data[:min(int64(len(data)), upto-begin)]
		if upto == end && len(data) > 0 && data[len(data)-1] != '\n' {
			left--
		}
		for i := len(data); ; left-- {
			if i = bytes.LastIndexByte(data[:i], '\n'); i < 0 {
				break
			}
			if left == 1 {
				return begin + int64(i) + 1, nil
			}
		}
	}
	return 0, nil
}

const (
	// followEvery is how often a followed file is looked at, and followPatience how
	// long an agent may be away meanwhile, as in a restart.
	followEvery    = 500 * time.Millisecond
	followPatience = 2 * time.Minute
)

// reading is a file on its way to a client.
type reading struct {
	at     SandboxPath
	kind   string
	offset int64
	follow bool
	// begun says that the answer's head is sent, failing since when the agent does
	// not answer, zero while it does.
	begun   bool
	failing time.Time
}

// copyFile writes a file to the client, and follows it if that is wanted, until
// the task is over or the client has gone.
func (s *sandboxRoutes) copyFile(w http.ResponseWriter, r *http.Request, f *reading) error {
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("lift the read timeout: %w", err)
	}
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	for {
		over := !f.follow || !s.lives(f.at.Task) // looked at first: what is written before the end is read after it
		more, err := s.copyPiece(w, r, f)
		switch {
		case r.Context().Err() != nil:
			return nil
		case err != nil:
			return err
		case r.Method == http.MethodHead:
			return nil // the head is all there is to send, however long the file goes on
		case more:
			continue
		case over:
			return nil
		}
		_ = control.Flush() // a writer that cannot flush sends at the end
		select {
		case <-r.Context().Done():
			return nil
		case <-ticker.C:
		}
	}
}

// copyPiece writes the next piece and reports whether there was one.
func (s *sandboxRoutes) copyPiece(w http.ResponseWriter, r *http.Request, f *reading) (more bool, err error) {
	size, data, err := s.sandboxes.Read(r.Context(), f.at, f.offset)
	if err != nil {
		if f.begun && f.follow && !errors.Is(err, ErrNoFile) && s.patient(f) {
			return false, nil
		}
		if f.begun {
			panic(http.ErrAbortHandler) // the client must not take what it has for the whole
		}
		return false, noFile(f.at, err)
	}
	f.failing = time.Time{}
	if !f.begun {
		f.begun = true
		w.Header().Set("Content-Type", f.kind)
		w.WriteHeader(http.StatusOK)
	}
	if size < f.offset { // it was rotated or cut off: what is there now is new
		f.offset = 0
		return true, nil
	}
	if len(data) == 0 {
		return false, nil
	}
	f.offset += int64(len(data))
	_, err = w.Write(data)
	if err != nil {
		panic(http.ErrAbortHandler) // the client has gone
	}
	return true, nil
}

func (s *sandboxRoutes) patient(f *reading) bool {
	if f.failing.IsZero() {
		f.failing = time.Now()
	}
	return time.Since(f.failing) < followPatience
}

// lives reports whether a task may still write.
func (s *sandboxRoutes) lives(task mesos.TaskID) bool {
	_, i, ok := s.scheduler.View().Instance(task)
	return ok && i.Condition.Live()
}
