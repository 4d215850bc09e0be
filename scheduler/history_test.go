package scheduler

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/gantry-mesos/gantry/pkg/event"
)

// TestWhatAUserWantsIsNoWarning tells a cancelled deployment from one that failed.
func TestWhatAUserWantsIsNoWarning(t *testing.T) {
	t.Parallel()
	seen, logs := observer.New(zapcore.InfoLevel)
	history{zap.New(seen)}.Publish([]event.Event{
		&event.DeploymentFailed{ID: "a", Reason: "cancelled by a user", Cancelled: true},
		&event.DeploymentFailed{ID: "b", Reason: "no progress for 30m0s"},
	})
	var got []string
	for _, l := range logs.All() {
		got = append(got, l.Level.String()+" "+l.Message)
	}
	if diff := cmp.Diff([]string{"info deployment cancelled", "warn deployment failed"}, got); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
}
