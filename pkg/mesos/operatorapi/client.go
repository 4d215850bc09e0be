// Package operatorapi asks masters and agents what the operator API answers
// ("Mesos, operator HTTP API"): where agents are, and what files they have.
package operatorapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
)

// Errors of calls, matched with errors.Is.
var (
	// ErrNotFound says that there is no such file.
	ErrNotFound = errors.New("not found")
	// ErrDenied says that the credentials do not allow the call.
	ErrDenied = errors.New("denied")
)

// RefusedError says that a master or agent understood a call and does not do it.
type RefusedError struct {
	// Status is the HTTP status, such as 400 or 409.
	Status int
	// Text is the answer's.
	Text string
}

func (e *RefusedError) Error() string { return fmt.Sprintf("%d: %s", e.Status, e.Text) }

// answerMax bounds an answer in bytes: GET_AGENTS of ten thousand agents takes a
// tenth of it.
const answerMax = 256 << 20

// Client calls the operator API. Its methods are safe for concurrent use.
type Client struct {
	transport   http.RoundTripper
	credentials httptransport.Credentials
}

// New returns a client that sends the credentials with every call.
func New(transport http.RoundTripper, credentials httptransport.Credentials) *Client {
	return &Client{transport: transport, credentials: credentials}
}

// Chunk is a piece of a file.
type Chunk struct {
	// Size is that of the whole file in bytes.
	Size int64
	// Data begins at the offset that was asked for; it is empty at the end.
	Data []byte
}

// ReadFile reads a file of the agent at "ip:port" from an offset. The agent
// returns 64 KiB at most, whatever the file holds. It fails with ErrNotFound or ErrDenied.
func (c *Client) ReadFile(ctx context.Context, agent, path string, offset int64) (Chunk, error) {
	var answer struct {
		ReadFile struct {
			Size int64  `json:"size"`
			Data []byte `json:"data"`
		} `json:"read_file"`
	}
	request := map[string]any{"type": "READ_FILE", "read_file": map[string]any{"path": path, "offset": offset}}
	if err := c.call(ctx, agent, request, &answer); err != nil {
		return Chunk{}, fmt.Errorf("read %s of agent %s: %w", path, agent, err)
	}
	return Chunk{Size: answer.ReadFile.Size, Data: answer.ReadFile.Data}, nil
}

// FileInfo is one entry of a directory.
type FileInfo struct {
	// Path is the whole path as the agent knows it.
	Path string `json:"path"`
	// Size is in bytes; Mode is that of stat(2).
	Size  int64 `json:"size"`
	Mode  int64 `json:"mode"`
	MTime struct {
		Nanoseconds int64 `json:"nanoseconds"`
	} `json:"mtime"`
	UID string `json:"uid"`
	GID string `json:"gid"`
}

// ListFiles lists a directory of the agent at "ip:port". It fails with ErrNotFound or ErrDenied.
func (c *Client) ListFiles(ctx context.Context, agent, path string) ([]FileInfo, error) {
	var answer struct {
		ListFiles struct {
			FileInfos []FileInfo `json:"file_infos"`
		} `json:"list_files"`
	}
	request := map[string]any{"type": "LIST_FILES", "list_files": map[string]any{"path": path}}
	if err := c.call(ctx, agent, request, &answer); err != nil {
		return nil, fmt.Errorf("list %s of agent %s: %w", path, agent, err)
	}
	return answer.ListFiles.FileInfos, nil
}

func (c *Client) call(ctx context.Context, address string, request, answer any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/api/v1", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	c.credentials.Apply(req)
	res, err := c.transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, answerMax))
	switch {
	case err != nil:
		return err
	case res.StatusCode == http.StatusNotFound:
		return ErrNotFound
	case res.StatusCode == http.StatusUnauthorized, res.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%w: %s", ErrDenied, res.Status)
	case res.StatusCode/100 != 2:
		return &RefusedError{Status: res.StatusCode, Text: string(bytes.TrimSpace(data[:min(len(data), 500)]))}
	case answer == nil:
		return nil
	}
	return json.Unmarshal(data, answer)
}
