package validation

import (
	"bytes"
	"fmt"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// executorRules are those for the executor of a task or of a group.
var executorRules = []rule{
	{"executor command", 0, ofExecutor(wrongCommand)},
	{"executor id", 0, ofExecutor(func(_ *Books, e *mesos.ExecutorInfo) string {
		return prefixed("ExecutorID is invalid: ", invalidID(e.ExecutorID.Value))
	})},
	{"executor grace period", 0, ofExecutor(negativeShutdownGrace)},
	{"executor framework", 0, ofExecutor((*Books).wrongFramework)},
	{"executor resources", 0, ofExecutor((*Books).invalidExecutorResources)},
	{"executor environment", 0, ofExecutor(func(_ *Books, e *mesos.ExecutorInfo) string {
		return prefixed("Executor's `CommandInfo` is invalid: ", invalidCommand(e.Command))
	})},
	{"executor container", 0, ofExecutor(invalidExecutorContainer)},
	{"executor identity", 0, ofExecutor((*Books).incompatible)},
}

// notCustom tells of a default executor outside of a group. It fills in the framework id.
func (b *Books) notCustom(e *mesos.ExecutorInfo) string {
	if e.FrameworkID == nil {
		e.FrameworkID = &mesos.FrameworkID{Value: b.Framework.ID.GetValue()}
	}
	if e.Type == mesos.ExecutorInfo_DEFAULT {
		return "'ExecutorInfo.type' must be 'CUSTOM'"
	}
	return ""
}

func wrongCommand(_ *Books, e *mesos.ExecutorInfo) string {
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
	return ""
}

func negativeShutdownGrace(_ *Books, e *mesos.ExecutorInfo) string {
	if e.ShutdownGracePeriod.GetNanoseconds() < 0 {
		return "ExecutorInfo's 'shutdown_grace_period' must be non-negative"
	}
	return ""
}

func (b *Books) wrongFramework(e *mesos.ExecutorInfo) string {
	if id := b.Framework.ID.GetValue(); e.FrameworkID.GetValue() != id {
		return fmt.Sprintf("ExecutorInfo has an invalid FrameworkID (Actual: %s vs Expected: %s)", e.FrameworkID.GetValue(), id)
	}
	return ""
}

func (b *Books) invalidExecutorResources(e *mesos.ExecutorInfo) string {
	var text string
	if e.Resources, text = b.invalidResources(e.Resources); text != "" {
		return "Executor uses invalid resources: " + text
	}
	for i := range e.Resources {
		if e.Resources[i].Shared != nil {
			return "Executor resources " + resources.List(e.Resources).String() + " should not contain any shared resources"
		}
	}
	return ""
}

func invalidExecutorContainer(_ *Books, e *mesos.ExecutorInfo) string {
	if text := invalidContainer(e.Container); text != "" {
		return "Executor's `ContainerInfo` is invalid: " + text
	}
	if linux := e.Container.GetLinuxInfo(); linux != nil && linux.ShareCgroups != nil && *linux.ShareCgroups {
		return "The 'share_cgroups' field cannot be set on executor containers"
	}
	return ""
}

// incompatible tells of an executor whose id is that of another one on the agent.
func (b *Books) incompatible(e *mesos.ExecutorInfo) string {
	known, ok := b.Executor(e.ExecutorID.Value)
	if !ok || compatible(&known, e) {
		return ""
	}
	line := strings.Repeat("-", 60) + "\n"
	return "ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.\n" + line +
		"Existing ExecutorInfo:\n" + b.Show(&known) + "\n" + line + "ExecutorInfo:\n" + b.Show(e) + "\n" + line
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
