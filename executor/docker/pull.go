package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"
)

// Pull fetches an image. Progress is told as bytes of all layers together.
func (c *Client) Pull(ctx context.Context, ref, auth string, progress func(string)) error {
	what := "pull image " + ref
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(c.time.PullStall, func() {
		cancel(fmt.Errorf("nothing has moved for %s", c.time.PullStall))
	})
	defer stalled.Stop()
	res, err := c.api.ImagePull(ctx, ref, client.ImagePullOptions{RegistryAuth: auth})
	if err != nil {
		return explain(ctx, what, err)
	}
	defer res.Close()
	layers := map[string]jsonstream.Progress{}
	decoder := json.NewDecoder(res)
	for {
		var m jsonstream.Message
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return explain(ctx, what, err)
		}
		if m.Error != nil {
			return fmt.Errorf("%s: %w", what, m.Error)
		}
		stalled.Reset(c.time.PullStall)
		if m.Progress != nil && m.Status == "Downloading" {
			layers[m.ID] = *m.Progress
			progress(what + ": " + downloaded(layers))
		}
	}
}

func downloaded(layers map[string]jsonstream.Progress) string {
	var current, total int64
	for _, p := range layers {
		current += p.Current
		total += p.Total
	}
	const mib = 1 << 20
	return fmt.Sprintf("%.1f of %.1f MiB", float64(current)/mib, float64(total)/mib)
}
