package conformance

import (
	"fmt"
	"slices"
	"time"
)

// await takes the first unread events that are not skipped and compares them.
func (r *Replay) await(step *Step) error {
	s, err := r.stream(step.Await)
	if err != nil {
		return err
	}
	n := len(step.Expect.Events)
	var taken []*event
	came := s.wait(r.stepStart.Add(ms(step.WithinMS)), func() bool {
		taken = taken[:0]
		for _, e := range s.events {
			if !e.read && !slices.Contains(step.Skip, e.kind()) && len(taken) < n {
				taken = append(taken, e)
			}
		}
		return len(taken) == n || s.ended
	})
	if !came || len(taken) < n {
		return fmt.Errorf("got %d of %d events within %v: %s; want %s", len(taken), n, ms(step.WithinMS), s.unread(), show(step.Expect.Events))
	}
	if err := r.matchEvents(step, taken); err != nil {
		return fmt.Errorf("%w (%s)", err, s.unread())
	}
	s.mu.Lock()
	for _, e := range taken {
		e.read = true
	}
	s.mu.Unlock()
	if step.NotBeforeMS > 0 {
		last := slices.MaxFunc(taken, func(a, b *event) int { return a.at.Compare(b.at) }).at
		if got := last.Sub(r.mark); got < ms(step.NotBeforeMS) {
			return fmt.Errorf("event came %v after the preceding action, want not before %v", got, ms(step.NotBeforeMS))
		}
	}
	return nil
}

func (r *Replay) matchEvents(step *Step, taken []*event) error {
	if step.Expect.Order == "any" {
		got := make([]any, len(taken))
		for i, e := range taken {
			got[i] = e.body
		}
		attempt := r.binding.Clone()
		if err := r.matcher.matchUnordered("events", step.Expect.Events, got, attempt); err != nil {
			return err
		}
		r.binding.adopt(attempt)
		return nil
	}
	for i, want := range step.Expect.Events {
		if err := r.matcher.Match(want, taken[i].body, r.binding); err != nil {
			return fmt.Errorf("event %d: %w; got %s", i+1, err, show(taken[i].body))
		}
	}
	return nil
}

// none checks that no event of some types came or comes.
func (r *Replay) none(step *Step) error {
	s, err := r.stream(step.None)
	if err != nil {
		return err
	}
	var found *event
	s.wait(r.stepStart.Add(ms(step.ForMS)), func() bool {
		for _, e := range s.events {
			if !e.read && !e.at.Before(r.mark) && slices.Contains(step.Types, e.kind()) && !slices.Contains(step.ButGot, e.kind()) {
				found = e
			}
		}
		return found != nil
	})
	if found != nil {
		return fmt.Errorf("got %s %v after the preceding action, want none for %v", show(found.body), found.at.Sub(r.mark), ms(step.ForMS))
	}
	return nil
}

// eof waits for the end of a stream.
func (r *Replay) eof(step *Step) error {
	s, err := r.stream(step.EOF)
	if err != nil {
		return err
	}
	if !s.wait(r.stepStart.Add(ms(step.WithinMS)), func() bool { return s.ended }) {
		return fmt.Errorf("stream is still open after %v: %s", ms(step.WithinMS), s.unread())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if !e.read && !e.at.Before(r.mark) && e.kind() != "HEARTBEAT" && e.kind() != "OFFERS" {
			return fmt.Errorf("got %s before the end of the stream, want none", show(e.body))
		}
	}
	return nil
}

func (r *Replay) stream(name string) (*stream, error) {
	s, ok := r.streams[name]
	if !ok {
		return nil, fmt.Errorf("no stream %q", name)
	}
	return s, nil
}

func ms(f float64) time.Duration { return time.Duration(f * float64(time.Millisecond)) }
