package schedapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/pkg/mesos/subscription"
	"github.com/gantry-mesos/gantry/pkg/mesos/wire"
)

// laneSize is how many calls may wait in a lane; a full one makes senders
// wait. It lets one burst of the scheduler's loop go without a wait.
const laneSize = 256

type job = subscription.Job[mesos.SchedulerCall]

// session is one subscription: where its calls go, and the two lanes they wait
// in. One goroutine empties the ordered lane, some the free one.
type session struct {
	client    *Client
	endpoint  string
	streamID  string
	framework mesos.FrameworkID
	end       context.CancelCauseFunc
	ordered   *subscription.Lane[mesos.SchedulerCall]
	free      *subscription.Lane[mesos.SchedulerCall]
}

func newSession(c *Client, endpoint, streamID string, framework mesos.FrameworkID,
	over <-chan struct{}, end context.CancelCauseFunc,
) *session {
	return &session{
		client:    c,
		endpoint:  endpoint,
		streamID:  streamID,
		framework: framework,
		end:       end,
		ordered:   subscription.NewLane[mesos.SchedulerCall](laneSize, over, ErrNotSubscribed),
		free:      subscription.NewLane[mesos.SchedulerCall](laneSize, over, ErrNotSubscribed),
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

// lane returns the one that a call goes by.
func (s *session) lane(call mesos.SchedulerCall) *subscription.Lane[mesos.SchedulerCall] {
	if orderMatters(call) {
		return s.ordered
	}
	return s.free
}

func (s *session) serve(live context.Context, lane *subscription.Lane[mesos.SchedulerCall]) {
	defer lane.Abandon()
	lane.Serve(live, func(j job) error { return s.send(live, j) })
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
	if err := j.Ctx.Err(); err != nil {
		return context.Cause(j.Ctx)
	}
	message, err := wire.ToSchedulerCall(s.framework, j.Call)
	if err != nil {
		return &CallError{Call: fmt.Sprintf("%T", j.Call), Kind: Bad, Err: err}
	}
	name := message.Type.String()
	body, err := message.Marshal()
	if err != nil {
		return &CallError{Call: name, Kind: Bad, Err: err}
	}
	ctx, cancel := context.WithTimeoutCause(live, s.client.cfg.CallTimeout, errCallTimeout)
	defer cancel()
	defer context.AfterFunc(j.Ctx, cancel)()
	resp, err := s.client.post(ctx, s.endpoint, body, http.Header{streamIDHeader: {s.streamID}})
	if err != nil {
		return s.unanswered(live, ctx, j.Ctx, name, err)
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
