package coretest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

const frameworkID mesos.FrameworkID = "framework-1"

// Agent is an agent as its offers show it.
type Agent struct {
	ID       mesos.AgentID
	Hostname string
	// Role is the role that all of it is offered to.
	Role       string
	Attributes []mesos.Attribute
	Domain     mesos.Domain
	// Has is what it has.
	Has Pile
}

// DefaultAgent returns an agent with 100 cpus, 100,000 MiB of memory and of disk, and a thousand ports.
func DefaultAgent() Agent { return AgentOf(1, 100) }

// AgentOf returns an agent with a number and so many cpus, 1,000 MiB of memory and of
// disk for each of them, and a thousand ports.
func AgentOf(n int, cpus int64) Agent {
	return Agent{
		ID: mesos.AgentID(fmt.Sprintf("agent-%d", n)), Hostname: fmt.Sprintf("host-%d.example", n), Role: "*",
		Has: Pile{
			Amount: resource.Vector{CPUs: resource.Units(cpus), Mem: resource.Units(1000 * cpus), Disk: resource.Units(1000 * cpus)},
			Ports:  resource.NewRanges(resource.Range{Begin: 31000, End: 31999}),
		},
	}
}

// master is Mesos as the core sees it, without any delay, loss or fault.
type master struct {
	agents []*agent
	// tasks live, in the order of their launch.
	tasks   []*task
	offers  map[mesos.OfferID]offer
	answers []mesos.SchedulerEvent
	// offered and strays count, for ids.
	offered, strays int
	// suppressed is the framework's wish, silent the test's.
	suppressed, silent bool
}

type agent struct {
	Agent
	total Stock
	// refused is what a filter hides, nil for nothing.
	refused Stock
}

type offer struct {
	from *agent
	uses Stock
}

type task struct {
	id      mesos.TaskID
	app     app.ID
	agent   *agent
	uses    Stock
	checked bool
	// report is what its checks find as soon as it runs, nil where there is none that
	// says whether it is ready.
	report  *checkup.Report
	running bool
	killed  bool
}

func newMaster(agents []Agent) *master {
	m := &master{offers: map[mesos.OfferID]offer{}}
	for _, a := range agents {
		m.agents = append(m.agents, &agent{Agent: a, total: Stock{"": a.Has}})
	}
	return m
}

// next returns the next thing that the master answers a call with.
func (m *master) next() (ev mesos.SchedulerEvent, ok bool) {
	if len(m.answers) == 0 {
		return nil, false
	}
	ev, m.answers = m.answers[0], m.answers[1:]
	return ev, true
}

// offer offers what is free, unless nothing is or nobody wants it.
func (m *master) offer() (offers mesos.Offers, some bool) {
	if m.suppressed || m.silent {
		return offers, false
	}
	for _, a := range m.agents {
		free := m.free(a)
		if len(free) == 0 || a.refused != nil && a.refused.Has(free) {
			continue
		}
		m.offered++
		id := mesos.OfferID(fmt.Sprintf("offer-%d", m.offered))
		m.offers[id] = offer{from: a, uses: free}
		offers.Offers = append(offers.Offers, mesos.Offer{
			ID: id, FrameworkID: frameworkID, AgentID: a.ID, Hostname: a.Hostname, Role: a.Role,
			Resources: free.Resources(frameworkID, a.Role), Attributes: a.Attributes, Domain: a.Domain,
		})
	}
	return offers, len(offers.Offers) > 0
}

// free is what no task uses and no offer holds.
func (m *master) free(a *agent) Stock {
	free := a.total
	for _, t := range m.tasks {
		if t.agent == a {
			free = free.Without(t.uses)
		}
	}
	for _, o := range m.offers {
		if o.from == a {
			free = free.Without(o.uses)
		}
	}
	return free
}

// call takes a call of the core.
func (m *master) call(c core.Call) {
	switch c := c.(type) {
	case *core.Launch:
		a := m.accept(c.OfferIDs, c.Prepare)
		for _, t := range c.Tasks {
			m.tasks = append(m.tasks, &task{
				id: t.Instance.TaskID(), app: t.Spec.ID, agent: a, checked: len(t.Spec.HealthChecks) > 0, report: passes(t.Spec),
				uses: StockOf(t.Resources, t.ExecutorResources),
			})
		}
	case core.MesosCall:
		m.mesosCall(c.SchedulerCall)
	}
}

func (m *master) mesosCall(c mesos.SchedulerCall) {
	switch c := c.(type) {
	case mesos.Accept:
		m.accept(c.OfferIDs, c.Operations)
	case mesos.Decline:
		for _, id := range c.OfferIDs {
			o := m.offers[id]
			if delete(m.offers, id); c.Refuse > 0 && o.from != nil {
				o.from.refused = o.uses
			}
		}
	case mesos.Suppress:
		m.suppressed = true
	case mesos.Revive:
		m.suppressed = false
		for _, a := range m.agents {
			a.refused = nil
		}
	case mesos.Kill:
		if t := m.task(c.TaskID); t != nil {
			t.killed = true
			return
		}
		m.answer(mesos.TaskStatus{TaskID: c.TaskID, State: mesos.TaskGone, Reason: mesos.ReasonReconciliation, Source: mesos.SourceMaster})
	case mesos.Reconcile:
		m.reconcile(c.Tasks)
	}
}

