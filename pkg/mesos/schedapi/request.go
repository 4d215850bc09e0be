package schedapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const (
	apiPath        = "/api/v1/scheduler"
	protobuf       = "application/x-protobuf"
	streamIDHeader = "Mesos-Stream-Id"
	// errorTextMax is how much of an error's text is read.
	errorTextMax = 16 << 10
)

func newRequest(ctx context.Context, endpoint string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+apiPath, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("address of the master: %w", err)
	}
	req.Header.Set("Content-Type", protobuf)
	return req, nil
}

// withScheme completes "host:port" to a URL and drops a slash at the end.
func withScheme(endpoint string) string {
	if !strings.Contains(endpoint, "://") {
		endpoint = "http://" + endpoint
	}
	return strings.TrimRight(endpoint, "/")
}

// readText returns the beginning of a body as text and reads the rest, so that
// the connection can be used again.
func readText(body io.Reader) string {
	text, err := io.ReadAll(io.LimitReader(body, errorTextMax))
	if err == nil {
		_, err = io.CopyN(io.Discard, body, errorTextMax)
	}
	if err != nil && len(text) == 0 {
		return "no text"
	}
	return strings.TrimSpace(string(text))
}

// leaderOf returns the URL of the leader that a redirect names, "" for none.
// Mesos leaves the scheme out ("//host:port/path").
func leaderOf(endpoint string, resp *http.Response) string {
	base, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	target, err := base.Parse(resp.Header.Get("Location"))
	if err != nil || target.Host == "" || target.Host == base.Host {
		return ""
	}
	return target.Scheme + "://" + target.Host
}

// movedError means that another master leads.
type movedError struct {
	leader string // URL, "" when the answer does not name it
}

func (e *movedError) Error() string {
	if e.leader == "" {
		return "master is not the leader"
	}
	return "master is not the leader, which is " + e.leader
}
