package core

import (
	"fmt"
	"time"

	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// Phase is how far the task is.
type Phase uint8

// The phases; see the drawing in the package comment.
const (
	PhaseIdle Phase = iota + 1
	PhaseStarting
	PhasePulling
	PhaseCreated
	PhaseRunning
	PhaseKilling
	PhaseDone
)

var phaseNames = [...]string{
	PhaseIdle: "idle", PhaseStarting: "starting", PhasePulling: "pulling", PhaseCreated: "created",
	PhaseRunning: "running", PhaseKilling: "killing", PhaseDone: "done",
}

// String returns the phase's name, such as "running".
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return ""
}

// Config is what core needs to know of its surroundings.
type Config struct {
	ExecutorID mesos.ExecutorID
	// Checkpoint says that the executor outlives a restart of its agent.
	Checkpoint bool
	// RecoveryTimeout is how long a checkpointing executor waits for its agent ("MESOS_RECOVERY_TIMEOUT").
	RecoveryTimeout time.Duration
	// ShutdownGrace is when the agent kills the executor after a SHUTDOWN.
	ShutdownGrace time.Duration
	// AckWait bounds the wait for the last acknowledgement; Mesos' docker executor takes 60 s.
	AckWait time.Duration
	// ForceEvery is when a forced end that had no effect is repeated.
	ForceEvery time.Duration
	// ProgressEvery is how often progress of a pull, or of what is not ready yet, is
	// worth an update.
	ProgressEvery time.Duration
	// Report writes what checks have found into an update; nil leaves it out.
	Report func(checkup.Report) []byte
}

// State is the executor's state. It is not safe for concurrent use.
type State struct {
	cfg          Config
	phase        Phase
	task         Task
	containerID  mesos.ContainerID
	killingState bool
	connected    bool

	updates  []mesos.TaskStatus
	unstored []mesos.TaskInfo

	progressAt time.Time
	running    Running
	runningAt  time.Time
	checkup    checkups
	kill       *kill

	// ending is set once the process is to end with its task.
	ending bool
	// deserted is set once no acknowledgement can come any more.
	deserted bool
	exited   bool
	// giveUpAt ends the wait for the agent, exitAt the wait for acknowledgements.
	giveUpAt, exitAt time.Time
}

// New returns the state of an executor that has not heard from its agent yet.
// It counts as disconnected since now.
func New(cfg Config, now time.Time) *State {
	return &State{cfg: cfg, phase: PhaseIdle, giveUpAt: now.Add(cfg.RecoveryTimeout)}
}

// Phase returns how far the task is.
func (s *State) Phase() Phase { return s.phase }

// step is one Step at work.
type step struct {
	*State
	now  time.Time
	ids  UUIDs
	used int
	fx   Effects
}

// Step applies ev at time now and returns what must be done about it. It does
// not block and reads no clock; equal states and events give equal effects.
// ids name the updates that the step makes.
func (s *State) Step(now time.Time, ids UUIDs, ev Event) Effects {
	t := &step{State: s, now: now, ids: ids}
	if !s.exited {
		t.apply(ev)
		t.expire()
		t.settle()
		t.fx.Wake = s.wake()
	}
	return t.fx
}

func (t *step) apply(ev Event) {
	switch ev := ev.(type) {
	case Subscribed:
		t.subscribed(ev)
	case Disconnected:
		t.disconnected()
	case Forgotten:
		t.deserted = true
		t.shutdown("the agent has forgotten this executor: " + ev.Message)
	case Launch:
		t.launch(ev.Task)
	case Kill:
		t.killTask(ev)
	case Acknowledged:
		t.acknowledged(ev)
	case Shutdown:
		t.shutdown("the agent asked the executor to shut down")
	case Tick:
	case Pulling, Created, Running, Exited, Failed, Probed, ReadinessProbed, Checked:
		t.observe(ev)
	}
}

// observe applies what the runtime and the probes saw.
func (t *step) observe(ev Event) {
	if t.phase == PhaseIdle || t.phase == PhaseDone {
		return
	}
	switch ev := ev.(type) {
	case Pulling:
		t.pulling(ev)
	case Created:
		if t.phase < PhaseCreated {
			t.phase = PhaseCreated
		}
	case Running:
		t.started(ev)
	case Exited:
		t.ended(ev)
	case Failed:
		t.failed(ev)
	case Probed:
		t.probed(ev)
	case ReadinessProbed:
		t.readinessProbed(ev)
	case Checked:
		t.generalChecked(ev)
	}
}

