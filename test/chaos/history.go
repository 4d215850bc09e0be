// Package chaos judges what clients were answered, while everything around a scheduler
// failed in turn, by what is there in the end. It knows nothing of how the faults are
// made: test/e2e makes them.
package chaos

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Gone is the number of instances of an App that does not exist.
const Gone = -1

// fate is what an App may be in the end.
type fate struct {
	// last is the number of instances by the last answer, Gone at first.
	last int
	// open is what a request without an answer wanted: it may have been carried out, or
	// be carried out at any time, so that the App takes no further request.
	open *int
}

// History is what all clients asked for and were answered. It may be used by several
// goroutines; one App belongs to one client, which waits for each answer.
type History struct {
	mu         sync.Mutex
	fates      map[string]*fate
	violations []string
	counts     map[string]int
}

// NewHistory returns an empty history.
func NewHistory() *History { return &History{fates: map[string]*fate{}, counts: map[string]int{}} }

// Answer notes what became of a request for an App to have so many instances, by its
// status: 0 stands for no answer. It reports whether the App may be asked for more.
func (h *History) Answer(app string, instances, status int) (goOn bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.fates[app]
	if f == nil {
		f = &fate{last: Gone}
		h.fates[app] = f
	}
	switch {
	case status >= 200 && status < 300:
		h.counts["acknowledged"]++
		f.last = instances
	case status == 404 && instances == Gone:
		h.counts["acknowledged"]++
		if f.last != Gone {
			h.violations = append(h.violations, fmt.Sprintf("%s is not there, and was acknowledged with %d instances", app, f.last))
		}
		f.last = Gone
	case status >= 400 && status < 500:
		h.counts["refused"]++
	default:
		h.counts["without an answer"]++
		f.open = &instances
		return false
	}
	return true
}

// Task is a task that a master lists as alive.
type Task struct{ ID string }

// instance is the part of a task's id that stays over the runs of an instance.
func (t Task) instance() string {
	i, _, _ := strings.Cut(t.ID, "._app")
	return i
}

// app is the App of a task, whose id has underscores for slashes.
func (t Task) app() string {
	name, _, _ := strings.Cut(t.ID, ".")
	return "/" + strings.ReplaceAll(name, "_", "/")
}

// Look notes what a master lists at some moment: no instance may be there twice.
func (h *History) Look(tasks []Task) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts["looks"]++
	seen := map[string]string{}
	for _, t := range tasks {
		if other, twice := seen[t.instance()]; twice {
			h.violations = append(h.violations, fmt.Sprintf("the instance %s lives twice: %s and %s", t.instance(), other, t.ID))
		}
		seen[t.instance()] = t.ID
	}
}

// Judge compares the end with the answers: what the API shows, instances by App, and
// what a master lists as alive. It returns what does not fit, nothing if all is well;
// the end may take some time to come.
func (h *History) Judge(shown map[string]int, tasks []Task) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var wrong []string
	live := map[string]int{}
	for _, t := range tasks {
		live[t.app()]++
	}
	for app := range shown {
		if h.fates[app] == nil {
			wrong = append(wrong, fmt.Sprintf("%s is there, and nobody asked for it", app))
		}
	}
	for app, f := range h.fates {
		is, there := shown[app]
		if !there {
			is = Gone
		}
		if is != f.last && (f.open == nil || is != *f.open) {
			wrong = append(wrong, fmt.Sprintf("%s has %d instances, the last answer was for %d%s", app, is, f.last, f.asked()))
		}
		if want := max(is, 0); live[app] != want {
			wrong = append(wrong, fmt.Sprintf("%s has %d instances, the master lists %d of its tasks", app, is, live[app]))
		}
		delete(live, app)
	}
	for app, n := range live {
		wrong = append(wrong, fmt.Sprintf("the master lists %d tasks of %s, which is not there", n, app))
	}
	slices.SortFunc(wrong, cmp.Compare[string])
	return wrong
}

func (f *fate) asked() string {
	if f.open == nil {
		return ""
	}
	return fmt.Sprintf(", and %d were asked for without an answer", *f.open)
}

// Violations are what was wrong on the way, whatever the end is.
func (h *History) Violations() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.violations)
}

// Counts are numbers for people: answers by kind, Apps, looks.
func (h *History) Counts() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := maps.Clone(h.counts)
	c["apps"] = len(h.fates)
	return c
}
