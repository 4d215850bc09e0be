package master

import (
	"fmt"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// invalidTask returns why a task cannot be launched, "" if it can. It also brings the task's resources into form.
func (w *acceptance) invalidTask(t *mesos.TaskInfo) string {
	if text := w.invalidInAnyLaunch(t); text != "" {
		return text
	}
	if (t.Command == nil) == (t.Executor == nil) {
		return "Task should have at least one (but not both) of CommandInfo or ExecutorInfo present"
	}
	if linux := t.Container.GetLinuxInfo(); linux != nil && linux.ShareCgroups != nil && !*linux.ShareCgroups {
		return "'LinuxInfo.share_cgroups' must be set to true for tasks launched with LAUNCH"
	}
	if t.Executor != nil {
		if t.Executor.FrameworkID == nil {
			t.Executor.FrameworkID = &mesos.FrameworkID{Value: w.fw.ID}
		}
		if t.Executor.Type == mesos.ExecutorInfo_DEFAULT {
			return "'ExecutorInfo.type' must be 'CUSTOM'"
		}
		if text := w.invalidExecutor(t.Executor); text != "" {
			return text
		}
		if text := overlapping(t, t.Executor); text != "" {
			return text
		}
	}
	if need := w.needed(t.Executor, t); !w.available.Contains(need) {
		return fmt.Sprintf("Total resources %s required by task and its executor is more than available %s",
			need, w.available)
	}
	return ""
}

// invalidInAnyLaunch checks what LAUNCH and LAUNCH_GROUP have in common, in the order of Mesos.
func (w *acceptance) invalidInAnyLaunch(t *mesos.TaskInfo) string {
	if text := invalidID(t.TaskID.Value); text != "" {
		return text
	}
	if w.fw.Tasks[t.TaskID.Value] != nil {
		return "Task has duplicate ID: " + t.TaskID.Value
	}
	if slices.ContainsFunc(w.fw.Unreachable, func(u *Task) bool { return u.TaskID.Value == t.TaskID.Value }) {
		return "Task reuses the ID of an unreachable task: " + t.TaskID.Value
	}
	if t.AgentID.Value != w.agent.ID {
		return fmt.Sprintf("Task uses invalid agent %s while agent %s is expected", t.AgentID.Value, w.agent.ID)
	}
	if t.KillPolicy.GetGracePeriod().GetNanoseconds() < 0 {
		return "Task's 'kill_policy.grace_period' must be non-negative"
	}
	if t.MaxCompletionTime.GetNanoseconds() < 0 {
		return "Task's 'max_completion_time' must be non-negative"
	}
	if text := invalidCheck(t.Check); text != "" {
		return "Task uses invalid check: " + text
	}
	if text := invalidHealthCheck(t.HealthCheck); text != "" {
		return "Task uses invalid health check: " + text
	}
	if text := w.invalidTaskResources(t); text != "" {
		return text
	}
	if text := invalidCommand(t.Command); text != "" {
		return "Task's `CommandInfo` is invalid: " + text
	}
	if text := invalidContainer(t.Container); text != "" {
		return "Task's `ContainerInfo` is invalid: " + text
	}
	return invalidLimits(t)
}

func (w *acceptance) invalidTaskResources(t *mesos.TaskInfo) string {
	if len(t.Resources) == 0 {
		return "Task uses no resources"
	}
	var text string
	if t.Resources, text = w.invalidResources(t.Resources); text != "" {
		return "Task uses invalid resources: " + text
	}
	return ""
}

// invalidResources brings resources of a task or executor into form and checks them.
func (w *acceptance) invalidResources(rs []mesos.Resource) ([]mesos.Resource, string) {
	rs, err := w.prepare(rs)
	if err != nil {
		return rs, err.Error()
	}
	if err := resources.ValidateAll(rs); err != nil {
		return rs, err.Error()
	}
	if text := invalidDisks(rs); text != "" {
		return rs, "Invalid DiskInfo: " + text
	}
	ids := make(map[string]bool)
	revocable := make(map[string]bool)
	for i := range rs {
		r := &rs[i]
		if role := resources.AllocatedTo(r); role != w.role {
			return rs, fmt.Sprintf("The resources have multiple allocation roles ('%s' and '%s') but only one "+
				"allocation role is allowed", role, w.role)
		}
		if resources.Persistent(r) {
			id := resources.Role(r) + "/" + r.Disk.Persistence.ID
			if ids[id] {
				return rs, fmt.Sprintf("Persistence ID '%s' is not unique", r.Disk.Persistence.ID)
			}
			ids[id] = true
		}
		if before, seen := revocable[r.Name]; seen && before != (r.Revocable != nil) {
			return rs, fmt.Sprintf("both revocable and non-revocable %s", r.Name)
		}
		revocable[r.Name] = r.Revocable != nil
	}
	return rs, ""
}

// invalidDisks checks the rules for volumes in tasks and CREATE.
func invalidDisks(rs []mesos.Resource) string {
	for i := range rs {
		d := rs[i].Disk
		switch {
		case d == nil:
		case d.Persistence != nil:
			if text := invalidVolume(&rs[i]); text != "" {
				return text
			}
		case d.Volume != nil:
			return "Non-persistent volume not supported"
		case d.Source == nil:
			return "DiskInfo is set but empty"
		}
	}
	return ""
}

func invalidVolume(r *mesos.Resource) string {
	d := r.Disk
	switch {
	case !resources.Reserved(r):
		return "Persistent volumes cannot be created from unreserved resources"
	case d.Volume == nil:
		return "Expecting 'volume' to be set for persistent volume"
	case d.Volume.GetMode() == mesos.RO:
		return "Read-only persistent volume not supported"
	case d.Volume.HostPath != nil:
		return "Expecting 'host_path' to be unset for persistent volume"
	}
	if text := invalidID(d.Persistence.ID); text != "" {
		return "Persistence ID is invalid: " + text
	}
	return ""
}

// invalidLimits checks the resource limits of a task against its requests.
func invalidLimits(t *mesos.TaskInfo) string {
	list := resources.List(t.Resources)
	for name, limit := range t.Limits {
		if name != "cpus" && name != "mem" {
			return fmt.Sprintf("Limits may only be set for 'cpus' and 'mem', not for '%s'", name)
		}
		request := list.Scalar(name)
		if request == 0 {
			return fmt.Sprintf("When a resource limit for '%s' is specified, a corresponding request must be specified", name)
		}
		if milli(limit.Value) < request {
			return fmt.Sprintf("The '%s' limit must be at least as large as the request", name)
		}
	}
	return ""
}

// overlapping finds ranges, set items and volumes that both the task and its executor name.
func overlapping(t *mesos.TaskInfo, e *mesos.ExecutorInfo) string {
	for i := range t.Resources {
		for j := range e.Resources {
			a, b := &t.Resources[i], &e.Resources[j]
			if a.Name != b.Name {
				continue
			}
			for _, x := range a.GetRanges().GetRange() {
				for _, y := range b.GetRanges().GetRange() {
					if x.Begin <= y.End && y.Begin <= x.End {
						return "Task and its executor use overlapping resources: " + a.Name
					}
				}
			}
			for _, x := range a.GetSet().GetItem() {
				if slices.Contains(b.GetSet().GetItem(), x) {
					return "Task and its executor use overlapping resources: " + a.Name
				}
			}
			if resources.Persistent(a) && resources.Persistent(b) && a.Disk.Persistence.ID == b.Disk.Persistence.ID {
				return "Task and its executor use the same persistence ID: " + a.Disk.Persistence.ID
			}
		}
	}
	return ""
}
