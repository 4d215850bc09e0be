package validation

import (
	"fmt"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Task returns why a task of a LAUNCH cannot be launched, nil if it can. It also brings the resources of the task and
// its executor into form, and fills in the framework id of the executor.
func (b *Books) Task(op *mesos.Offer_Operation, t *mesos.TaskInfo) *Refusal {
	return b.apply(launchRules, mesos.REASON_TASK_INVALID, subject{operation: op, task: t, executor: t.Executor})
}

// launchRules are those for a task of a LAUNCH.
var launchRules = slices.Concat([]rule{
	{"operation id", 0, withoutOperationID},
	{"authorization", mesos.REASON_TASK_UNAUTHORIZED, (*Books).unauthorized},
}, taskRules, []rule{
	{"own cgroups", 0, ofTask(ownCgroups)},
	{"command or executor", 0, ofTask(neitherCommandNorExecutor)},
	{"custom executor", 0, ofExecutor((*Books).notCustom)},
}, executorRules, []rule{
	{"overlap with the executor", 0, overlapping},
	{"available resources", 0, (*Books).tooLarge},
})

// taskRules are what LAUNCH and LAUNCH_GROUP have in common.
var taskRules = []rule{
	{"id", 0, ofTask(func(t *mesos.TaskInfo) string { return invalidID(t.TaskID.Value) })},
	{"unique id", 0, (*Books).duplicate},
	{"agent", 0, (*Books).wrongAgent},
	{"kill policy", 0, ofTask(negativeGrace)},
	{"max completion time", 0, ofTask(negativeCompletionTime)},
	{"check", 0, ofTask(func(t *mesos.TaskInfo) string { return prefixed("Task uses invalid check: ", invalidCheck(t.Check)) })},
	{"health check", 0, ofTask(func(t *mesos.TaskInfo) string {
		return prefixed("Task uses invalid health check: ", invalidHealthCheck(t.HealthCheck))
	})},
	{"resources", 0, (*Books).invalidTaskResources},
	{"command", 0, ofTask(func(t *mesos.TaskInfo) string {
		return prefixed("Task's `CommandInfo` is invalid: ", invalidCommand(t.Command))
	})},
	{"container", 0, ofTask(func(t *mesos.TaskInfo) string {
		return prefixed("Task's `ContainerInfo` is invalid: ", invalidContainer(t.Container))
	})},
	{"limits", 0, ofTask(invalidLimits)},
}

func withoutOperationID(_ *Books, s subject) string {
	if s.operation.ID == nil {
		return ""
	}
	return fmt.Sprintf("The `id` field cannot be set on %s operations", s.operation.Type)
}

// unauthorized asks whether the framework may run the task as its user.
func (b *Books) unauthorized(s subject) string {
	user := b.Framework.User
	switch {
	case s.task.Command != nil && s.task.Command.User != nil:
		user = *s.task.Command.User
	case s.executor != nil && s.executor.Command != nil && s.executor.Command.User != nil:
		user = *s.executor.Command.User
	}
	if b.MayRun(user) {
		return ""
	}
	principal := "ANY"
	if b.Framework.Principal != nil {
		principal = *b.Framework.Principal
	}
	return fmt.Sprintf("Principal '%s' no authorized to launch task %s of framework %s under user '%s'",
		principal, s.task.TaskID.Value, b.Framework.ID.GetValue(), user)
}

func (b *Books) duplicate(s subject) string {
	switch id := s.task.TaskID.Value; {
	case b.HasTask(id):
		return "Task has duplicate ID: " + id
	case b.Unreachable(id):
		return "Task reuses the ID of an unreachable task: " + id
	}
	return ""
}

func (b *Books) wrongAgent(s subject) string {
	if s.task.AgentID.Value == b.Agent {
		return ""
	}
	return fmt.Sprintf("Task uses invalid agent %s while agent %s is expected", s.task.AgentID.Value, b.Agent)
}

func negativeGrace(t *mesos.TaskInfo) string {
	if t.KillPolicy.GetGracePeriod().GetNanoseconds() < 0 {
		return "Task's 'kill_policy.grace_period' must be non-negative"
	}
	return ""
}

func negativeCompletionTime(t *mesos.TaskInfo) string {
	if t.MaxCompletionTime.GetNanoseconds() < 0 {
		return "Task's 'max_completion_time' must be non-negative"
	}
	return ""
}

func (b *Books) invalidTaskResources(s subject) string {
	if len(s.task.Resources) == 0 {
		return "Task uses no resources"
	}
	var text string
	s.task.Resources, text = b.invalidResources(s.task.Resources)
	return prefixed("Task uses invalid resources: ", text)
}

// ownCgroups tells of a task outside of a group that wants cgroups of its own.
func ownCgroups(t *mesos.TaskInfo) string {
	if sharesCgroups(t) {
		return ""
	}
	return "'LinuxInfo.share_cgroups' must be set to true for tasks launched with LAUNCH"
}

// sharesCgroups tells whether a task shares the cgroups of its executor, which is the default.
func sharesCgroups(t *mesos.TaskInfo) bool {
	linux := t.Container.GetLinuxInfo()
	return linux == nil || linux.ShareCgroups == nil || *linux.ShareCgroups
}

func neitherCommandNorExecutor(t *mesos.TaskInfo) string {
	if (t.Command == nil) == (t.Executor == nil) {
		return "Task should have at least one (but not both) of CommandInfo or ExecutorInfo present"
	}
	return ""
}

// tooLarge tells of a task that needs more than the offers have left.
func (b *Books) tooLarge(s subject) string {
	if need := b.Needed(s.executor, *s.task); !b.Available.Contains(need) {
		return fmt.Sprintf("Total resources %s required by task and its executor is more than available %s",
			need, b.Available)
	}
	return ""
}
