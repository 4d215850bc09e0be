// Package mesosconv turns the calls that core decides on into calls of Mesos'
// scheduler API. Events need no turning: core takes them as they are.
package mesosconv

import (
	"fmt"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
	"github.com/gantry-mesos/gantry/scheduler/core"
)

// Converter makes Mesos calls of core's. It must not be used by several goroutines.
type Converter struct{ tasks *taskinfo.Builder }

// New returns a Converter; o is what all launched tasks have in common.
func New(o taskinfo.Options) *Converter { return &Converter{tasks: taskinfo.NewBuilder(o)} }

// Call returns the Mesos call. A task that cannot be described to Mesos is left
// out and reported as a TASK_ERROR, as the master does with an invalid one.
func (c *Converter) Call(framework mesos.FrameworkID, call core.Call) (mesos.SchedulerCall, []mesos.TaskStatus) {
	switch call := call.(type) {
	case core.MesosCall:
		return call.SchedulerCall, nil
	case *core.Launch:
		return c.accept(framework, call)
	default:
		panic(fmt.Sprintf("mesosconv: no Mesos call for a %T", call))
	}
}

func (c *Converter) accept(framework mesos.FrameworkID, l *core.Launch) (mesos.SchedulerCall, []mesos.TaskStatus) {
	accept := mesos.Accept{OfferIDs: l.OfferIDs, Operations: l.Prepare, Refuse: l.Refuse}
	var launch mesos.Launch
	var failed []mesos.TaskStatus
	for _, t := range l.Tasks {
		i := t.Instance
		info, err := c.tasks.Build(taskinfo.Launch{
			Run: &t.Spec.Run, Owner: t.Spec.Owner(), Readiness: t.Spec.Readiness, Check: t.Spec.Check,
			InstanceID: string(i.ID), TaskID: i.TaskID(), FrameworkID: framework, AgentID: i.AgentID,
			Hostname: i.Hostname, Role: i.Role, Resources: t.Resources, ExecutorResources: t.ExecutorResources, HostPorts: i.HostPorts,
		})
		if err != nil {
			failed = append(failed, mesos.TaskStatus{
				TaskID: i.TaskID(), State: mesos.TaskError, Reason: mesos.ReasonTaskInvalid, AgentID: i.AgentID, Message: err.Error(),
			})
			continue
		}
		launch.Tasks = append(launch.Tasks, info)
	}
	if len(launch.Tasks) > 0 {
		accept.Operations = append(accept.Operations, launch)
	}
	return accept, failed
}
