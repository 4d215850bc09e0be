package validation

import (
	"fmt"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// invalidResources brings resources of a task or executor into form and checks them.
func (b *Books) invalidResources(rs []mesos.Resource) ([]mesos.Resource, string) {
	rs, err := b.prepare(rs)
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
		if role := resources.AllocatedTo(r); role != b.Role {
			return rs, fmt.Sprintf("The resources have multiple allocation roles ('%s' and '%s') but only one "+
				"allocation role is allowed", role, b.Role)
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
		if resources.Milli(limit.Value) < request {
			return fmt.Sprintf("The '%s' limit must be at least as large as the request", name)
		}
	}
	return ""
}

// overlapping finds ranges, set items and volumes that both the task and its executor name.
func overlapping(_ *Books, s subject) string {
	if s.executor == nil {
		return ""
	}
	for i := range s.task.Resources {
		for j := range s.executor.Resources {
			a, b := &s.task.Resources[i], &s.executor.Resources[j]
			switch {
			case a.Name != b.Name:
			case shareRange(a, b), shareItem(a, b):
				return "Task and its executor use overlapping resources: " + a.Name
			case resources.Persistent(a) && resources.Persistent(b) && a.Disk.Persistence.ID == b.Disk.Persistence.ID:
				return "Task and its executor use the same persistence ID: " + a.Disk.Persistence.ID
			}
		}
	}
	return ""
}

func shareRange(a, b *mesos.Resource) bool {
	for _, x := range a.GetRanges().GetRange() {
		for _, y := range b.GetRanges().GetRange() {
			if x.Begin <= y.End && y.Begin <= x.End {
				return true
			}
		}
	}
	return false
}

func shareItem(a, b *mesos.Resource) bool {
	return slices.ContainsFunc(a.GetSet().GetItem(), func(x string) bool { return slices.Contains(b.GetSet().GetItem(), x) })
}
