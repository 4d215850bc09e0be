package core

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// ward has the Apps with instances in bad health.
type ward struct {
	apps map[*appState]*ailing
	// look says that tasks may have to be ended.
	look bool
}

// ailing is what follows from the instances of an App that are in bad health.
type ailing struct {
	// due are those whose checks have failed so often that they are to be replaced,
	// with the time from which on that is believed: a verdict from before the agent
	// was out of sight, or the scheduler away, may be out of date.
	due map[*roster.Member]time.Time
	// mending are those that are being replaced: their task is being ended, or the one
	// after it is not ready yet.
	mending map[*roster.Member]struct{}
	// spared is how many of those due are left as they are for now.
	spared int
}

// nurse notes what a change means for the health of an App.
func (s *State) nurse(c roster.Change) {
	a := stateOf(c.App)
	mends, due := a.mends(c.Is), a.failing(c.Is)
	w := s.ward.apps[a]
	if w == nil {
		if !mends && !due {
			return
		}
		w = &ailing{due: map[*roster.Member]time.Time{}, mending: map[*roster.Member]struct{}{}}
		s.ward.apps[a] = w
	}
	s.ward.look = true
	if since := w.due[c.Member]; due {
		w.due[c.Member] = s.believed(c, since)
	} else {
		delete(w.due, c.Member)
	}
	if mends {
		w.mending[c.Member] = struct{}{}
	} else {
		delete(w.mending, c.Member)
	}
	if len(w.mending)+len(w.due) == 0 {
		s.spare(a, w, 0)
		delete(s.ward.apps, a)
	}
}

// mends reports whether an instance is being replaced for bad health.
func (a *appState) mends(i *instance.Instance) bool {
	return i != nil && i.Goal == instance.GoalRunning && (i.Condemned() || i.Replaced() && !a.Ready(i))
}

// failing reports whether an instance is to be replaced for bad health.
func (a *appState) failing(i *instance.Instance) bool {
	if i == nil || i.Goal != instance.GoalRunning || i.Condition != instance.Running || i.Checks == nil || i.Condemned() {
		return false
	}
	check, _ := i.Exhausted(a.Ran(i).HealthChecks)
	return check != nil
}

// believed is from when on an instance's verdict is believed: at once when its
// executor has just given it, else when it had the time to give another one.
func (s *State) believed(c roster.Change, since time.Time) time.Time {
	switch {
	case c.Was == nil || c.Was.Condition != instance.Running:
		if c.Was != nil && c.Is.Report().Newer(c.Was.Report()) {
			return time.Time{}
		}
		return s.now.Add(s.cfg.ConfirmAfter)
	case c.Is.Report().Newer(c.Was.Report()):
		return time.Time{}
	default:
		return since
	}
}

// doubtHealth waits for news of instances in bad health after a new subscription.
func (s *State) doubtHealth() {
	for _, w := range s.ward.apps {
		for m := range w.due {
			w.due[m] = s.now.Add(s.cfg.ConfirmAfter)
		}
		s.ward.look = true
	}
}

// cull ends tasks whose health checks have failed for long, as many of each App as
// may be replaced at a time.
func (s *State) cull() {
	if !s.ward.look || !s.framework.Subscribed {
		return
	}
	s.ward.look = false
	byID := func(a, b *appState) int { return cmp.Compare(a.Spec().ID, b.Spec().ID) }
	var next time.Time
	for _, a := range slices.SortedFunc(maps.Keys(s.ward.apps), byID) {
		next = sooner(next, s.cullApp(a, s.ward.apps[a]))
	}
	if !next.IsZero() {
		s.timers.set(next, cullTimer, "")
	}
}

// cullApp returns when it has to be done again, zero for not before something changes.
func (s *State) cullApp(a *appState, w *ailing) (next time.Time) {
	var believed []*roster.Member
	for m, from := range w.due {
		if from.After(s.now) {
			next = sooner(next, from)
			continue
		}
		believed = append(believed, m)
	}
	room := max(1, int(s.cfg.UnhealthyShare*float64(a.Spec().Instances))) - len(w.mending)
	room = max(0, min(room, len(believed)))
	slices.SortFunc(believed, func(x, y *roster.Member) int { return cmp.Compare(x.Is().ID, y.Is().ID) })
	for _, m := range believed[:room] {
		s.condemn(a, m)
	}
	s.spare(a, w, len(believed)-room)
	return next
}

// sooner is the earlier of two times, of which zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// condemn ends an instance's task for bad health.
func (s *State) condemn(a *appState, m *roster.Member) {
	i := m.Is()
	s.publish(&event.UnhealthyInstanceKilled{
		AppID: i.App, TaskID: i.TaskID(), InstanceID: string(i.ID), Version: event.Time{Time: i.Version},
		Reason: s.diagnosis(a, i), Host: i.Hostname, SlaveID: i.AgentID,
	})
	s.drain(m, i.Condemn(), false)
}

// spare notes how many of an App's instances are left as they are in spite of bad
// health, and says so when they are the first.
func (s *State) spare(a *appState, w *ailing, n int) {
	if n == w.spared {
		return
	}
	if w.spared == 0 {
		s.publish(&event.UnhealthyKillsHeld{AppID: a.Spec().ID, Held: n, Replacing: len(w.mending), Instances: a.Spec().Instances})
	}
	w.spared = n
	s.pictures.Changed(&a.page)
}

// diagnosis says why an instance's task is ended.
func (s *State) diagnosis(a *appState, i *instance.Instance) string {
	check, r := i.Exhausted(a.Ran(i).HealthChecks)
	if check == nil {
		return "health checks failed"
	}
	return fmt.Sprintf("health check %v failed %d times in a row: %s", check.Protocol, r.Failures, r.Cause)
}

// join puts what Mesos says behind what the scheduler says.
func join(cause, message string) string {
	if message == "" {
		return cause
	}
	return cause + "; " + message
}
