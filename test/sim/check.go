package sim

import (
	"math"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// checker holds the core to its promises.
type checker struct {
	w *world
	// offers are all that were ever made, used those that a call has named.
	offers map[mesos.OfferID]*offer
	used   map[mesos.OfferID]bool
	// said are the updates that the core was told of, by their UUIDs.
	said map[string]mesos.TaskStatus
	// wrote are the instances that have written to their volumes.
	wrote map[instance.ID]bool
	// lastKill and lastWrite are when a kill was sent and something stored.
	lastKill, lastWrite time.Time
}

func newChecker(w *world) *checker {
	return &checker{w: w, offers: map[mesos.OfferID]*offer{}, used: map[mesos.OfferID]bool{}, said: map[string]mesos.TaskStatus{},
		wrote: map[instance.ID]bool{}}
}

func (c *checker) offered(o *offer) { c.offers[o.id] = o }

// call checks what is about to be sent, against what is stored.
func (c *checker) call(call core.Call) {
	switch m := call.(type) {
	case *core.Launch:
		c.use(m.OfferIDs)
		c.launch(m)
	case core.MesosCall:
		switch m := m.SchedulerCall.(type) {
		case mesos.Decline:
			c.use(m.OfferIDs)
		case mesos.Accept:
			c.use(m.OfferIDs)
			c.freed(m)
		case mesos.Acknowledge:
			c.acknowledged(c.said[string(m.UUID)])
		case mesos.Kill:
			c.lastKill = c.w.now
			c.w.stats.Kills++
			c.w.hub.killed(m.TaskID)
		}
	}
}

func (c *checker) use(ids []mesos.OfferID) {
	for _, id := range ids {
		if c.used[id] {
			c.w.fail("offer %s is used twice", id)
		}
		c.used[id] = true
	}
}

// launch: nothing is launched that is not stored, and nothing beyond the offers.
func (c *checker) launch(l *core.Launch) {
	have, want := coretest.Stock{}, coretest.Stock{}
	for _, id := range l.OfferIDs {
		o := c.offers[id]
		have = have.With(o.uses)
		if o.agent != l.Tasks[0].Instance.AgentID {
			c.w.fail("%s is launched on %s with an offer of %s", l.Tasks[0].Instance.TaskID(), l.Tasks[0].Instance.AgentID, o.agent)
		}
	}
	for _, op := range l.Prepare {
		after, ok := have.Operate(op)
		if !ok {
			c.w.fail("%T of %v in the accept of %v", op, op, have)
		}
		have = after
	}
	for _, t := range l.Tasks {
		stored := c.w.store.Instances[t.Instance.ID]
		if stored == nil || stored.TaskID() != t.Instance.TaskID() {
			c.w.fail("%s is launched and not stored", t.Instance.TaskID())
		}
		uses := coretest.StockOf(t.Resources, t.ExecutorResources)
		if !have.Without(want).Has(uses) {
			c.w.fail("accept of %v uses %+v of %+v", l.OfferIDs, uses, have)
		}
		want = want.With(uses)
		if len(t.Instance.HostPorts) != len(t.Spec.Ports) {
			c.w.fail("%s has ports %v for %d wanted", t.Instance.TaskID(), t.Instance.HostPorts, len(t.Spec.Ports))
		}
		for _, p := range t.Instance.HostPorts {
			if !slices.Contains(uses.Ports(), p) {
				c.w.fail("%s uses port %d, which is not taken", t.Instance.TaskID(), p)
			}
		}
	}
}

// acknowledged: what an update says is stored before it is acknowledged.
func (c *checker) acknowledged(st mesos.TaskStatus) {
	id, _, _ := instance.OfTask(st.TaskID)
	i := c.w.store.Instances[id]
	if i == nil || i.TaskID() != st.TaskID || !i.Condition.Live() {
		return
	}
	behind := i.Condition == instance.Provisioned || st.State == mesos.TaskRunning && i.Condition < instance.Running
	if behind || st.State.Terminal() {
		c.w.fail("%v of %s is acknowledged and %v is stored", st.State, st.TaskID, i.Condition)
	}
}

// accepted and started: an instance has no other task, except one that was out of sight.
func (c *checker) accepted(on *agent, i *instance.Instance) {
	for _, k := range c.w.master.tasks {
		if id, _, _ := instance.OfTask(k.id); id == i.ID && !k.freed && !c.lost(k.id) {
			c.w.fail("%s is launched on %s while %s is %v", i.TaskID(), on.id, k.id, k.state)
		}
	}
	c.alone(i.ID, i.TaskID())
}

func (c *checker) lost(id mesos.TaskID) bool {
	for _, a := range c.w.agents {
		if t := a.tasks[id]; t != nil {
			return t.lost
		}
	}
	return false
}

func (c *checker) started(a *agent, t *task) {
	c.alone(t.owner, t.id)
	c.atHome(a, t)
	for _, o := range a.tasks {
		if o == t || !o.live {
			continue
		}
		for _, p := range o.uses.Ports() {
			if slices.Contains(t.uses.Ports(), p) {
				c.w.fail("%s and %s both use port %d of %s", t.id, o.id, p, a.id)
			}
		}
	}
}

func (c *checker) alone(id instance.ID, than mesos.TaskID) {
	for _, a := range c.w.agents {
		for _, t := range a.tasks {
			if t.owner == id && t.id != than && t.live && !t.lost {
				c.w.fail("%s is launched while %s lives on %s", than, t.id, a.id)
			}
		}
	}
}

// reply: a command is stored before it is answered, unless a later one of the
// same batch has deleted the App.
func (c *checker) reply(r core.Reply, stored []core.Change) {
	dropped := map[app.ID]bool{}
	for _, ch := range stored {
		if d, ok := ch.(core.DropApp); ok {
			dropped[d.ID] = true
		}
	}
	for _, spec := range r.Result.Apps {
		if dropped[spec.ID] {
			continue
		}
		if at := c.w.newest(spec.ID); at.Before(spec.Version) {
			c.w.fail("%s of %v is answered and %v is stored", spec.ID, spec.Version, at)
		}
	}
}

// step checks what one event made of the state.
func (c *checker) step(ev core.Event, before, after *view.View, eff core.Effects) {
	if len(eff.Persist) > 0 {
		c.lastWrite = c.w.now
	}
	asked, isAsked := ev.(core.Asked)
	if isAsked != (len(eff.Replies) == 1) || isAsked && eff.Replies[0].To != asked.Reply {
		c.w.fail("%d replies to %s", len(eff.Replies), describeEvent(ev))
	}
	c.acks(ev, eff)
	c.limits(after, eff)
	if _, killing := asked.Command.(core.KillTasks); killing {
		return
	}
	touched := map[app.ID]bool{}
	for _, ch := range eff.Persist {
		if p, ok := ch.(core.PutInstance); ok && !touched[p.Instance.App] {
			touched[p.Instance.App] = true
			c.bounds(p.Instance.App, before, after)
			c.culled(p.Instance.App, before, after)
		}
	}
}

// acks: an update with a UUID is acknowledged, by that UUID, once.
func (c *checker) acks(ev core.Event, eff core.Effects) {
	var got []mesos.Acknowledge
	for _, call := range eff.Calls {
		if m, ok := call.(core.MesosCall); ok {
			if ack, ok := m.SchedulerCall.(mesos.Acknowledge); ok {
				got = append(got, ack)
			}
		}
	}
	want := 0
	if m, ok := ev.(core.FromMesos); ok {
		if u, ok := m.Event.(mesos.Update); ok && len(u.Status.UUID) > 0 {
			c.said[string(u.Status.UUID)] = u.Status
			want = 1
		}
	}
	if len(got) != want {
		c.w.fail("%d acknowledgements of %s", len(got), describeEvent(ev))
	}
}

// bounds: a deployment keeps enough instances ready, as far as it is its own
// doing, and does not start too many.
func (c *checker) bounds(id app.ID, before, after *view.View) {
	was, had := before.App(id)
	is, has := after.App(id)
	if !had || !has {
		return
	}
	ended, started := 0, 0
	for _, i := range is.Instances {
		o := find(was.Instances, i.ID)
		if o == nil {
			started++
			continue
		}
		if ready(was, o) && (ready(is, i) || i.Draining && passes(is, i)) && o.Goal == instance.GoalRunning && i.Goal != instance.GoalRunning {
			ended++
		}
	}
	n := float64(is.Spec.Instances)
	kind := c.action(is, after)
	if is.Leaving {
		kind = deployment.StopApplication // its deployment may have been replaced
	}
	least := int(math.Ceil(n*is.Spec.Upgrade.MinimumHealthCapacity - 1e-9))
	if is.Spec.HasPersistentVolumes() && least == is.Spec.Instances {
		// Where there is no room to move, one copy less is allowed.
		least--
	}
	if kind == deployment.ScaleApplication {
		least = is.Spec.Instances
	}
	if left := readyCount(is); ended > 0 && left < least && kind != deployment.StopApplication {
		c.w.fail("%v of %s ends %d ready instances and leaves %d of %d", kind, id, ended, left, least)
	}
	most := max(is.Spec.Instances, int(math.Floor(n*(1+is.Spec.Upgrade.MaximumOverCapacity)+1e-9))+1)
	if all := total(is); kind == deployment.RestartApplication && started > 0 && all > most {
		c.w.fail("%s has %d instances, %d of them new, and may have %d", id, all, started, most)
	}
}

// action is what is being done to an App: scaling when it has no deployment.
func (c *checker) action(a *view.App, v *view.View) deployment.ActionKind {
	for _, d := range v.Deployments {
		if len(a.Deployments) == 0 || d.ID != a.Deployments[0] {
			continue
		}
		for _, act := range d.Steps[d.Current] {
			if act.App == a.Spec.ID {
				return act.Kind
			}
		}
	}
	return deployment.ScaleApplication
}

func find(is []*instance.Instance, id instance.ID) *instance.Instance {
	for _, i := range is {
		if i.ID == id {
			return i
		}
	}
	return nil
}

func ready(a *view.App, i *instance.Instance) bool {
	return i.Condition == instance.Running && passes(a, i)
}

// passes reports whether all checks of an instance have passed.
func passes(a *view.App, i *instance.Instance) bool {
	return (len(a.Spec.HealthChecks) == 0 || i.Healthy != nil && *i.Healthy) && i.Report().Ready(len(a.Spec.Readiness))
}

func readyCount(a *view.App) int {
	n := 0
	for _, i := range a.Instances {
		if i.Goal == instance.GoalRunning && ready(a, i) {
			n++
		}
	}
	return n
}

func total(a *view.App) int {
	n := 0
	for _, i := range a.Instances {
		if i.Condition != instance.UnreachableInactive && (i.Goal != instance.GoalStopped || i.Condition.Live() && !i.Condition.OutOfSight()) {
			n++
		}
	}
	return n
}
