package validation

import (
	"fmt"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// The least resources of the executor of a task group.
const (
	executorCPUsMin = 0.01
	executorMemMin  = 32 // MB
)

// Group returns why the tasks of a LAUNCH_GROUP cannot be launched, nil if they can. It also brings the resources of
// the tasks and the executor into form.
func (b *Books) Group(op *mesos.Offer_Operation) *Refusal {
	g := op.LaunchGroup
	return b.apply(groupRules, mesos.REASON_TASK_GROUP_INVALID,
		subject{operation: op, executor: &g.Executor, group: g.TaskGroup.Tasks})
}

// groupRules are those for a LAUNCH_GROUP.
var groupRules = slices.Concat([]rule{
	{"operation id", 0, withoutOperationID},
	{"authorization", mesos.REASON_TASK_GROUP_UNAUTHORIZED, eachTask((*Books).unauthorized)},
	{"executor type", 0, ofExecutor(withoutType)},
	{"executor framework set", 0, ofExecutor(withoutFramework)},
	{"tasks", 0, noTasks},
	{"each task", 0, (*Books).invalidMembers},
	{"same cgroups", 0, mixedCgroups},
}, executorRules, []rule{
	{"least executor", 0, ofExecutor(tooSmall)},
	{"docker executor", 0, ofExecutor(inDocker)},
	{"overlap with the executor", 0, eachTask(overlapping)},
	{"available resources", 0, (*Books).groupTooLarge},
})

// memberRules are those for each task of a group.
var memberRules = slices.Concat(taskRules, []rule{
	{"docker task", 0, ofTask(taskInDocker)},
	{"same executor", 0, otherExecutor},
	{"checks over a network", 0, ofTask(networkChecks)},
	{"limits with shared cgroups", 0, ofTask(limitsOfShared)},
})

func withoutType(_ *Books, e *mesos.ExecutorInfo) string {
	if e.Type == mesos.ExecutorInfo_UNKNOWN {
		return "'ExecutorInfo.type' must be set"
	}
	return ""
}

func withoutFramework(_ *Books, e *mesos.ExecutorInfo) string {
	if e.FrameworkID == nil {
		return "'ExecutorInfo.framework_id' must be set"
	}
	return ""
}

func noTasks(_ *Books, s subject) string {
	if len(s.group) == 0 {
		return "Task group cannot be empty"
	}
	return ""
}

// invalidMembers checks the tasks one after the other.
func (b *Books) invalidMembers(s subject) string {
	seen := make(map[string]bool, len(s.group))
	for i := range s.group {
		s.task = &s.group[i]
		id := s.task.TaskID.Value
		if seen[id] {
			return "Task has duplicate ID: " + id
		}
		seen[id] = true
		if refused := b.apply(memberRules, 0, s); refused != nil {
			return fmt.Sprintf("Task '%s' is invalid: %s", id, refused.Text)
		}
	}
	return ""
}

func taskInDocker(t *mesos.TaskInfo) string {
	if t.Container != nil && t.Container.GetType() == mesos.ContainerInfo_DOCKER {
		return "Docker ContainerInfo is not supported on the task"
	}
	return ""
}

func otherExecutor(_ *Books, s subject) string {
	if s.task.Executor != nil && !s.task.Executor.Equal(s.executor) {
		return "The `ExecutorInfo` of task '" + s.task.TaskID.Value + "' is different from executor '" + s.executor.ExecutorID.Value + "'"
	}
	return ""
}

func networkChecks(t *mesos.TaskInfo) string {
	switch {
	case t.Container == nil || len(t.Container.NetworkInfos) == 0:
	case t.HealthCheck != nil && t.HealthCheck.Type != mesos.HealthCheck_COMMAND:
		return "HTTP and TCP health checks are not supported for nested containers that join their own network"
	case t.Check != nil && t.Check.Type != mesos.CheckInfo_COMMAND:
		return "HTTP and TCP checks are not supported for nested containers that join their own network"
	}
	return ""
}

func limitsOfShared(t *mesos.TaskInfo) string {
	if len(t.Limits) > 0 && sharesCgroups(t) {
		return "Resource limits may only be set for tasks within a task group when 'share_cgroups' is set to 'false'"
	}
	return ""
}

// mixedCgroups tells of a group of which some tasks share the executor's cgroups and others do not.
func mixedCgroups(_ *Books, s subject) string {
	for i := range s.group {
		if sharesCgroups(&s.group[i]) != sharesCgroups(&s.group[0]) {
			return "'LinuxInfo.share_cgroups' must be the same for all tasks of a task group"
		}
	}
	return ""
}

// tooSmall tells of an executor with less than the least resources.
func tooSmall(_ *Books, e *mesos.ExecutorInfo) string {
	list, id := resources.List(e.Resources), e.ExecutorID.Value
	cpus, mem := list.Scalar("cpus"), list.Scalar("mem")
	switch {
	case cpus == 0:
		return fmt.Sprintf("Executor '%s' uses no CPUs", id)
	case cpus < resources.Milli(executorCPUsMin):
		return fmt.Sprintf("Executor '%s' uses less CPUs (%v) than the minimum required (%v)",
			id, resources.FromMilli(cpus), executorCPUsMin)
	case mem == 0:
		return fmt.Sprintf("Executor '%s' uses no memory", id)
	case mem < resources.Milli(executorMemMin):
		return fmt.Sprintf("Executor '%s' uses less memory (%vMB) than the minimum required (%vMB)",
			id, resources.FromMilli(mem), executorMemMin)
	case list.Scalar("disk") == 0:
		return fmt.Sprintf("Executor '%s' uses no disk", id)
	}
	return ""
}

func inDocker(_ *Books, e *mesos.ExecutorInfo) string {
	if e.Container != nil && e.Container.GetType() == mesos.ContainerInfo_DOCKER {
		return "Docker ContainerInfo is not supported on the executor"
	}
	return ""
}

// groupTooLarge tells of a group that needs more than the offers have left.
func (b *Books) groupTooLarge(s subject) string {
	if need := b.Needed(s.executor, s.group...); !b.Available.Contains(need) {
		return fmt.Sprintf("Total resources %s required by task group and its executor are more than available %s",
			need, b.Available)
	}
	return ""
}
