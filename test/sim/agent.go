package sim

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// agent is a Mesos agent with its tasks and the link to the master.
type agent struct {
	w    *world
	id   mesos.AgentID
	host string
	life int
	// total is all that it has; reservations and volumes are on its disk, and
	// data says which volumes have been written to.
	total coretest.Stock
	data  map[string]bool
	// dead agents never come back under this id.
	dead bool
	// cut says that the network to the master is broken.
	cut bool
	// link is the number of the connection, changed whenever it breaks; 0 while there is none.
	link, links int
	// up and down are when the last message in each direction arrives; stalled
	// holds all messages up until then.
	up, down, stalled time.Time
	tasks             map[mesos.TaskID]*task
}

// task is a task on an agent, until its terminal update is acknowledged.
type task struct {
	id      mesos.TaskID
	owner   instance.ID
	spec    *app.Spec
	uses    coretest.Stock
	started time.Time
	live    bool
	// lost says that the agent was out of the master's sight since the start.
	lost    bool
	state   mesos.TaskState
	healthy *bool
	// found is what its checks have found, sick until when its health check fails.
	found checkup.Report
	sick  time.Time
	// updates wait for an acknowledgement, the first being under way.
	updates []mesos.TaskStatus
	tries   int
}

func newAgent(w *world, host string) *agent {
	a := &agent{w: w, host: host, tasks: map[mesos.TaskID]*task{}, data: map[string]bool{}}
	a.total = coretest.Stock{"": {
		Amount: resource.Vector{CPUs: resource.Units(6 + int64(w.rng.IntN(5))), Mem: resource.Units(8192), Disk: resource.Units(1000)},
		Ports:  resource.NewRanges(resource.Range{Begin: 31000, End: 31007}, resource.Range{Begin: 31100, End: 31103}),
	}}
	a.rename()
	return a
}

func (a *agent) rename() {
	a.life++
	a.id = mesos.AgentID(fmt.Sprintf("%s-%d", a.host, a.life))
}

func (a *agent) begin() { a.registerSoon(a.w.between(0, 3*time.Second)) }

// registerSoon tries to (re-)register until the master answers.
func (a *agent) registerSoon(d time.Duration) {
	id := a.id
	a.w.after(d, func() {
		if a.id != id || a.dead || a.link != 0 {
			return
		}
		if a.cut || !a.w.master.up {
			a.registerSoon(a.w.between(time.Second, 5*time.Second))
			return
		}
		a.links++
		a.link = a.links
		a.w.master.register(a)
	})
}

// toMaster sends a message in order.
func (a *agent) toMaster(do func()) { a.up = a.send(a.up, do) }

// toAgent sends a message of the master in order.
func (a *agent) toAgent(do func()) { a.down = a.send(a.down, do) }

func (a *agent) send(last time.Time, do func()) time.Time {
	link := a.link
	at := a.w.now.Add(a.w.between(time.Millisecond, 50*time.Millisecond))
	for _, t := range []time.Time{last, a.stalled} {
		if t.After(at) {
			at = t
		}
	}
	a.w.at(at, func() {
		if a.link == link && link != 0 {
			do()
		}
	})
	return at
}

// sorted lists the tasks in the order of their ids.
func (a *agent) sorted() []*task {
	var out []*task
	for _, id := range slices.Sorted(maps.Keys(a.tasks)) {
		out = append(out, a.tasks[id])
	}
	return out
}

// run starts a task; a known id is not started again.
func (a *agent) run(l core.TaskLaunch) {
	w := a.w
	id := l.Instance.TaskID()
	if a.tasks[id] != nil {
		return
	}
	t := &task{
		id: id, owner: l.Instance.ID, spec: l.Spec, uses: coretest.StockOf(l.Resources, l.ExecutorResources), started: w.now, live: true,
		state: mesos.TaskStaging,
		found: checkup.Report{Health: make([]checkup.Result, len(l.Spec.HealthChecks)), Readiness: make([]checkup.Readiness, len(l.Spec.Readiness))},
	}
	a.tasks[id] = t
	if !a.total.Has(t.uses) {
		a.report(t, mesos.TaskDropped)
		return
	}
	w.stats.Launches++
	w.logf("%s starts %s", a.id, id)
	w.check.started(a, t)
	pull := w.between(50*time.Millisecond, 3*time.Second)
	if w.chance(w.faults.taskLags) {
		pull = w.between(time.Minute, 15*time.Minute)
	}
	fails := w.chance(w.faults.taskFails)
	a.then(t, pull, func() { a.report(t, mesos.TaskStarting) })
	a.then(t, pull+w.between(0, time.Second), func() {
		if fails {
			a.report(t, mesos.TaskFailed)
			return
		}
		a.running(t)
	})
}

