package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// MarathonGroup is a group as a Marathon of any version tells it: Apps stay the JSON
// that they are, as it may have members that are not known here.
type MarathonGroup struct {
	ID           string            `json:"id"`
	Apps         []json.RawMessage `json:"apps"`
	Pods         []json.RawMessage `json:"pods"`
	Groups       []MarathonGroup   `json:"groups"`
	Dependencies []string          `json:"dependencies"`
	EnforceRole  bool              `json:"enforceRole"`
}

// MarathonTree asks a Marathon, or a Gantry, for all its groups with their Apps and pods.
func (c *Client) MarathonTree(ctx context.Context) (MarathonGroup, error) {
	var out MarathonGroup
	q := url.Values{"embed": {"group.groups", "group.apps", "group.pods"}}
	err := c.do(ctx, http.MethodGet, "/v2/groups", q, nil, &out)
	return out, err
}

// ReadMarathonTree reads what was saved of GET /v2/groups, of GET /v2/apps, or an
// array of Apps; the latter two are a group with Apps alone.
func ReadMarathonTree(data []byte) (MarathonGroup, error) {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) == nil {
		return MarathonGroup{ID: "/", Apps: list}, nil
	}
	var g MarathonGroup
	if err := json.Unmarshal(data, &g); err != nil {
		return g, fmt.Errorf("expected the JSON of GET /v2/groups or GET /v2/apps: %w", err)
	}
	if g.Apps == nil && g.Groups == nil {
		return g, errors.New("expected the JSON of GET /v2/groups or GET /v2/apps, but there are neither apps nor groups in it")
	}
	if g.ID == "" {
		g.ID = "/"
	}
	return g, nil
}

// TryApp returns what a complete definition would be stored as, without its version
// and the service ports that it would be given, and changes nothing. It fails as
// the change would.
func (c *Client) TryApp(ctx context.Context, definition []byte) (App, error) {
	var out struct{ Apps []App }
	q := url.Values{"dryRun": {"true"}, "partialUpdate": {"false"}}
	body := append(append([]byte("["), definition...), ']')
	if err := c.do(ctx, http.MethodPut, "/v2/apps", q, body, &out); err != nil {
		return App{}, err
	}
	if len(out.Apps) != 1 {
		return App{}, fmt.Errorf("the scheduler at %s tried %d apps instead of one: it is too old to try any", c.Address(), len(out.Apps))
	}
	return out.Apps[0], nil
}

// SetGroupDependencies says what a group depends on, and makes the group if there is none.
func (c *Client) SetGroupDependencies(ctx context.Context, id string, dependencies []string) error {
	body, err := Marshal(map[string]any{"dependencies": dependencies})
	if err != nil {
		return err
	}
	path := strings.TrimSuffix("/v2/groups/"+strings.Trim((&url.URL{Path: id}).EscapedPath(), "/"), "/")
	return c.do(ctx, http.MethodPut, path, nil, body, nil)
}
