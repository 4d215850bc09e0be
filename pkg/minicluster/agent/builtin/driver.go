package builtin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
)

// errForgotten means that the agent does not know the executor and never will.
var errForgotten = errors.New("agent refuses the executor")

const (
	callTimeout = 5 * time.Second
	retryPause  = 100 * time.Millisecond
	frameMax    = 64 << 20
)

// driver keeps an executor subscribed at its agent, delivers its updates in order and remembers them until they are
// acknowledged (Mesos, executor HTTP API).
type driver struct {
	p      Params
	client *http.Client

	mu       sync.Mutex
	tasks    []mesos.TaskInfo   // none of their updates is acknowledged yet
	updates  []mesos.TaskStatus // not acknowledged, in order
	unsent   []mesos.TaskStatus // to be posted, in order
	wake     chan struct{}      // holds one token while there may be unsent updates
	acked    chan struct{}      // holds one token after an acknowledgement
	online   bool
	killing  bool // framework has TASK_KILLING_STATE
	lostFrom time.Time
}

func newDriver(p Params) *driver {
	transport := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: callTimeout}).DialContext,
		ResponseHeaderTimeout: callTimeout, MaxIdleConnsPerHost: 2,
	}
	return &driver{
		p: p, client: &http.Client{Transport: transport}, wake: make(chan struct{}, 1), acked: make(chan struct{}, 1), lostFrom: time.Now(),
	}
}

// run subscribes again and again until the context ends or the agent is lost for good. It hands events on one after the
// other.
func (d *driver) run(ctx context.Context, deliver func(*executor.Event) error) {
	var posts sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	posts.Go(func() { d.post(ctx) })
	defer func() {
		cancel()
		posts.Wait()
		d.client.CloseIdleConnections()
	}()
	for {
		err := d.subscribe(ctx, deliver)
		if ctx.Err() != nil || errors.Is(err, errForgotten) {
			return
		}
		if d.offline() && !d.p.Checkpoint || time.Since(d.lostFrom) > d.p.RecoveryTimeout {
			return
		}
		pause := min(d.p.BackoffMax/4, 500*time.Millisecond)
		select {
		case <-time.After(rand.N(pause + time.Millisecond)): //nolint:gosec // spreads load
		case <-ctx.Done():
			return
		}
	}
}

// offline notes the loss of the connection; it returns false if there was none.
func (d *driver) offline() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	was := d.online
	if was {
		d.online, d.lostFrom = false, time.Now()
	}
	return was
}

// subscribe makes one subscription and hands on its events until it ends.
func (d *driver) subscribe(ctx context.Context, deliver func(*executor.Event) error) error {
	d.mu.Lock()
	call := &executor.Call{
		Type: executor.Call_SUBSCRIBE, Subscribe: &executor.Call_Subscribe{UnacknowledgedTasks: slices.Clone(d.tasks)},
	}
	for _, u := range d.updates {
		call.Subscribe.UnacknowledgedUpdates = append(call.Subscribe.UnacknowledgedUpdates, executor.Call_Update{Status: u})
	}
	d.mu.Unlock()
	resp, err := d.call(ctx, call)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusBadRequest, http.StatusForbidden:
		return errForgotten
	default:
		return fmt.Errorf("subscribe: status %d", resp.StatusCode)
	}
	frames := codec.NewRecordReader(resp.Body, frameMax)
	for {
		frame, err := frames.Next()
		if err != nil {
			return err
		}
		e := &executor.Event{}
		if err := codec.Protobuf.Unmarshal(frame, e); err != nil {
			return err
		}
		d.take(e, len(call.Subscribe.UnacknowledgedUpdates))
		if err := deliver(e); err != nil {
			return err
		}
	}
}

