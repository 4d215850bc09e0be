package scheduler

import (
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// calm logs warnings as mere information once the cluster is being stopped on purpose:
// that its masters are gone then is what was wanted.
type calm struct {
	zapcore.Core
	stopping *atomic.Bool
}

// calmed is a log that turns calm when stopping is set.
func calmed(log *zap.Logger, stopping *atomic.Bool) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core { return calm{core, stopping} }))
}

// With implements zapcore.Core.
func (c calm) With(fields []zapcore.Field) zapcore.Core { return calm{c.Core.With(fields), c.stopping} }

// Check implements zapcore.Core.
func (c calm) Check(entry zapcore.Entry, to *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if entry.Level == zapcore.WarnLevel && c.stopping.Load() {
		entry.Level = zapcore.InfoLevel
	}
	return c.Core.Check(entry, to)
}
