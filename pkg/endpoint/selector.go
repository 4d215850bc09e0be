package endpoint

import (
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// Selector chooses Apps. The zero value chooses all.
type Selector struct {
	// Apps are the ones wanted; none means all. A group stands for all Apps below it.
	Apps []app.ID
	// Label is "name" or "name=value" of a label that they have; a label with a list,
	// as in "a,b", has each of its parts. "" means any.
	Label string
}

// Matches reports whether the Selector chooses an App.
func (s *Selector) Matches(a *App) bool {
	if len(s.Apps) > 0 && !slices.ContainsFunc(s.Apps, func(id app.ID) bool { return a.ID == id || a.ID.Within(id) }) {
		return false
	}
	if s.Label == "" {
		return true
	}
	name, want, valued := strings.Cut(s.Label, "=")
	has, ok := a.Labels[name]
	if !ok || !valued {
		return ok
	}
	return has == want || slices.Contains(strings.Split(has, ","), want)
}
