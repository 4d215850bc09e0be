package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
)

// Command is a change that a user asks for. It is stored before it is answered.
type Command interface{ command() }

// AppChange is what a command does to one App.
type AppChange struct {
	// Spec is the complete, normalized definition wanted; its versions are
	// ignored and service ports of 0 are assigned by the core.
	Spec *app.Spec
	// Create demands that the App does not exist yet (ErrExists otherwise).
	Create bool
	// Base is the version that Spec was derived from; if the App has another one
	// by now the command fails with ErrChanged and the caller derives it again.
	// Zero skips the check.
	Base time.Time
	// Rollback says that Spec is an earlier version: of its service ports, those
	// of the assigned range that another App has by now are assigned anew.
	Rollback bool
}

// Origin is where a command came from.
type Origin struct {
	ClientIP string
	// URI is the path that was asked for.
	URI string
}

// The commands.
type (
	// ChangeApps creates or updates Apps in one deployment.
	ChangeApps struct {
		Changes []AppChange
		Force   bool
		// From is told with the definitions.
		From Origin
	}
	// ChangeGroup makes a group what Target is, in one deployment: what is in it and
	// not in Target is removed, at any depth. Groups above it are made.
	ChangeGroup struct {
		ID app.ID
		// Target is complete: its definitions are as in AppChange.Spec, and the
		// versions of groups are ignored. Nil removes the group; of the root, all
		// that is in it.
		Target *group.Node
		// Base is the version of the group that Target was derived from, zero if there
		// was no such group. If it has another one by now the command fails with a
		// *ChangedError and the caller derives it again.
		Base time.Time
		// Rollback says that Target is what the group was earlier, as with AppChange.
		Rollback bool
		// DryRun only tells the steps that there would be, and changes nothing.
		DryRun bool
		Force  bool
	}
	// RestartApp replaces all instances of an App by new ones, rolling.
	RestartApp struct {
		ID    app.ID
		Force bool
	}
	// DeleteApps stops Apps and then forgets them, in one deployment.
	DeleteApps struct {
		IDs   []app.ID
		Force bool
	}
	// KillTasks ends tasks. They are replaced, unless Scale lowers their Apps'
	// instances by as many. Tasks are a set: one named twice counts once. Unknown
	// ones are skipped. An instance that is out of sight and holds no data is given
	// up, so that it is replaced at once. Wipe also forgets what
	// an instance reserved, and forgets it at once when its agent is unreachable.
	KillTasks struct {
		Tasks []mesos.TaskID
		Scale bool
		Wipe  bool
		Force bool
	}
	// TaskGone takes somebody's word that a task which is out of sight is dead, as if
	// Mesos had said so: its instance is launched anew at once. Should the task come
	// back, it is killed. It fails with *NotFoundError and *InSightError.
	TaskGone struct{ Task mesos.TaskID }
	// CancelDeployment stops a deployment; unless Force, another one undoes its changes.
	CancelDeployment struct {
		ID    deployment.ID
		Force bool
	}
	// ResetDelay lets an App that is backing off launch at once.
	ResetDelay struct{ ID app.ID }
	// ConfirmKills lifts the mass-kill guard once, for what it holds back now.
	ConfirmKills struct{}
	// SetQuota changes what a queue may have; nil undoes an earlier one, and what
	// the scheduler was configured with holds again. It fails with *InvalidQuotaError.
	SetQuota struct {
		Queue string
		Quota *fairshare.Quota
	}
	// LetGo says of tasks that are being drained that nobody sends to them any more.
	// Others are skipped.
	LetGo struct{ Tasks []mesos.TaskID }
	// Quiesce stops launching until the scheduler starts again.
	Quiesce struct{}
)

func (ChangeApps) command()       {}
func (ChangeGroup) command()      {}
func (RestartApp) command()       {}
func (DeleteApps) command()       {}
func (KillTasks) command()        {}
func (TaskGone) command()         {}
func (CancelDeployment) command() {}
func (ResetDelay) command()       {}
func (ConfirmKills) command()     {}
func (SetQuota) command()         {}
func (LetGo) command()            {}
func (Quiesce) command()          {}

// Result answers a command that was accepted.
type Result struct {
	// Deployment is the id of the deployment started, "" when there is none.
	Deployment deployment.ID
	Version    time.Time
	// Apps holds the Apps as they were stored, for ChangeApps, in its order.
	Apps []*app.Spec
	// Steps are those that there would be, for a ChangeGroup with DryRun.
	Steps []deployment.Step
	// Tasks lists what KillTasks ends.
	Tasks []mesos.TaskID
}
