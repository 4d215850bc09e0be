package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/groups"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/volumes"
)

// Effects is what a step wants done. They are carried out in field order; if
// Persist fails nothing else happens and another State goes on from the store.
type Effects struct {
	// Persist is one transaction, durable before anything below.
	Persist []Change
	// Calls go to Mesos in this order; any may be lost, timers in State repair that.
	Calls []Call
	// Publish goes to the event log.
	Publish []event.Event
	// Replies go to waiting callers.
	Replies []Reply
	// Wake is when the next Tick is due; zero if never.
	Wake time.Time
}

// Merge adds the effects of a later step, to be carried out together.
func (e *Effects) Merge(later Effects) {
	e.Persist = append(e.Persist, later.Persist...)
	e.Calls = append(e.Calls, later.Calls...)
	e.Publish = append(e.Publish, later.Publish...)
	e.Replies = append(e.Replies, later.Replies...)
	e.Wake = later.Wake
}

// Change is one change of a stored record.
type Change interface{ change() }

// The changes.
type (
	// PutFramework stores the framework's id.
	PutFramework struct{ ID mesos.FrameworkID }
	// PutApp stores one version of an App; the newest is current.
	PutApp struct{ Spec *app.Spec }
	// DropApp forgets one version of an App.
	DropApp struct {
		ID      app.ID
		Version time.Time
	}
	// PutPast keeps one version of an App that is no more, for the history of its
	// group or to undo its deletion.
	PutPast struct{ Spec *app.Spec }
	// DropPast forgets it.
	DropPast struct {
		ID      app.ID
		Version time.Time
	}
	// PutGroup stores what a group says of itself.
	PutGroup struct{ Group *group.Group }
	// DropGroup forgets a group.
	DropGroup struct{ ID app.ID }
	// PutEdit stores what a change made of the tree. The definitions that it refers
	// to are stored with it, and dropped with it or later.
	PutEdit struct{ Edit *groups.Edit }
	// DropEdit forgets it.
	DropEdit struct{ Version time.Time }
	// PutInstance stores an instance.
	PutInstance struct{ Instance *instance.Instance }
	// DropInstance forgets an instance.
	DropInstance struct{ ID instance.ID }
	// PutDeployment stores a new deployment. The definitions that it refers to are
	// stored before it, and dropped after it.
	PutDeployment struct{ Deployment *deployment.Deployment }
	// PutProgress stores how far a stored deployment is.
	PutProgress struct {
		ID         deployment.ID
		Current    int
		Progressed time.Time
	}
	// DropDeployment forgets a deployment with its progress.
	DropDeployment struct{ ID deployment.ID }
	// PutTrouble stores an App's last failure and back-off.
	PutTrouble struct {
		App     app.ID
		Trouble Trouble
	}
	// DropTrouble forgets them.
	DropTrouble struct{ App app.ID }
	// PutRelease stores that a forgotten instance's volumes are to be destroyed.
	PutRelease struct {
		ID      instance.ID
		Release volumes.Release
	}
	// DropRelease forgets that: nothing of them is left.
	DropRelease struct{ ID instance.ID }
	// PutQuota stores a quota that was set at run time.
	PutQuota struct {
		Queue string
		Quota fairshare.Quota
	}
	// DropQuota forgets it.
	DropQuota struct{ Queue string }
)

func (PutFramework) change()   {}
func (PutApp) change()         {}
func (DropApp) change()        {}
func (PutPast) change()        {}
func (DropPast) change()       {}
func (PutGroup) change()       {}
func (DropGroup) change()      {}
func (PutEdit) change()        {}
func (DropEdit) change()       {}
func (PutInstance) change()    {}
func (DropInstance) change()   {}
func (PutDeployment) change()  {}
func (PutProgress) change()    {}
func (DropDeployment) change() {}
func (PutTrouble) change()     {}
func (DropTrouble) change()    {}
func (PutRelease) change()     {}
func (DropRelease) change()    {}
func (PutQuota) change()       {}
func (DropQuota) change()      {}

// Trouble is an App's last failure and the delay of its next launches.
type Trouble struct {
	Failure *instance.TaskFailure
	// Delay is the last delay imposed, DelayUntil when it ends.
	Delay      time.Duration
	DelayUntil time.Time
}

// Call is a call to Mesos. Launch is Gantry's own; all others are Mesos calls as they are.
type Call interface{ call() }

// The calls.
type (
	// MesosCall is a call that needs nothing made from it.
	MesosCall struct{ mesos.SchedulerCall }
	// Launch accepts offers of one agent and role to start tasks there.
	Launch struct {
		OfferIDs []mesos.OfferID
		// Prepare comes before the launch: reservations and volumes.
		Prepare []mesos.Operation
		Tasks   []TaskLaunch
		Refuse  time.Duration
	}
)

func (MesosCall) call() {}
func (*Launch) call()   {}

// TaskLaunch is one task of a Launch.
type TaskLaunch struct {
	Spec              *app.Spec
	Instance          *instance.Instance
	Resources         []mesos.Resource
	ExecutorResources []mesos.Resource
}

// Reply answers the command that came with the same number.
type Reply struct {
	To     uint64
	Result Result
	Err    error
}
