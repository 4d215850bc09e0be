package master

import (
	"bytes"
	"fmt"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// invalidExecutor checks an ExecutorInfo, and against what runs under its id. Its resources are brought into form.
func (w *acceptance) invalidExecutor(e *mesos.ExecutorInfo) string {
	switch e.Type {
	case mesos.ExecutorInfo_DEFAULT:
		if e.Command != nil {
			return "'ExecutorInfo.command' must not be set for 'DEFAULT' executor"
		}
	case mesos.ExecutorInfo_CUSTOM, mesos.ExecutorInfo_UNKNOWN:
		if e.Command == nil {
			return "'ExecutorInfo.command' must be set for 'CUSTOM' executor"
		}
	}
	if text := invalidID(e.ExecutorID.Value); text != "" {
		return "ExecutorID is invalid: " + text
	}
	if e.ShutdownGracePeriod.GetNanoseconds() < 0 {
		return "ExecutorInfo's 'shutdown_grace_period' must be non-negative"
	}
	if e.FrameworkID.GetValue() != w.fw.ID {
		return fmt.Sprintf("ExecutorInfo has an invalid FrameworkID (Actual: %s vs Expected: %s)",
			e.FrameworkID.GetValue(), w.fw.ID)
	}
	var text string
	if e.Resources, text = w.invalidResources(e.Resources); text != "" {
		return "Executor uses invalid resources: " + text
	}
	for i := range e.Resources {
		if e.Resources[i].Shared != nil {
			return "Executor resources " + resources.List(e.Resources).String() + " should not contain any shared resources"
		}
	}
	if text := invalidCommand(e.Command); text != "" {
		return "Executor's `CommandInfo` is invalid: " + text
	}
	if text := invalidContainer(e.Container); text != "" {
		return "Executor's `ContainerInfo` is invalid: " + text
	}
	if linux := e.Container.GetLinuxInfo(); linux != nil && linux.ShareCgroups != nil && *linux.ShareCgroups {
		return "The 'share_cgroups' field cannot be set on executor containers"
	}
	if known, ok := w.agent.Executors[w.fw.ID][e.ExecutorID.Value]; ok && !compatible(&known, e) {
		line := strings.Repeat("-", 60) + "\n"
		return "ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.\n" + line +
			"Existing ExecutorInfo:\n" + codec.Text(&known) + "\n" + line +
			"ExecutorInfo:\n" + codec.Text(e) + "\n" + line
	}
	return ""
}

// compatible compares what must be equal for an executor to be reused. Labels and the grace period do not matter.
func compatible(a, b *mesos.ExecutorInfo) bool {
	return a.Type == b.Type && a.ExecutorID == b.ExecutorID && bytes.Equal(a.Data, b.Data) &&
		resources.List(a.Resources).Equal(b.Resources) && a.Command.Equal(b.Command) &&
		a.FrameworkID.GetValue() == b.FrameworkID.GetValue() && sameText(a.Name, b.Name) &&
		sameText(a.Source, b.Source) && a.Container.Equal(b.Container) && a.Discovery.Equal(b.Discovery)
}

func sameText(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// The least resources of the executor of a task group.
const (
	executorCPUsMin = 0.01
	executorMemMin  = 32 // MB
)

// invalidGroup returns why a task group cannot be launched, "" if it can.
func (w *acceptance) invalidGroup(g *mesos.Offer_Operation_LaunchGroup) string {
	e := &g.Executor
	switch {
	case e.Type == mesos.ExecutorInfo_UNKNOWN:
		return "'ExecutorInfo.type' must be set"
	case e.FrameworkID == nil:
		return "'ExecutorInfo.framework_id' must be set"
	case len(g.TaskGroup.Tasks) == 0:
		return "Task group cannot be empty"
	}
	tasks := make([]*mesos.TaskInfo, 0, len(g.TaskGroup.Tasks))
	seen := make(map[string]bool, len(g.TaskGroup.Tasks))
	for i := range g.TaskGroup.Tasks {
		t := &g.TaskGroup.Tasks[i]
		if seen[t.TaskID.Value] {
			return "Task has duplicate ID: " + t.TaskID.Value
		}
		seen[t.TaskID.Value] = true
		if text := w.invalidGroupTask(t, e); text != "" {
			return fmt.Sprintf("Task '%s' is invalid: %s", t.TaskID.Value, text)
		}
		tasks = append(tasks, t)
	}
	if text := w.invalidExecutor(e); text != "" {
		return text
	}
	if text := invalidGroupExecutor(e); text != "" {
		return text
	}
	for _, t := range tasks {
		if text := overlapping(t, e); text != "" {
			return text
		}
	}
	if need := w.needed(e, tasks...); !w.available.Contains(need) {
		return fmt.Sprintf("Total resources %s required by task group and its executor are more than available %s",
			need, w.available)
	}
	return ""
}

// invalidGroupExecutor checks the least resources and the container of a group's executor.
func invalidGroupExecutor(e *mesos.ExecutorInfo) string {
	list, id := resources.List(e.Resources), e.ExecutorID.Value
	cpus, mem := list.Scalar("cpus"), list.Scalar("mem")
	switch {
	case cpus == 0:
		return fmt.Sprintf("Executor '%s' uses no CPUs", id)
	case cpus < milli(executorCPUsMin):
		return fmt.Sprintf("Executor '%s' uses less CPUs (%v) than the minimum required (%v)",
			id, resources.FromMilli(cpus), executorCPUsMin)
	case mem == 0:
		return fmt.Sprintf("Executor '%s' uses no memory", id)
	case mem < milli(executorMemMin):
		return fmt.Sprintf("Executor '%s' uses less memory (%vMB) than the minimum required (%vMB)",
			id, resources.FromMilli(mem), executorMemMin)
	case list.Scalar("disk") == 0:
		return fmt.Sprintf("Executor '%s' uses no disk", id)
	case e.Container != nil && e.Container.GetType() == mesos.ContainerInfo_DOCKER:
		return "Docker ContainerInfo is not supported on the executor"
	}
	return ""
}

// invalidGroupTask checks one task of a group.
func (w *acceptance) invalidGroupTask(t *mesos.TaskInfo, e *mesos.ExecutorInfo) string {
	if text := w.invalidInAnyLaunch(t); text != "" {
		return text
	}
	if t.Container.GetType() == mesos.ContainerInfo_DOCKER && t.Container != nil {
		return "Docker ContainerInfo is not supported on the task"
	}
	if t.Executor != nil && !t.Executor.Equal(e) {
		return "The `ExecutorInfo` of task '" + t.TaskID.Value + "' is different from executor '" + e.ExecutorID.Value + "'"
	}
	if t.Container != nil && len(t.Container.NetworkInfos) > 0 {
		if t.HealthCheck != nil && t.HealthCheck.Type != mesos.HealthCheck_COMMAND {
			return "HTTP and TCP health checks are not supported for nested containers that join their own network"
		}
		if t.Check != nil && t.Check.Type != mesos.CheckInfo_COMMAND {
			return "HTTP and TCP checks are not supported for nested containers that join their own network"
		}
	}
	shared := true
	if linux := t.Container.GetLinuxInfo(); linux != nil && linux.ShareCgroups != nil {
		shared = *linux.ShareCgroups
	}
	if len(t.Limits) > 0 && shared {
		return "Resource limits may only be set for tasks within a task group when 'share_cgroups' is set to 'false'"
	}
	return ""
}
