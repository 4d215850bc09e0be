package agent

import (
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/statusupdate"
)

// ledger is which frameworks have something on the agent, with their executors and tasks.
type ledger struct {
	*base
	sandboxes  *sandboxes
	updates    *statusupdate.Manager // those of a framework are forgotten with it
	frameworks map[string]*framework
	finished   []*framework // completed frameworks, the oldest first
}

func (s *ledger) framework(id string) *framework { return s.frameworks[id] }

// add finds a framework or makes it known.
func (s *ledger) add(info mesos.FrameworkInfo) *framework {
	if f, ok := s.frameworks[info.GetID().GetValue()]; ok {
		return f
	}
	f := &framework{info: info, executors: make(map[string]*executorRun)}
	s.frameworks[f.id()] = f
	if f.checkpoints() {
		s.warn("checkpoint framework", s.store.SaveFramework(s.id(), &f.info))
	}
	return f
}

// drop forgets a framework that has nothing left on the agent.
func (s *ledger) drop(f *framework) {
	if len(f.executors) > 0 {
		return
	}
	delete(s.frameworks, f.id())
	s.updates.Forget(f.id())
	if f.checkpoints() {
		s.warn("remove framework checkpoint", s.store.RemoveFramework(s.id(), f.id()))
	}
	s.finished = append(s.finished, f)
	if len(s.finished) > maxCompletedFrameworks {
		s.finished = s.finished[1:]
	}
	if s.phase == terminating && len(s.frameworks) == 0 {
		s.finish(s.outcome)
	}
}

// dropExecutor forgets an executor that has ended and whose updates are all acknowledged.
func (s *ledger) dropExecutor(e *executorRun) {
	f := e.framework
	if f.executors[e.id()] != e {
		return
	}
	delete(f.executors, e.id())
	f.order = slices.DeleteFunc(f.order, func(id string) bool { return id == e.id() })
	f.completed = append(f.completed, e)
	if n := s.cfg.MaxCompletedExecutorsPerFramework; len(f.completed) > n {
		f.completed = f.completed[len(f.completed)-n:]
	}
	if f.checkpoints() {
		s.warn("checkpoint end of executor", s.store.FinishRun(e.run(s.id())))
	}
	s.sandboxes.collect(e)
	e.stream.close()
	s.drop(f)
}

func (s *ledger) sorted() []*framework {
	list := make([]*framework, 0, len(s.frameworks))
	for _, f := range s.frameworks {
		list = append(list, f)
	}
	slices.SortFunc(list, func(x, y *framework) int {
		switch {
		case x.id() < y.id():
			return -1
		case x.id() > y.id():
			return 1
		}
		return 0
	})
	return list
}

// dropIdle forgets a framework that never got an executor here.
func (s *ledger) dropIdle(f *framework) {
	if len(f.executors) == 0 && len(f.completed) == 0 {
		// Its updates go on being delivered; only the framework itself is not known any more.
		delete(s.frameworks, f.id())
	}
}

// maxCompletedFrameworks is the history of frameworks (Mesos keeps 50).
const maxCompletedFrameworks = 50
