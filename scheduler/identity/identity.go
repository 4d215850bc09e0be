// Package identity looks at, and changes, who a stored state is to Mesos: its
// framework id, and what runs under it.
package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/record"
)

// Identity is who a state is to Mesos.
type Identity struct {
	// Framework is the stored id, "" for none.
	Framework mesos.FrameworkID `json:"frameworkId"`
	// Apps and Instances are how many are stored; Live instances may have a task in
	// Mesos under that id, Resident ones have persistent volumes.
	Apps      int `json:"apps"`
	Instances int `json:"instances"`
	Live      int `json:"live"`
	Resident  int `json:"resident"`
}

// Of tells of a loaded state.
func Of(st core.Stored) Identity {
	id := Identity{Framework: st.Framework, Instances: len(st.Instances)}
	apps := map[string]bool{}
	for _, s := range st.Versions {
		apps[string(s.ID)] = true
	}
	id.Apps = len(apps)
	for _, i := range st.Instances {
		if i.Condition.Live() {
			id.Live++
		}
		if i.Home != nil {
			id.Resident++
		}
	}
	return id
}

// Show tells of a state that nobody needs to own. It fails as record.Read does.
func Show(ctx context.Context, from store.Examiner) (Identity, error) {
	st, err := record.Read(ctx, from)
	return Of(st), err
}

// ErrSame says that there is nothing to change.
var ErrSame = errors.New("the state has this framework id already")

// HasOtherError says that a state has a framework id of its own.
type HasOtherError struct{ Identity Identity }

func (e *HasOtherError) Error() string {
	return fmt.Sprintf("the state has the framework id %s, with %d instances that may run under it; see 'gantry framework reset --dry-run', then reset it first",
		e.Identity.Framework, e.Identity.Live)
}

// Adopt says what it means to give a state the id of a framework whose tasks are its
// own: it fails with ErrSame, or with a *HasOtherError.
func Adopt(st core.Stored, id mesos.FrameworkID) ([]core.Change, error) {
	switch st.Framework {
	case id:
		return nil, ErrSame
	case "":
		return []core.Change{core.PutFramework{ID: id}}, nil
	default:
		return nil, &HasOtherError{Of(st)}
	}
}

// Reset forgets the id of a state and the tasks that ran under it, in st and by the
// changes that it returns: all instances are launched anew by a new framework.
func Reset(st *core.Stored, now time.Time) []core.Change {
	changes := []core.Change{core.PutFramework{}}
	for n, i := range st.Instances {
		st.Instances[n] = i.Rescheduled(now, i.Version)
		changes = append(changes, core.PutInstance{Instance: st.Instances[n]})
	}
	st.Framework = ""
	return changes
}