// take does the driver's own part of an event. resent is the number of updates that the subscription carried.
func (d *driver) take(e *executor.Event, resent int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch e.Type {
	case executor.Event_SUBSCRIBED:
		d.online = true
		for _, c := range e.Subscribed.FrameworkInfo.Capabilities {
			d.killing = d.killing || c.Type == mesos.FrameworkInfo_Capability_TASK_KILLING_STATE
		}
		// What was made since the subscription was sent still has to be posted.
		d.unsent = slices.Clone(d.updates[min(resent, len(d.updates)):])
		d.signal(d.wake)
	case executor.Event_LAUNCH:
		d.tasks = append(d.tasks, e.Launch.Task)
	case executor.Event_LAUNCH_GROUP:
		d.tasks = append(d.tasks, e.LaunchGroup.TaskGroup.Tasks...)
	case executor.Event_ACKNOWLEDGED:
		id := e.Acknowledged.TaskID
		d.tasks = slices.DeleteFunc(d.tasks, func(t mesos.TaskInfo) bool { return t.TaskID == id })
		d.updates = slices.DeleteFunc(d.updates, func(u mesos.TaskStatus) bool { return bytes.Equal(u.UUID, e.Acknowledged.UUID) })
		d.signal(d.acked)
	case executor.Event_KILL, executor.Event_MESSAGE, executor.Event_ERROR, executor.Event_SHUTDOWN,
		executor.Event_HEARTBEAT, executor.Event_UNKNOWN:
	}
}

func (d *driver) signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// update completes a status and sends it.
func (d *driver) update(status mesos.TaskStatus) {
	id := uuid.New()
	now := float64(time.Now().UnixMicro()) / 1e6
	status.UUID, status.Timestamp, status.Source = id[:], &now, mesos.SOURCE_EXECUTOR.Enum()
	status.ExecutorID = &mesos.ExecutorID{Value: d.p.Executor}
	d.mu.Lock()
	d.updates = append(d.updates, status)
	d.unsent = append(d.unsent, status)
	d.mu.Unlock()
	d.signal(d.wake)
}

// pending returns how many updates are not acknowledged.
func (d *driver) pending() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.updates)
}

func (d *driver) reportsKilling() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.killing
}

// post sends updates in order. What can not be sent is tried again while the subscription holds; after that the next
// subscription carries it.
func (d *driver) post(ctx context.Context) {
	for {
		select {
		case <-d.wake:
		case <-ctx.Done():
			return
		}
		for {
			status, ok := d.next()
			if !ok {
				break
			}
			if !d.postOne(ctx, status) {
				select {
				case <-time.After(retryPause):
				case <-ctx.Done():
					return
				}
				continue
			}
			d.sent(status)
		}
	}
}

func (d *driver) next() (mesos.TaskStatus, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.online || len(d.unsent) == 0 {
		return mesos.TaskStatus{}, false
	}
	return d.unsent[0], true
}

func (d *driver) sent(status mesos.TaskStatus) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.unsent) > 0 && bytes.Equal(d.unsent[0].UUID, status.UUID) {
		d.unsent = d.unsent[1:]
	}
}

func (d *driver) postOne(ctx context.Context, status mesos.TaskStatus) bool {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	resp, err := d.call(ctx, &executor.Call{Type: executor.Call_UPDATE, Update: &executor.Call_Update{Status: status}})
	if err != nil {
		return false
	}
	// Drained so that the connection is used again.
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode != http.StatusServiceUnavailable
}

func (d *driver) call(ctx context.Context, call *executor.Call) (*http.Response, error) {
	call.ExecutorID = mesos.ExecutorID{Value: d.p.Executor}
	call.FrameworkID = mesos.FrameworkID{Value: d.p.Framework}
	body, err := codec.Protobuf.Marshal(call)
	if err != nil {
		return nil, err
	}
	url := "http://" + d.p.Endpoint + "/api/v1/executor"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", codec.MediaTypeProtobuf)
	req.Header.Set("Accept", codec.MediaTypeProtobuf)
	return d.client.Do(req)
}
