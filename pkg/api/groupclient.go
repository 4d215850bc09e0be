package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Group returns a group with all that is in it, or what embed names, such as
// "group.groups" and "group.apps.counts"; "/" has all groups.
func (c *Client) Group(ctx context.Context, id string, embed ...string) (Group, error) {
	var out Group
	q := url.Values{}
	if len(embed) > 0 {
		q["embed"] = embed
	}
	err := c.do(ctx, http.MethodGet, groupPath(id), q, nil, &out)
	return out, err
}

// CreateGroup creates a group from its JSON.
func (c *Client) CreateGroup(ctx context.Context, group []byte, o ChangeOptions) (DeploymentResult, error) {
	var out DeploymentResult
	err := c.do(ctx, http.MethodPost, "/v2/groups", o.query(), group, &out)
	return out, err
}

// UpdateGroup changes a group, or creates it; the path "/" leaves it to the body
// which group that is.
func (c *Client) UpdateGroup(ctx context.Context, id string, update []byte, o ChangeOptions) (DeploymentResult, error) {
	var out DeploymentResult
	err := c.do(ctx, http.MethodPut, groupPath(id), o.query(), update, &out)
	return out, err
}

// PlanGroup returns the steps that UpdateGroup would take.
func (c *Client) PlanGroup(ctx context.Context, id string, update []byte, o ChangeOptions) ([]Step, error) {
	var out Plan
	q := o.query()
	q.Set("dryRun", "true")
	err := c.do(ctx, http.MethodPut, groupPath(id), q, update, &out)
	return out.Steps, err
}

// ScaleGroup multiplies the instances of all Apps in a group, rounding up.
func (c *Client) ScaleGroup(ctx context.Context, id string, by float64, o ChangeOptions) (DeploymentResult, error) {
	return c.UpdateGroup(ctx, id, []byte(`{"scaleBy":`+strconv.FormatFloat(by, 'g', -1, 64)+`}`), o)
}

// RollBackGroup makes an earlier version of a group current again.
func (c *Client) RollBackGroup(ctx context.Context, id, version string, o ChangeOptions) (DeploymentResult, error) {
	body, err := json.Marshal(map[string]string{"version": version})
	if err != nil {
		return DeploymentResult{}, err
	}
	return c.UpdateGroup(ctx, id, body, o)
}

// DeleteGroup stops all Apps in a group and forgets them and the group.
func (c *Client) DeleteGroup(ctx context.Context, id string, o ChangeOptions) (DeploymentResult, error) {
	var out DeploymentResult
	err := c.do(ctx, http.MethodDelete, groupPath(id), o.query(), nil, &out)
	return out, err
}

// GroupVersions lists a group's versions, newest first.
func (c *Client) GroupVersions(ctx context.Context, id string) ([]Time, error) {
	var out []Time
	err := c.do(ctx, http.MethodGet, groupPath(id)+"/versions", nil, nil, &out)
	return out, err
}

// GroupVersion returns a group as it was at a version.
func (c *Client) GroupVersion(ctx context.Context, id, version string) (Group, error) {
	var out Group
	err := c.do(ctx, http.MethodGet, groupPath(id)+"/versions/"+url.PathEscape(version), nil, nil, &out)
	return out, err
}

func groupPath(id string) string {
	return strings.TrimSuffix("/v2/groups/"+strings.Trim((&url.URL{Path: id}).EscapedPath(), "/"), "/")
}
