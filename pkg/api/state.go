package api

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// State returns an archive of all that the scheduler has stored, as it is between two
// changes. With leaveOutDamaged, what cannot be read is left out instead of failing.
// The caller closes it.
func (c *Client) State(ctx context.Context, leaveOutDamaged bool) (io.ReadCloser, error) {
	return c.stream(ctx, http.MethodGet, "/v3/state", url.Values{"leaveOutDamaged": {strconv.FormatBool(leaveOutDamaged)}}, nil)
}
