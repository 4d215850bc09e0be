package mailbox

import "time"

// Timer is a timer of a box. It belongs to the box's owner, and ends with the box.
type Timer struct {
	box  *Box
	t    *time.Timer
	dead bool
}

// After lets the owner run f after d unless the timer is stopped before. Only the owner may call it.
func (b *Box) After(d time.Duration, f func()) *Timer {
	t := &Timer{box: b}
	t.t = time.AfterFunc(d, func() {
		b.Post(func() {
			// It may have been stopped when its function was in the box already.
			if !t.dead {
				t.Stop()
				f()
			}
		})
	})
	b.timers[t] = struct{}{}
	return t
}

// Every lets the owner run f again and again until the box closes, d after the time before. Only the owner may call it.
func (b *Box) Every(d time.Duration, f func()) {
	b.After(d, func() {
		f()
		b.Every(d, f)
	})
}

// Stop ends the timer: its function does not run any more. A nil timer may be stopped, and one that has run. Only the
// owner may call it.
func (t *Timer) Stop() {
	if t == nil || t.dead {
		return
	}
	t.dead = true
	t.t.Stop()
	delete(t.box.timers, t)
}
