package validation

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// Books are what a master knows that the operations of an ACCEPT are held against. All functions must be set.
type Books struct {
	// Framework is who accepts.
	Framework *mesos.FrameworkInfo
	// Agent and Role are those of the offers.
	Agent, Role string
	// Total are the agent's resources.
	Total resources.List
	// Available is what is left of the offers.
	Available resources.List
	// HasTask tells whether the framework has a task of this id that is active, or whose end is not acknowledged.
	HasTask func(id string) bool
	// Unreachable tells whether a task of this id was lost with its agent.
	Unreachable func(id string) bool
	// Executor returns what runs on the agent under an executor's id.
	Executor func(id string) (mesos.ExecutorInfo, bool)
	// InUse tells whether a task or executor on the agent uses one of the volumes.
	InUse func(volumes resources.List) bool
	// MayRun tells whether the framework may run tasks as a user.
	MayRun func(user string) bool
	// MayConvert tells what the framework is not allowed to do if it may not do an operation with resources of the
	// offers' role; else "".
	MayConvert func(t mesos.Offer_Operation_Type) string
	// Show prints an executor for people.
	Show func(e *mesos.ExecutorInfo) string
}

// Refusal says why tasks are not launched.
type Refusal struct {
	Reason mesos.TaskStatus_Reason
	Text   string
}

// subject is what a rule looks at: a task of a LAUNCH, or a LAUNCH_GROUP with one of its tasks or none.
type subject struct {
	operation *mesos.Offer_Operation
	task      *mesos.TaskInfo
	executor  *mesos.ExecutorInfo // nil for a command task
	group     []mesos.TaskInfo
}

// rule is one row of a table.
type rule struct {
	about string
	// reason is that of the refusal; zero for the table's usual one.
	reason mesos.TaskStatus_Reason
	// broken returns why the subject breaks the rule, "" if it does not.
	broken func(b *Books, s subject) string
}

// apply returns the refusal of the first broken rule, nil if there is none.
func (b *Books) apply(rules []rule, usual mesos.TaskStatus_Reason, s subject) *Refusal {
	for _, r := range rules {
		text := r.broken(b, s)
		if text == "" {
			continue
		}
		if r.reason != 0 {
			usual = r.reason
		}
		return &Refusal{usual, text}
	}
	return nil
}

// eachTask makes a rule for a task one for all tasks of a group.
func eachTask(broken func(b *Books, s subject) string) func(b *Books, s subject) string {
	return func(b *Books, s subject) string {
		for i := range s.group {
			s.task = &s.group[i]
			if text := broken(b, s); text != "" {
				return text
			}
		}
		return ""
	}
}

// ofTask makes a check of a TaskInfo alone a rule.
func ofTask(broken func(t *mesos.TaskInfo) string) func(b *Books, s subject) string {
	return func(_ *Books, s subject) string { return broken(s.task) }
}

// ofExecutor makes a check of an ExecutorInfo a rule that holds for everything without one.
func ofExecutor(broken func(b *Books, e *mesos.ExecutorInfo) string) func(b *Books, s subject) string {
	return func(b *Books, s subject) string {
		if s.executor == nil {
			return ""
		}
		return broken(b, s.executor)
	}
}

// prefixed puts words before what a check says.
func prefixed(words, text string) string {
	if text == "" {
		return ""
	}
	return words + text
}

// prepare brings resources of a request to the form they are kept in: upgraded, and allocated to the role of the
// offers if they do not say otherwise.
func (b *Books) prepare(rs []mesos.Resource) ([]mesos.Resource, error) {
	up, err := resources.UpgradeAll(rs)
	if err != nil {
		return rs, err
	}
	for i := range up {
		if up[i].AllocationInfo == nil {
			up[i].AllocationInfo = &mesos.Resource_AllocationInfo{Role: &b.Role}
		}
	}
	return up, nil
}

// Needed returns what a launch takes of the offers: the tasks' resources, and the executor's unless it is known on the
// agent.
func (b *Books) Needed(executor *mesos.ExecutorInfo, tasks ...mesos.TaskInfo) resources.List {
	var all resources.List
	for i := range tasks {
		all = all.Plus(tasks[i].Resources)
	}
	if executor != nil {
		if _, known := b.Executor(executor.ExecutorID.Value); !known {
			all = all.Plus(executor.Resources)
		}
	}
	return all
}
