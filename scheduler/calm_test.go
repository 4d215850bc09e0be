package scheduler

import (
	"sync/atomic"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestWarningsAreInformationOnceTheClusterStops(t *testing.T) {
	t.Parallel()
	core, seen := observer.New(zapcore.WarnLevel)
	var stopping atomic.Bool
	log := calmed(zap.New(core), &stopping).Named("mesos").With(zap.Int("n", 1))
	log.Warn("before")
	stopping.Store(true)
	log.Warn("wanted")
	log.Error("not wanted")
	if seen.Len() != 2 || seen.All()[0].Message != "before" || seen.All()[1].Message != "not wanted" {
		t.Errorf("got %v, want the warning from before and the error", seen.All())
	}
}
