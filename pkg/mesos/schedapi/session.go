package schedapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/pkg/mesos/wire"
)

// laneSize is how many calls may wait in a lane; a full one makes senders
// wait. It lets one burst of the scheduler's loop go without a wait.
const laneSize = 256

// job is a call on its way.
type job struct {
	ctx  context.Context // the call's own, which goes through the lane with it
	call mesos.SchedulerCall
	done func(error)
}

// session is one subscription: where its calls go, and the two lanes they wait
// in. One goroutine empties the ordered lane, some the free one.
type session struct {
	client    *Client
	endpoint  string
	streamID  string
	framework mesos.FrameworkID
	over      <-chan struct{}
	end       context.CancelCauseFunc
	ordered   chan job
	free      chan job
}

func newSession(c *Client, endpoint, streamID string, framework mesos.FrameworkID,
	over <-chan struct{}, end context.CancelCauseFunc,
) *session {
	return &session{
		client:    c,
		endpoint:  endpoint,
		streamID:  streamID,
		framework: framework,
		over:      over,
		end:       end,
		ordered:   make(chan job, laneSize),
		free:      make(chan job, laneSize),
	}
}

// start starts the senders; the channel is closed when all have ended, which
// they do when live ends.
func (s *session) start(live context.Context) <-chan struct{} {
	var senders sync.WaitGroup
	senders.Go(func() { s.serve(live, s.ordered) })
	for range s.client.cfg.Senders {
		senders.Go(func() { s.serve(live, s.free) })
	}
	ended := make(chan struct{})
	go func() {
		senders.Wait()
		close(ended)
	}()
	return ended
}

// enqueue puts a call into its lane. A call that gets in while the session
// ends is taken out again here, if the senders are gone already.
func (s *session) enqueue(ctx context.Context, j job) error {
	lane := s.free
	if orderMatters(j.call) {
		lane = s.ordered
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case <-s.over:
		return ErrNotSubscribed
	case <-ctx.Done():
		return context.Cause(ctx)
	case lane <- j:
	}
	select {
	case <-s.over:
		abandon(lane)
	default:
	}
	return nil
}

func (s *session) serve(live context.Context, lane chan job) {
	defer abandon(lane)
	for {
		select {
		case <-s.over:
			return
		case j := <-lane:
			j.done(s.send(live, j))
		}
	}
}

// abandon fails all calls that wait in a lane.
func abandon(lane chan job) {
	for {
		select {
		case j := <-lane:
			j.done(ErrNotSubscribed)
		default:
			return
		}
	}
}

// orderMatters reports whether the effect of a call depends on those before
// it: filters, suppression and offers are changed one after the other.
func orderMatters(call mesos.SchedulerCall) bool {
	switch call.(type) {
	case mesos.Acknowledge, mesos.Kill, mesos.Reconcile, mesos.Message, mesos.Shutdown:
		return false
	default:
		return true
	}
}

// send sends one call and ends the session if the answer shows that it is lost.
func (s *session) send(live context.Context, j job) error {
	if err := j.ctx.Err(); err != nil {
		return context.Cause(j.ctx)
	}
	message, err := wire.ToSchedulerCall(s.framework, j.call)
	if err != nil {
		return &CallError{Call: fmt.Sprintf("%T", j.call), Kind: Bad, Err: err}
	}
	name := message.Type.String()
	body, err := message.Marshal()
	if err != nil {
		return &CallError{Call: name, Kind: Bad, Err: err}
	}
	ctx, cancel := context.WithTimeoutCause(live, s.client.cfg.CallTimeout, errCallTimeout)
	defer cancel()
	defer context.AfterFunc(j.ctx, cancel)()
	resp, err := s.client.post(ctx, s.endpoint, body, http.Header{streamIDHeader: {s.streamID}})
	if err != nil {
		return s.unanswered(live, ctx, j.ctx, name, err)
	}
	defer resp.Body.Close()
	text := httptransport.ReadText(resp.Body)
	if resp.StatusCode == http.StatusAccepted || resp.StatusCode == http.StatusOK {
		return nil
	}
	failed := &CallError{Call: name, Kind: classify(resp.StatusCode, text), Status: resp.StatusCode, Message: text}
	if failed.Kind == Lost {
		s.lost(resp, failed)
	}
	return failed
}

// lost ends the session for the reason that a call has shown.
func (s *session) lost(resp *http.Response, failed *CallError) {
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		s.end(&movedError{leader: leaderOf(s.endpoint, resp)})
		return
	}
	s.end(failed)
}

var errCallTimeout = errors.New("no answer in time")

// unanswered tells who gave a call up: the session, the caller, the clock or the network.
func (s *session) unanswered(live, call, caller context.Context, name string, err error) error {
	switch {
	case live.Err() != nil:
		return ErrNotSubscribed
	case caller.Err() != nil:
		return context.Cause(caller)
	case call.Err() != nil:
		err = context.Cause(call)
	}
	return &CallError{Call: name, Kind: Temporary, Err: err}
}
