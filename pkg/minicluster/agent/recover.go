package agent

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	ids "github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/checkpoint"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/statusupdate"
)

// recover takes back what an earlier agent on this work directory left (Mesos, agent recovery), then waits for its
// executors before it turns to the master.
func (a *Agent) recover() error {
	old := a.checkpointed
	if err := a.recoverResources(); err != nil {
		return err
	}
	if old != nil {
		if err := a.recoverAgent(old); err != nil {
			return err
		}
	}
	if err := a.destroyOrphans(); err != nil {
		a.log.Warn("destroy orphans", zap.Error(err))
	}
	a.collectOld()
	a.recovered.Store(true)
	a.box.Go(a.detect)
	if len(a.frameworks) == 0 || a.cfg.Recover == "cleanup" {
		a.recoveryDone()
		return nil
	}
	a.box.After(a.cfg.ExecutorReregistrationTimeout, func() {
		a.expireExecutors()
		a.recoveryDone()
	})
	return nil
}

// recoverAgent takes the id of the checkpointed agent and reads the rest.
func (a *Agent) recoverAgent(old *mesos.AgentInfo) error {
	a.info.ID = old.ID
	a.warn("checkpoint agent", a.store.SaveAgent(&a.info))
	state, err := a.store.Load(a.id())
	if err != nil {
		return fmt.Errorf("recover agent %s: %w", a.id(), err)
	}
	a.draining = state.Drain
	processes, err := a.store.LoadProcesses()
	if err != nil {
		return fmt.Errorf("recover containers: %w", err)
	}
	byID := make(map[string]checkpoint.Process, len(processes))
	for _, p := range processes {
		byID[p.Container] = p
	}
	for _, fs := range state.Frameworks {
		f := &framework{info: fs.Info, executors: make(map[string]*executorRun)}
		a.frameworks[f.id()] = f
		for _, es := range fs.Executors {
			a.recoverExecutor(f, es, byID[es.Container])
		}
		a.dropFramework(f)
	}
	return nil
}

func (a *Agent) recoverExecutor(f *framework, es checkpoint.ExecutorState, p checkpoint.Process) {
	e := &executorRun{
		framework: f, info: es.Info, kind: executorKind(es.Kind), state: registering, containerID: es.Container,
		user: es.User, sandbox: a.store.Layout.Sandbox(a.id(), f.id(), es.Info.ExecutorID.Value, es.Container),
		status: containerUnknown, delivered: true,
	}
	f.executors[e.id()] = e
	f.order = append(f.order, e.id())
	for _, ts := range es.Tasks {
		a.recoverTask(e, ts)
	}
	c, ok := a.host.Lookup(es.Container)
	if !ok && e.kind == kindCustom {
		spec := containerizer.Spec{ID: es.Container, Dir: e.sandbox}
		c, ok = a.host.Adopt(spec, p.Pid, p.Start)
	}
	e.dockerName = p.Docker
	if !ok && p.Docker != "" {
		a.removeDocker(p.Docker)
	}
	if ok {
		a.log.Info("executor recovered", logfield.Framework(ids.FrameworkID(f.id())), logfield.Executor(ids.ExecutorID(e.id())))
		a.attach(e, c)
		return
	}
	if err := a.host.DestroyOrphans(e.sandbox, p.Pid, p.Start); err != nil {
		a.log.Warn("destroy container", zap.Error(err))
	}
	a.executorEnded(e, containerUnknown)
}

func (a *Agent) recoverTask(e *executorRun, ts checkpoint.TaskState) {
	t := &task{info: ts.Info, state: mesos.TASK_STAGING}
	acked := func(uuid []byte) bool {
		for _, u := range ts.Acked {
			if bytes.Equal(u, uuid) {
				return true
			}
		}
		return false
	}
	key := statusupdate.Key{Framework: e.framework.id(), Task: t.id()}
	var pending []statusupdate.Update
	done := false
	for _, status := range ts.Updates {
		t.note(status)
		t.uuids = append(t.uuids, status.UUID)
		if !acked(status.UUID) {
			pending = append(pending, statusupdate.Update{Key: key, Executor: e.id(), Status: status})
			continue
		}
		done = statusupdate.Terminal(status.GetState())
	}
	switch {
	case done && len(pending) == 0:
		e.completed = append(e.completed, t)
		return
	case statusupdate.Terminal(t.state):
		e.terminated = append(e.terminated, t)
	default:
		e.launched = append(e.launched, t)
	}
	a.updates.Restore(key, t.uuids, pending)
}

// destroyOrphans kills containers of this work directory that belong to no recovered executor: those of frameworks
// that do not checkpoint.
func (a *Agent) destroyOrphans() error {
	known := make(map[string]bool)
	for _, f := range a.frameworks {
		for _, e := range f.executors {
			known[e.containerID] = true
		}
	}
	for _, id := range a.host.IDs() {
		c, ok := a.host.Lookup(id)
		if !ok || known[strings.SplitN(id, ".", 2)[0]] || !strings.HasPrefix(c.Sandbox(), a.store.Layout.WorkDir+string(filepath.Separator)) {
			continue
		}
		a.warn("destroy container", c.Destroy())
		a.host.Forget(id)
	}
	processes, err := a.store.LoadProcesses()
	if err != nil {
		return err
	}
	for _, p := range processes {
		if known[p.Container] {
			continue
		}
		a.warn("destroy container", a.host.DestroyOrphans(p.Sandbox, p.Pid, p.Start))
		if p.Docker != "" {
			a.removeDocker(p.Docker)
		}
		a.warn("forget container", a.store.RemoveProcess(p.Container))
	}
	return a.host.DestroyStrays(a.store.Layout.WorkDir, func(sandbox string) bool {
		for id := range known {
			if strings.Contains(sandbox, id) {
				return true
			}
		}
		return false
	})
}

// expireExecutors destroys the executors that have not subscribed since the restart.
func (a *Agent) expireExecutors() {
	for _, f := range a.sortedFrameworks() {
		for _, e := range f.list() {
			if e.state != registering {
				continue
			}
			e.pending = &termination{
				state: f.lost(mesos.TASK_GONE), reason: mesos.REASON_EXECUTOR_REREGISTRATION_TIMEOUT,
				message: "Executor did not reregister within " + ids.FormatDuration(a.cfg.ExecutorReregistrationTimeout),
			}
			e.state = shuttingDown
			a.onceRegistered(func() { a.destroy(e) })
		}
	}
}

// registrationPatience bounds what waits for the first registration after a recovery.
const registrationPatience = time.Second

// onceRegistered runs f after the next registration, or soon if there is none. The end of executors at recovery waits
// for it so that the master still hears of it; with Mesos the destruction of containers takes as long.
func (a *Agent) onceRegistered(f func()) {
	done := false
	run := func() {
		if !done {
			done = true
			f()
		}
	}
	a.master.waiting = append(a.master.waiting, run)
	a.box.After(registrationPatience, run)
}

// recoveryDone opens the agent for all requests and begins registration.
func (a *Agent) recoveryDone() {
	if a.cfg.Recover == "cleanup" {
		a.ready.Store(true)
		a.destroyAll(nil)
		return
	}
	if a.phase != recovering {
		return
	}
	a.ready.Store(true)
	a.phase = disconnected
	if a.master.leader != "" {
		a.master.retry = a.box.After(jitter(a.cfg.RegistrationBackoffFactor), a.register)
	}
	if a.draining != nil {
		a.drain(*a.draining)
	}
}

// detached returns a context for cleaning up that outlives the agent's own work.
func detached() context.Context { return context.Background() }