func (t *step) subscribed(ev Subscribed) {
	t.connected, t.killingState, t.containerID = true, ev.KillingState, ev.ContainerID
	t.giveUpAt = time.Time{}
	if t.phase == PhaseDone && !t.ending {
		t.exitAt = t.now.Add(t.cfg.AckWait)
	}
}

func (t *step) disconnected() {
	if !t.connected {
		return
	}
	t.connected = false
	if !t.cfg.Checkpoint {
		t.deserted = true
		t.shutdown("the agent is gone and the framework does not checkpoint")
		return
	}
	t.giveUpAt = t.now.Add(t.cfg.RecoveryTimeout)
}

func (t *step) launch(task Task) {
	id := task.Info.TaskID
	switch {
	case t.phase != PhaseIdle && id == t.task.Info.TaskID:
		return // delivered again: the one copy goes on
	case t.phase != PhaseIdle, t.ending:
		t.refuse(task)
		return
	}
	t.task = task
	t.unstored = append(t.unstored, task.Info)
	if task.Problem != "" {
		t.end(mesos.TaskError, mesos.ReasonTaskInvalid, task.Problem)
		return
	}
	t.phase = PhaseStarting
	t.update(mesos.TaskStarting, "")
	t.do(Start{TaskID: id})
}

// refuse answers a second task; an executor runs one ("Mesos, docker executor").
func (t *step) refuse(task Task) {
	for _, known := range t.unstored {
		if known.TaskID == task.Info.TaskID {
			return
		}
	}
	t.unstored = append(t.unstored, task.Info)
	st := t.status(mesos.TaskFailed, "", "")
	st.TaskID = task.Info.TaskID
	st.Message = fmt.Sprintf("executor %s runs one task, and has task %q already", t.cfg.ExecutorID, t.task.Info.TaskID)
	t.send(st)
}

func (t *step) pulling(ev Pulling) {
	if t.phase > PhasePulling || t.phase == PhasePulling && t.now.Before(t.progressAt) {
		return
	}
	t.phase = PhasePulling
	t.progressAt = t.now.Add(t.cfg.ProgressEvery)
	t.update(mesos.TaskStarting, ev.Message)
}

func (t *step) started(ev Running) {
	if t.phase >= PhaseRunning {
		return // being killed already: what it became is said by its end
	}
	t.phase = PhaseRunning
	t.running, t.runningAt = ev, t.now
	t.checkup = newCheckups(t.task)
	t.update(mesos.TaskRunning, "")
	if t.task.checked() {
		t.do(Probe{})
	}
}

func (t *step) ended(ev Exited) {
	switch {
	case t.kill != nil:
		t.end(mesos.TaskKilled, "", t.kill.explain(ev.Message))
	case ev.OOM:
		t.end(mesos.TaskFailed, mesos.ReasonMemoryLimit, ev.Message)
	case ev.Code == 0:
		t.end(mesos.TaskFinished, "", ev.Message)
	default:
		t.end(mesos.TaskFailed, "", ev.Message)
	}
}

func (t *step) failed(ev Failed) {
	switch {
	case t.kill != nil:
		t.end(mesos.TaskKilled, "", t.kill.explain(ev.Message))
	case ev.Invalid:
		t.end(mesos.TaskError, mesos.ReasonTaskInvalid, ev.Message)
	default:
		t.end(mesos.TaskFailed, ev.Reason, ev.Message, ev.Fault.Labels()...)
	}
}

// end sends the task's terminal update, the only one.
func (t *step) end(state mesos.TaskState, reason mesos.Reason, message string, labels ...mesos.Label) {
	if t.phase == PhaseRunning && t.task.checked() {
		t.do(StopProbes{})
	}
	t.phase = PhaseDone
	st := t.status(state, reason, message)
	st.Labels = labels
	t.send(st)
	if exitAt := t.now.Add(t.cfg.AckWait); t.exitAt.IsZero() || exitAt.Before(t.exitAt) {
		t.exitAt = exitAt
	}
}

func (t *step) do(c Command) { t.fx.Commands = append(t.fx.Commands, c) }
