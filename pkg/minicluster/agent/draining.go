package agent

import (
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// draining is what the master wants when the agent is to become empty.
type draining struct {
	*base
	config *mesos.DrainConfig // nil unless the agent drains
	since  time.Time
}

// note begins the draining, or changes how it is done.
func (s *draining) note(config mesos.DrainConfig) {
	if s.config == nil {
		s.since = s.now()
	}
	s.config = &config
	s.warn("checkpoint drain configuration", s.store.SaveDrain(s.id(), &config))
}

func (s *draining) stop() {
	s.config = nil
	s.warn("remove drain configuration", s.store.SaveDrain(s.id(), nil))
}

// rewrite marks the status of a task that ends because the agent drains.
func (s *draining) rewrite(f *framework, status *mesos.TaskStatus) {
	state := status.GetState()
	if s.config == nil || state != mesos.TASK_KILLING && state != mesos.TASK_KILLED {
		return
	}
	status.Reason = mesos.REASON_AGENT_DRAINING.Enum()
	if state == mesos.TASK_KILLED && s.config.GetMarkGone() {
		status.State = f.goneByOperator().Enum()
	}
}

// drainPolicy is the task's own policy cut to the longest grace period of the drain; nil leaves it to the executor.
func drainPolicy(t *task, config mesos.DrainConfig) *mesos.KillPolicy {
	limit := config.MaxGracePeriod
	if limit == nil {
		return nil
	}
	own := t.info.KillPolicy.GetGracePeriod()
	if own != nil && own.Nanoseconds <= limit.Nanoseconds {
		return nil
	}
	return &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: limit.Nanoseconds}}
}

// goneByOperator is the end of a task on an agent drained for good.
func (f *framework) goneByOperator() mesos.TaskState {
	if f.has(mesos.FrameworkInfo_Capability_PARTITION_AWARE) {
		return mesos.TASK_GONE_BY_OPERATOR
	}
	return mesos.TASK_KILLED
}
