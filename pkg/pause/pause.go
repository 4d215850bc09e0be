// Package pause holds the one way to wait for a while that an end of the
// context cuts short.
package pause

import (
	"context"
	"time"
)

// For waits for d and reports whether ctx still lives then; it returns false at
// once when ctx ends first. A d of zero or less only looks at ctx.
func For(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
