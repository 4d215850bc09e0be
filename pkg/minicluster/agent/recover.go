package agent

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	ids "github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/checkpoint"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/statusupdate"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// recovery takes back what an earlier agent on the work directory left.
type recovery struct {
	*base
	gates        *gates
	checkpointed *mesos.AgentInfo // what the earlier agent said of itself; nil without one
	draining     *draining
	sandboxes    *sandboxes
	operations   *operations
	ledger       *ledger
	statuses     *statuses
	starting     *starting
	containers   *containers
	ending       *ending
	upstream     *upstream
}

// begin takes back what an earlier agent on this work directory left (Mesos, agent recovery), then waits for its
// executors before it turns to the master.
func (s *recovery) begin() error {
	old := s.checkpointed
	if err := s.resources(); err != nil {
		return err
	}
	if old != nil {
		if err := s.agent(old); err != nil {
			return err
		}
	}
	if err := s.destroyOrphans(); err != nil {
		s.log.Warn("destroy orphans", zap.Error(err))
	}
	s.collectOld()
	s.gates.recovered.Store(true)
	s.box.Go(s.upstream.detect)
	if len(s.ledger.frameworks) == 0 || s.cfg.Recover == "cleanup" {
		s.open()
		return nil
	}
	s.box.After(s.cfg.ExecutorReregistrationTimeout, func() {
		s.expire()
		s.open()
	})
	return nil
}

// agent takes the id of the checkpointed agent and reads the rest.
func (s *recovery) agent(old *mesos.AgentInfo) error {
	s.info.ID = old.ID
	s.warn("checkpoint agent", s.store.SaveAgent(&s.info))
	state, err := s.store.Load(s.id())
	if err != nil {
		return fmt.Errorf("recover agent %s: %w", s.id(), err)
	}
	s.draining.config = state.Drain
	processes, err := s.store.LoadProcesses()
	if err != nil {
		return fmt.Errorf("recover containers: %w", err)
	}
	byID := make(map[string]checkpoint.Process, len(processes))
	for _, p := range processes {
		byID[p.Container] = p
	}
	for _, fs := range state.Frameworks {
		f := &framework{info: fs.Info, executors: make(map[string]*executorRun)}
		s.ledger.frameworks[f.id()] = f
		for _, es := range fs.Executors {
			s.executor(f, es, byID[es.Container])
		}
		s.ledger.drop(f)
	}
	return nil
}

func (s *recovery) executor(f *framework, es checkpoint.ExecutorState, p checkpoint.Process) {
	e := &executorRun{
		framework: f, info: es.Info, kind: executorKind(es.Kind), state: registering, containerID: es.Container,
		user: es.User, sandbox: s.store.Layout.Sandbox(s.id(), f.id(), es.Info.ExecutorID.Value, es.Container),
		status: containerUnknown, delivered: true,
	}
	f.executors[e.id()] = e
	f.order = append(f.order, e.id())
	for _, ts := range es.Tasks {
		s.task(e, ts)
	}
	c, ok := s.host.Lookup(es.Container)
	if !ok && e.kind == kindCustom {
		spec := containerizer.Spec{ID: es.Container, Dir: e.sandbox}
		c, ok = s.host.Adopt(spec, p.Pid, p.Start)
	}
	e.dockerName = p.Docker
	if !ok && p.Docker != "" {
		s.starting.removeDocker(p.Docker)
	}
	if ok {
		s.log.Info("executor recovered", logfield.Framework(ids.FrameworkID(f.id())), logfield.Executor(ids.ExecutorID(e.id())))
		s.containers.attach(e, c)
		return
	}
	if err := s.host.DestroyOrphans(e.sandbox, p.Pid, p.Start); err != nil {
		s.log.Warn("destroy container", zap.Error(err))
	}
	s.containers.ended(e, containerUnknown)
}

func (s *recovery) task(e *executorRun, ts checkpoint.TaskState) {
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
	s.statuses.updates.Restore(key, t.uuids, pending)
}

// destroyOrphans kills containers of this work directory that belong to no recovered executor: those of frameworks
// that do not checkpoint.
func (s *recovery) destroyOrphans() error {
	known := make(map[string]bool)
	for _, f := range s.ledger.frameworks {
		for _, e := range f.executors {
			known[e.containerID] = true
		}
	}
	for _, id := range s.host.IDs() {
		c, ok := s.host.Lookup(id)
		if !ok || known[strings.SplitN(id, ".", 2)[0]] || !strings.HasPrefix(c.Sandbox(), s.store.Layout.WorkDir+string(filepath.Separator)) {
			continue
		}
		s.warn("destroy container", c.Destroy())
		s.host.Forget(id)
	}
	processes, err := s.store.LoadProcesses()
	if err != nil {
		return err
	}
	for _, p := range processes {
		if known[p.Container] {
			continue
		}
		s.warn("destroy container", s.host.DestroyOrphans(p.Sandbox, p.Pid, p.Start))
		if p.Docker != "" {
			s.starting.removeDocker(p.Docker)
		}
		s.warn("forget container", s.store.RemoveProcess(p.Container))
	}
	return s.host.DestroyStrays(s.store.Layout.WorkDir, func(sandbox string) bool {
		for id := range known {
			if strings.Contains(sandbox, id) {
				return true
			}
		}
		return false
	})
}

// expire destroys the executors that have not subscribed since the restart.
func (s *recovery) expire() {
	for _, f := range s.ledger.sorted() {
		for _, e := range f.list() {
			if e.state != registering {
				continue
			}
			e.pending = &termination{
				state: f.lost(mesos.TASK_GONE), reason: mesos.REASON_EXECUTOR_REREGISTRATION_TIMEOUT,
				message: "Executor did not reregister within " + ids.FormatDuration(s.cfg.ExecutorReregistrationTimeout),
			}
			e.state = shuttingDown
			s.upstream.onceRegistered(func() { s.containers.destroy(e) })
		}
	}
}

// open opens the agent for all requests and begins registration.
func (s *recovery) open() {
	if s.cfg.Recover == "cleanup" {
		s.gates.ready.Store(true)
		s.ending.destroyAll(nil)
		return
	}
	if s.phase != recovering {
		return
	}
	s.gates.ready.Store(true)
	s.phase = disconnected
	if s.master.leader != "" {
		s.master.retry = s.box.After(jitter(s.cfg.RegistrationBackoffFactor), s.upstream.register)
	}
	if s.draining.config != nil {
		s.ending.drain(*s.draining.config)
	}
}

// asConfigured takes off what operations have made of a resource.
func asConfigured(r *mesos.Resource) {
	resources.Bare(r)
	n := len(r.Reservations)
	for n > 0 && r.Reservations[n-1].GetType() == mesos.Resource_ReservationInfo_DYNAMIC {
		n--
	}
	r.Reservations = r.Reservations[:n:n]
	if n == 0 {
		r.Reservations = nil
	}
}

func (s *recovery) collectOld() {
	used := make(map[string]bool)
	for _, f := range s.ledger.frameworks {
		for _, e := range f.executors {
			used[e.sandbox] = true
		}
	}
	s.sandboxes.collectOld(used)
}
