package agent

import (
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// framework is a framework with executors on this agent.
type framework struct {
	info        mesos.FrameworkInfo
	terminating bool
	executors   map[string]*executorRun
	order       []string       // executor ids by age
	completed   []*executorRun // the oldest first
}

func (f *framework) id() string { return f.info.GetID().GetValue() }

func (f *framework) checkpoints() bool { return f.info.GetCheckpoint() }

func (f *framework) has(capability mesos.FrameworkInfo_Capability_Type) bool {
	return slices.ContainsFunc(f.info.Capabilities, func(c mesos.FrameworkInfo_Capability) bool { return c.Type == capability })
}

// lost is the state that tells this framework of a task that certainly does not run: instead if it knows partitions,
// else TASK_LOST.
func (f *framework) lost(instead mesos.TaskState) mesos.TaskState {
	if f.has(mesos.FrameworkInfo_Capability_PARTITION_AWARE) {
		return instead
	}
	return mesos.TASK_LOST
}

func (f *framework) list() []*executorRun {
	list := make([]*executorRun, 0, len(f.order))
	for _, id := range f.order {
		list = append(list, f.executors[id])
	}
	return list
}

const (
	registering executorState = iota + 1
	subscribed
	shuttingDown
	terminated
)

const (
	kindCustom  executorKind = "custom"  // the framework's own command
	kindCommand executorKind = "command" // built-in, for one command task
	kindDocker  executorKind = "docker"  // built-in, for one task with a Docker container
	kindDefault executorKind = "default" // built-in, for task groups
)
