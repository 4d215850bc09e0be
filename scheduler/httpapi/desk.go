package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/scheduler/core"
)

// desk takes requests in, for all that is served: their bodies, and the commands
// that they come down to.
type desk struct {
	scheduler Scheduler
	now       func() time.Time
	// timeout bounds the wait for a command to be stored, bodyMax request bodies, in bytes.
	timeout time.Duration
	bodyMax int64
	// counts counts deployments.
	counts *marathonMetrics
}

// do carries out a command within the time allowed.
func (d *desk) do(r *http.Request, cmd core.Command) (core.Result, error) {
	late := &api.Error{Status: http.StatusServiceUnavailable,
		Message: fmt.Sprintf("the scheduler did not answer within %v; the change may still happen: look before you repeat it", d.timeout)}
	ctx, cancel := context.WithTimeoutCause(r.Context(), d.timeout, late)
	defer cancel()
	result, err := d.scheduler.Do(ctx, cmd)
	if err != nil && errors.Is(err, context.DeadlineExceeded) && errors.Is(context.Cause(ctx), late) {
		return result, late
	}
	if _, locked := errors.AsType[*core.LockedError](err); locked {
		d.counts.dismissed.Add(1)
	} else if err == nil && result.Deployment != "" {
		d.counts.started.Add(1)
	}
	return result, err
}

// bodyDrain is how much of a body beyond the limit is read and thrown away, so
// that the client gets to read the answer instead of a reset connection.
const bodyDrain = 64 << 20

// body reads the whole request body.
func (d *desk) body(r *http.Request) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r.Body, d.bodyMax+1))
	if err != nil {
		return nil, &api.Error{Status: http.StatusBadRequest, Message: "the body ended early", Text: err.Error()}
	}
	if int64(len(data)) > d.bodyMax {
		_, _ = io.CopyN(io.Discard, r.Body, bodyDrain) // only politeness
		return nil, &api.Error{Status: http.StatusRequestEntityTooLarge,
			Message: "the body is larger than the limit of " + strconv.FormatInt(d.bodyMax, 10) + " bytes; send it in parts, or start the scheduler with a larger --http-body-max"}
	}
	return text(data)
}

func (d *desk) document(r *http.Request) (api.Document, error) {
	data, err := d.body(r)
	if err != nil {
		return api.Document{}, err
	}
	return api.ParseDocument(data)
}
