package core

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/fault"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// Event is something that happened: at the agent, in the runtime or to a probe.
type Event interface{ event() }

// The events.
type (
	// Subscribed says that the agent accepted the subscription. KillingState
	// is whether the framework wants to see TASK_KILLING.
	Subscribed struct {
		KillingState bool
		ContainerID  mesos.ContainerID
	}
	// Disconnected says that the subscription broke.
	Disconnected struct{}
	// Forgotten says that the agent will never accept this executor again.
	Forgotten struct{ Message string }
	// Launch asks for a task's start.
	Launch struct{ Task Task }
	// Kill asks for a task's end; Grace overrides the task's own when set.
	Kill struct {
		TaskID mesos.TaskID
		Grace  *time.Duration
	}
	// Acknowledged says that the agent has stored an update.
	Acknowledged struct {
		TaskID mesos.TaskID
		UUID   UUID
	}
	// Shutdown asks for the end of the task and of the process.
	Shutdown struct{}
	// Tick says that Effects.Wake has come.
	Tick struct{}

	// Pulling reports the progress of fetching the image.
	Pulling struct{ Message string }
	// Created says that the container exists.
	Created struct{}
	// Running says that the task runs.
	Running struct {
		Networks []mesos.NetworkInfo
		Labels   []mesos.Label
	}
	// Exited says that the task has ended by itself or was stopped.
	Exited struct {
		// Code is the exit code; Message says the same in words.
		Code    int
		Message string
		// OOM says that the kernel killed it for its memory limit.
		OOM bool
	}
	// Failed says that the task could not be started, or was lost sight of.
	Failed struct {
		// Invalid says that no agent could ever run the task.
		Invalid bool
		// Fault says that it is not the task's fault, "" that it is.
		Fault   fault.Fault
		Reason  mesos.Reason
		Message string
	}
	// Probed is the result of one probe of a health check; Check counts from 0.
	Probed struct {
		Check   int
		OK      bool
		Message string
		// Pace is the time to the next result if that takes as long.
		Pace time.Duration
	}
	// ReadinessProbed is the result of one probe of a readiness check; Check counts from 0.
	ReadinessProbed struct {
		Check int
		Ready bool
		// Status is the HTTP status of the answer.
		Status int
		// Response is the answer if it is to be reported, else nil.
		Response *checkup.Response
	}
	// Checked is the result of one probe of the general check.
	Checked struct{ Status mesos.CheckStatus }
)

func (Subscribed) event()   {}
func (Disconnected) event() {}
func (Forgotten) event()    {}
func (Launch) event()       {}
func (Kill) event()         {}
func (Acknowledged) event() {}
func (Shutdown) event()     {}
func (Tick) event()         {}
func (Pulling) event()      {}
func (Created) event()      {}
func (Running) event()      {}
func (Exited) event()       {}
func (Failed) event()       {}
func (Probed) event()       {}

func (ReadinessProbed) event() {}
func (Checked) event()         {}

// UUID identifies a status update.
type UUID [16]byte

// UUIDs are the ids of the updates that one step may make.
type UUIDs [4]UUID

// Task is what core needs to know of a task.
type Task struct {
	Info mesos.TaskInfo
	// Grace is the time from the gentle signal to the forced end.
	Grace  time.Duration
	Checks []Check
	// Readiness are the names of the readiness checks.
	Readiness []string
	// General is the kind of the general check, 0 for none.
	General mesos.CheckType
	// Problem says why the task can never run, "" if it can.
	Problem string
}

// Check is the part of a health check that decides.
type Check struct {
	// Name tells the check from others in messages, such as "HTTP /health".
	Name string
	// Grace is the time from the start in which failures before the first success do not count.
	Grace time.Duration
	// MaxFailures in a row have the scheduler replace the task; 0 means never.
	MaxFailures int
}

// checked reports whether the task has checks of any kind.
func (t *Task) checked() bool { return len(t.Checks)+len(t.Readiness) > 0 || t.General != 0 }

// Effects are carried out in field order.
type Effects struct {
	// Updates are to be sent to the agent, in this order; each is kept and
	// offered by Unacknowledged until it is acknowledged.
	Updates []mesos.TaskStatus
	// Commands go to the runtime, in this order.
	Commands []Command
	// Exit ends the process when set.
	Exit *Exit
	// Wake is when the next Tick is due; zero if none is.
	Wake time.Time
}

// Command is something the runtime must do.
type Command interface{ command() }

// The commands.
type (
	// Start starts the task.
	Start struct{ TaskID mesos.TaskID }
	// Stop ends the task: gently, or at once if Force is set. It may repeat.
	Stop struct{ Force bool }
	// Probe begins the checks.
	Probe struct{}
	// StopProbes ends the checks.
	StopProbes struct{}
)

func (Start) command()      {}
func (Stop) command()       {}
func (Probe) command()      {}
func (StopProbes) command() {}

// Exit says how the process ends.
type Exit struct {
	// Code is 0 when nothing is left to say to anybody.
	Code   int
	Reason string
}
