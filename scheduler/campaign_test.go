package scheduler

import (
	"context"
	"testing"

	"github.com/gantry-mesos/gantry/scheduler/election"
)

// elected is a campaign that was won by leader.
type elected struct{ leader election.Leader }

func (e elected) Run(context.Context) error       { return nil }
func (e elected) Leader() (election.Leader, bool) { return e.leader, e.leader.ID != "" }

func TestASchedulerLeadsOnceItHasLoadedTheState(t *testing.T) {
	t.Parallel()
	me, other := election.Leader{ID: "1", Address: "me:80"}, election.Leader{ID: "2", Address: "other:80"}
	for _, c := range []struct {
		name    string
		leader  election.Leader
		ready   bool
		self    bool
		address string
	}{
		{name: "nobody was elected"},
		{name: "another was elected", leader: other, address: "other:80"},
		{name: "elected, the state is being loaded", leader: me, address: "me:80"},
		{name: "elected and loaded", leader: me, ready: true, self: true, address: "me:80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			camp := &campaign{campaigner: elected{c.leader}, self: me, ready: func() bool { return c.ready }}
			if self, address := camp.Leader(); self != c.self || address != c.address {
				t.Errorf("got %v, %q, want %v, %q", self, address, c.self, c.address)
			}
		})
	}
}
