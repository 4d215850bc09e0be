package schedapi_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport/transporttest"
)

// voters are a Leader that hears of elections.
type voters struct {
	mu      sync.Mutex
	elected string
	changed chan struct{}
}

func newVoters(first string) *voters { return &voters{elected: first, changed: make(chan struct{})} }

func (v *voters) elect(master string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.elected = master
	close(v.changed)
	v.changed = make(chan struct{})
}

func (v *voters) read() (string, <-chan struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return "http://" + v.elected, v.changed
}

func (v *voters) Leader(context.Context, string) (string, error) {
	is, _ := v.read()
	return is, nil
}

func (v *voters) Suspect(string) {}

func (v *voters) Another(ctx context.Context, endpoint string) bool {
	for {
		is, changed := v.read()
		if is != endpoint {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

func TestAnElectedMasterEndsTheBackOffAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		defer n.Serve("master2:5050", m)()
		v := newVoters(master) // which nobody serves
		c := start(t, defaults(t, n), v, nil)
		time.Sleep(2 * time.Minute) // of virtual time: the pauses are as long as they get
		synctest.Wait()
		began := time.Now()
		v.elect("master2:5050")
		expect[mesos.Subscribed](c)
		if took := time.Since(began); took > 0 {
			t.Errorf("subscribed %v after the election, want at once", took)
		}
		c.stop()
	})
}

func TestAnElectedMasterEndsTheSubscriptionWithItsPredecessor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, first, second := transporttest.New(), newFakeMaster(t), newFakeMaster(t)
		defer n.Serve(master, first)()
		defer n.Serve("master2:5050", second)()
		v := newVoters(master)
		c := start(t, defaults(t, n), v, nil)
		expect[mesos.Subscribed](c)
		began := time.Now()
		v.elect("master2:5050")
		if got := expect[mesos.Disconnected](c); got.Reason != "another master was elected" {
			t.Errorf("disconnected because %q", got.Reason)
		}
		expect[mesos.Subscribed](c)
		if took := time.Since(began); took > 0 {
			t.Errorf("subscribed %v after the election, want at once", took)
		}
		c.stop()
	})
}