// running begins the life of a task that came up.
func (a *agent) running(t *task) {
	w := a.w
	a.report(t, mesos.TaskRunning)
	w.check.writes(a, t)
	a.check(t)
	if w.chance(w.faults.taskFails) {
		end := []mesos.TaskState{mesos.TaskFailed, mesos.TaskFinished, mesos.TaskKilled}[w.rng.IntN(3)]
		a.then(t, w.between(time.Second, 30*time.Minute), func() { a.report(t, end) })
	}
}

// operate changes what is reserved and which volumes there are. An operation
// that was lost with a connection is not repeated.
func (a *agent) operate(op mesos.Operation) {
	after, ok := a.total.Operate(op)
	if !ok {
		return
	}
	a.total = after
	if d, ok := op.(mesos.Destroy); ok {
		for _, v := range d.Volumes {
			a.w.check.destroyed(a, v.Disk.PersistenceID)
			delete(a.data, v.Disk.PersistenceID)
		}
	}
}

// then has something happen to a task unless it ends before.
func (a *agent) then(t *task, d time.Duration, do func()) {
	a.w.after(d, func() {
		if t.live && a.tasks[t.id] == t {
			do()
		}
	})
}

// kill ends a task after its grace period; a doubled kill changes nothing.
func (a *agent) kill(id mesos.TaskID) {
	w := a.w
	t := a.tasks[id]
	if t == nil || !t.live || t.state == mesos.TaskKilling {
		return
	}
	if w.chance(w.faults.taskLags) {
		w.logf("%s does not hear the kill", id)
		return
	}
	if t.state == mesos.TaskStaging {
		a.report(t, mesos.TaskKilled)
		return
	}
	a.report(t, mesos.TaskKilling)
	a.then(t, w.between(10*time.Millisecond, 10*time.Second), func() { a.report(t, mesos.TaskKilled) })
}

// report queues an update and sends it unless another one is under way.
func (a *agent) report(t *task, state mesos.TaskState) {
	if t.state == mesos.TaskKilling && !state.Terminal() {
		return
	}
	t.state = state
	t.live = !state.Terminal()
	st := mesos.TaskStatus{
		TaskID: t.id, State: state, Source: mesos.SourceExecutor, AgentID: a.id, Timestamp: a.w.now, UUID: a.w.uuid(),
	}
	if state == mesos.TaskRunning && len(t.found.Health)+len(t.found.Readiness) > 0 {
		t.found.Number++
		st.Data, st.Healthy = taskinfo.EncodeReport(t.found), t.found.Healthy()
	}
	t.healthy = st.Healthy
	a.w.logf("%s: %s %v%s", a.id, t.id, state, healthOf(t))
	if state == mesos.TaskDropped {
		st.Source, st.Reason = mesos.SourceAgent, mesos.ReasonReconciliation
	}
	if t.updates = append(t.updates, st); len(t.updates) == 1 {
		a.forward(t)
		return
	}
	a.toMaster(func() { a.w.master.latest(a, t.id, t.live) })
}

// The times between two sendings of an update.
const resendMin, resendMax = 10 * time.Second, 10 * time.Minute

// forward sends a task's first update, again and again until it is acknowledged.
func (a *agent) forward(t *task) {
	if len(t.updates) == 0 {
		return
	}
	st := t.updates[0]
	t.tries++
	try := t.tries
	live := t.live
	if a.link != 0 {
		a.toMaster(func() { a.w.master.update(a, st, live) })
	}
	a.w.after(min(resendMin<<min(try-1, 6), resendMax), func() {
		if a.tasks[t.id] == t && t.tries == try && len(t.updates) > 0 {
			a.forward(t)
		}
	})
}

// resend sends the first update of every task at once.
func (a *agent) resend() {
	for _, t := range a.sorted() {
		t.tries = 0
		a.forward(t)
	}
}

func (a *agent) acknowledge(id mesos.TaskID, uuid []byte) {
	t := a.tasks[id]
	if t == nil || len(t.updates) == 0 || string(t.updates[0].UUID) != string(uuid) {
		return
	}
	over := t.updates[0].State.Terminal()
	t.updates, t.tries = t.updates[1:], 0
	if over {
		delete(a.tasks, id)
		return
	}
	a.forward(t)
}

// missing answers for a task that the master sent and that never arrived.
func (a *agent) missing(id mesos.TaskID) {
	if a.tasks[id] != nil {
		return
	}
	t := &task{id: id}
	a.tasks[id] = t
	a.report(t, mesos.TaskDropped)
}
