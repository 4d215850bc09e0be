package api

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// TaskFiles answers GET /v3/tasks/{id}/files.
type TaskFiles struct {
	Files []TaskFile `json:"files"`
}

// TaskFile is one entry of a directory in a task's sandbox.
type TaskFile struct {
	// Path is relative to the sandbox.
	Path string `json:"path"`
	// Size is in bytes.
	Size      int64 `json:"size"`
	Directory bool  `json:"directory"`
	// Mode is written as ls does without the type, such as "-rw-r--r--".
	Mode     string `json:"mode"`
	Modified Time   `json:"modified"`
	User     string `json:"user"`
	Group    string `json:"group"`
}

// LogOptions choose what Client.Log returns.
type LogOptions struct {
	// Stderr asks for stderr instead of stdout.
	Stderr bool
	// Tail is how many lines from the end to begin at, negative for all.
	Tail int
	// Follow asks for what the task goes on to write, until it ends.
	Follow bool
}

// Log returns what a task has written. The caller closes it.
func (c *Client) Log(ctx context.Context, task string, o LogOptions) (io.ReadCloser, error) {
	q := url.Values{"file": {"stdout"}, "follow": {strconv.FormatBool(o.Follow)}}
	if o.Stderr {
		q.Set("file", "stderr")
	}
	if o.Tail >= 0 {
		q.Set("tail", strconv.Itoa(o.Tail))
	}
	return c.stream(ctx, http.MethodGet, taskPath(task)+"/logs", q, nil)
}

// Files lists a directory of a task's sandbox, "" for the sandbox itself.
func (c *Client) Files(ctx context.Context, task, dir string) ([]TaskFile, error) {
	var out TaskFiles
	err := c.do(ctx, http.MethodGet, taskPath(task)+"/files", url.Values{"path": {dir}}, nil, &out)
	return out.Files, err
}

// File returns a file of a task's sandbox. The caller closes it.
func (c *Client) File(ctx context.Context, task, path string) (io.ReadCloser, error) {
	return c.stream(ctx, http.MethodGet, taskPath(task)+"/files/content", url.Values{"path": {path}}, nil)
}

func taskPath(task string) string { return "/v3/tasks/" + url.PathEscape(task) }
