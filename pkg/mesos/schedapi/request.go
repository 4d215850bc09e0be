package schedapi

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/mesos/subscription"
)

const (
	apiPath        = "/api/v1/scheduler"
	streamIDHeader = "Mesos-Stream-Id"
)

func newRequest(ctx context.Context, endpoint string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+apiPath, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("address of the master: %w", err)
	}
	req.Header.Set("Content-Type", subscription.Protobuf)
	return req, nil
}

// withScheme completes "host:port" to a URL and drops a slash at the end.
func withScheme(endpoint string) string {
	if !strings.Contains(endpoint, "://") {
		endpoint = "http://" + endpoint
	}
	return strings.TrimRight(endpoint, "/")
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
