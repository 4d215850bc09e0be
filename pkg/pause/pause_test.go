package pause_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gantry-mesos/gantry/pkg/pause"
)

func TestAPauseEndsWithItsTimeOrItsContext(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		pause, life, want time.Duration
		lives             bool
	}{
		"time first":    {pause: time.Minute, life: time.Hour, want: time.Minute, lives: true},
		"context first": {pause: time.Hour, life: time.Minute, want: time.Minute},
		"no time":       {pause: -1, life: time.Minute, lives: true},
		"ended before":  {pause: 0, life: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), row.life)
				defer cancel()
				start := time.Now()
				if got := pause.For(ctx, row.pause); got != row.lives {
					t.Errorf("got %v, want %v", got, row.lives)
				}
				if got := time.Since(start); got != row.want {
					t.Errorf("took %v, want %v", got, row.want)
				}
			})
		})
	}
}
