// Package instance holds the life of one instance: its record, what is wanted
// of it (Goal), what is known of it (Condition), and the table that says how a
// status update or a decision changes them.
package instance

import (
	"strconv"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// ID names an instance for its whole life, over restarts: the App's path with
// underscores, ".instance-" and a UUID ("Marathon, task and instance ids").
type ID string

// NewID makes the id of a new instance of the App; unique is a UUID.
func NewID(a app.ID, unique string) ID {
	return ID(a.Underscored() + ".instance-" + unique)
}

// taskMarker stands between an instance's id and the number of its run.
const taskMarker = "._app."

// TaskID returns the id of the instance's run with this number, counted from 1.
func (id ID) TaskID(incarnation int) mesos.TaskID {
	return mesos.TaskID(string(id) + taskMarker + strconv.Itoa(incarnation))
}

// OfTask returns the instance that a task id belongs to; ok is false for a
// task id of another form. Marathon's older forms ("web.<uuid>",
// "web.marathon-<uuid>", without incarnation) are read, too.
func OfTask(t mesos.TaskID) (id ID, a app.ID, ok bool) {
	s := string(t)
	path, rest, found := cutApp(s)
	if !found || path == "" || rest == "" {
		return "", "", false
	}
	unique, _, _ := strings.Cut(rest, ".")
	return ID(s[:len(path)+1+len(unique)]), app.FromUnderscored(path), true
}

// cutApp splits a task id in the App's part and the rest. App segments may
// hold dots, so the marker is looked for first.
func cutApp(s string) (path, rest string, ok bool) {
	for _, marker := range []string{".instance-", ".marathon-"} {
		if i := strings.Index(s, marker); i > 0 {
			return s[:i], s[i+1:], true
		}
	}
	return strings.Cut(s, ".")
}

// Goal is what is wanted of an instance.
type Goal uint8

// The goals.
const (
	// GoalRunning keeps a task of the instance alive.
	GoalRunning Goal = iota + 1
	// GoalStopped keeps the instance and its reservations, without a task.
	GoalStopped
	// GoalDecommissioned ends the task and then forgets the instance.
	GoalDecommissioned
)

// String returns the goal's name, such as "Running".
func (g Goal) String() string {
	switch g {
	case GoalRunning:
		return "Running"
	case GoalStopped:
		return "Stopped"
	case GoalDecommissioned:
		return "Decommissioned"
	default:
		return ""
	}
}

// Condition is what is known of an instance's current task.
type Condition uint8

// The conditions. Scheduled has no task; Provisioned has been sent to Mesos
// and not been confirmed; the rest follow Mesos' states.
const (
	Scheduled Condition = iota + 1
	Provisioned
	Staging
	Starting
	Running
	Killing
	Unreachable
	// UnreachableInactive is Unreachable for so long that a replacement was started.
	UnreachableInactive
	Finished
	Failed
	Killed
	Errored
	Gone
	Dropped
	Unknown
)

var conditionNames = [...]string{
	Scheduled: "Scheduled", Provisioned: "Provisioned", Staging: "Staging", Starting: "Starting",
	Running: "Running", Killing: "Killing", Unreachable: "Unreachable", UnreachableInactive: "UnreachableInactive",
	Finished: "Finished", Failed: "Failed", Killed: "Killed", Errored: "Error", Gone: "Gone", Dropped: "Dropped", Unknown: "Unknown",
}

// String returns the condition's name as events show it, such as "Running".
func (c Condition) String() string {
	if int(c) < len(conditionNames) {
		return conditionNames[c]
	}
	return ""
}

// Live reports whether a task of the instance may exist in Mesos.
func (c Condition) Live() bool {
	return c >= Provisioned && c <= UnreachableInactive
}

// OutOfSight reports whether the task's agent is unreachable.
func (c Condition) OutOfSight() bool { return c == Unreachable || c == UnreachableInactive }

// GivenUp reports whether the instance is gone for its App, and only remembered so
// that its task is killed should its agent come back.
func (i *Instance) GivenUp() bool {
	return i.Goal == GoalDecommissioned && i.Condition == UnreachableInactive
}

// Terminal reports whether the task has ended.
func (c Condition) Terminal() bool { return c >= Finished }

// TaskState returns the state that the API shows, 0 for Scheduled.
func (c Condition) TaskState() mesos.TaskState {
	switch c {
	case Provisioned, Staging:
		return mesos.TaskStaging
	case Starting:
		return mesos.TaskStarting
	case Running:
		return mesos.TaskRunning
	case Killing:
		return mesos.TaskKilling
	case Unreachable, UnreachableInactive:
		return mesos.TaskUnreachable
	case Finished:
		return mesos.TaskFinished
	case Failed:
		return mesos.TaskFailed
	case Killed:
		return mesos.TaskKilled
	case Errored:
		return mesos.TaskError
	case Gone:
		return mesos.TaskGone
	case Dropped:
		return mesos.TaskDropped
	case Unknown:
		return mesos.TaskUnknown
	case Scheduled:
		return 0
	default:
		return 0
	}
}

// Instance is one copy of an App as it is stored. A record is immutable: a
// change makes a new one, so that readers may keep what they have.
type Instance struct {
	ID  ID
	App app.ID
	// Version is that of the Spec the current (or next) task is made from.
	Version   time.Time
	Goal      Goal
	Condition Condition
	// Since is when Condition was entered.
	Since time.Time
	// Incarnation counts the instance's tasks; 0 means none was ever launched.
	Incarnation int
	// Home is where the instance's persistent volumes are; nil without any, and
	// before the first launch.
	Home *Home

	// What follows describes the current task; it is empty while Scheduled.
	mesos.Site
	// HostPorts holds one number for each of the App's ports that has a host port, in their order.
	HostPorts   []uint32
	Resources   resource.Vector
	Role        string
	IPAddresses []string
	StagedAt    time.Time
	StartedAt   time.Time
	// Healthy is nil until all health checks have reported, or one a failure.
	Healthy *bool
	// Checks is what the task's checks have found, nil before they found anything.
	Checks *Checks
	// Message is the last status update's text.
	Message string
	// Forgotten says that the master did not know the task any more; it may still
	// come back with its agent.
	Forgotten bool
	// Draining says that the task is to be killed as soon as nobody sends to it any
	// more, and has not been yet.
	Draining bool
}

// Place is where an instance's next task goes and what it uses there.
type Place struct {
	*mesos.Site
	HostPorts []uint32
	Resources resource.Vector
	Role      string
	// Home is set for the first launch of a resident instance only; later ones keep the record's.
	Home *Home
}

// TaskID returns the current task's id, "" when none was launched yet.
func (i *Instance) TaskID() mesos.TaskID {
	if i.Incarnation == 0 {
		return ""
	}
	return i.ID.TaskID(i.Incarnation)
}

// Owns reports whether t is the current task, as TaskID would name it.
func (i *Instance) Owns(t mesos.TaskID) bool {
	rest, mine := strings.CutPrefix(string(t), string(i.ID))
	run, marked := strings.CutPrefix(rest, taskMarker)
	if !mine || !marked || i.Incarnation == 0 {
		return false
	}
	n, err := strconv.Atoi(run)
	return err == nil && n == i.Incarnation && run[0] != '0' && run[0] != '+'
}

// TaskFailure is the last abnormal end of a task of an App.
type TaskFailure struct {
	App       app.ID
	TaskID    mesos.TaskID
	AgentID   mesos.AgentID
	Host      string
	State     mesos.TaskState
	Reason    mesos.Reason
	Message   string
	Version   time.Time
	Timestamp time.Time
}