// accept takes offers back and does what is to be done with them before a launch.
func (m *master) accept(ids []mesos.OfferID, ops []mesos.Operation) (on *agent) {
	for _, id := range ids {
		o, ok := m.offers[id]
		if !ok {
			panic(fmt.Sprintf("coretest: offer %s is used that is not on offer", id))
		}
		on = o.from
		delete(m.offers, id)
	}
	for _, op := range ops {
		after, ok := on.total.Operate(op)
		if !ok {
			panic(fmt.Sprintf("coretest: agent %s lacks what %T needs", on.ID, op))
		}
		on.total = after
	}
	return on
}

// reconcile answers questions about tasks, none meaning all.
func (m *master) reconcile(asked []mesos.TaskOnAgent) {
	if len(asked) == 0 {
		for _, t := range m.tasks {
			m.answer(t.status(t.state()))
		}
	}
	for _, q := range asked {
		if t := m.task(q.TaskID); t != nil {
			m.answer(t.status(t.state()))
			continue
		}
		m.answer(mesos.TaskStatus{TaskID: q.TaskID, AgentID: q.AgentID, State: mesos.TaskGone})
	}
}

// answer has the master say what it knows of a task.
func (m *master) answer(st mesos.TaskStatus) {
	st.Source, st.Reason = mesos.SourceMaster, mesos.ReasonReconciliation
	m.answers = append(m.answers, mesos.Update{Status: st})
}

func (m *master) task(id mesos.TaskID) *task {
	if n := slices.IndexFunc(m.tasks, func(t *task) bool { return t.id == id }); n >= 0 {
		return m.tasks[n]
	}
	return nil
}

// running returns a task of an App that runs, nil when there is none.
func (m *master) running(id app.ID) *task {
	if n := slices.IndexFunc(m.tasks, func(t *task) bool { return t.app == id && t.running }); n >= 0 {
		return m.tasks[n]
	}
	return nil
}

// progress has one task of each App go on and returns what is to be told of them,
// in the order of the Apps' ids: one that is being killed ends, or else one that
// was launched runs.
func (m *master) progress() (told []mesos.TaskStatus) {
	moves := map[app.ID]*task{}
	for _, t := range m.tasks {
		if next := moves[t.app]; (t.killed || !t.running) && (next == nil || t.killed && !next.killed) {
			moves[t.app] = t
		}
	}
	for _, t := range moves {
		state := mesos.TaskRunning
		if t.killed {
			state = mesos.TaskKilled
		}
		told = append(told, t.status(state))
	}
	slices.SortFunc(told, func(a, b mesos.TaskStatus) int { return cmp.Compare(a.TaskID, b.TaskID) })
	for _, st := range told {
		m.reported(st)
	}
	return told
}

// reported notes what a status says of a task that the master knows.
func (m *master) reported(st mesos.TaskStatus) {
	t := m.task(st.TaskID)
	switch {
	case t == nil:
	case st.State.Terminal():
		m.tasks = slices.DeleteFunc(m.tasks, func(o *task) bool { return o == t })
	case st.State == mesos.TaskRunning:
		t.running = true
	}
}

// stray is the status of one more running task that no instance owns.
func (m *master) stray() mesos.TaskStatus {
	m.strays++
	id := instance.ID(fmt.Sprintf("lost.instance-00000000-0000-4000-9000-%012d", m.strays))
	t := &task{id: id.TaskID(1), agent: m.agents[0], running: true}
	m.tasks = append(m.tasks, t)
	return t.status(mesos.TaskRunning)
}

func (t *task) state() mesos.TaskState {
	if t.running {
		return mesos.TaskRunning
	}
	return mesos.TaskStaging
}

// passes is the report of checks that all pass, nil for a definition without readiness checks.
func passes(s *app.Spec) *checkup.Report {
	if len(s.Readiness) == 0 {
		return nil
	}
	r := &checkup.Report{Number: 1}
	for range s.HealthChecks {
		r.Health = append(r.Health, checkup.Result{}.Passed(time.Unix(1, 0).UTC(), 0))
	}
	for range s.Readiness {
		r.Readiness = append(r.Readiness, checkup.Readiness{Ready: true})
	}
	return r
}

// status is an update of a task; one that runs is healthy if it is checked.
func (t *task) status(state mesos.TaskState) mesos.TaskStatus {
	st := mesos.TaskStatus{TaskID: t.id, AgentID: t.agent.ID, State: state, Source: mesos.SourceExecutor}
	if state == mesos.TaskRunning {
		st.Container = &mesos.ContainerStatus{Networks: []mesos.NetworkInfo{{IPAddresses: []string{"10.0.0.1"}}}}
		if t.checked {
			healthy := true
			st.Healthy = &healthy
		}
		if t.report != nil {
			st.Data = taskinfo.EncodeReport(*t.report)
		}
	}
	return st
}
