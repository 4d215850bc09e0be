package master

import (
	"maps"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/allocator"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
	"github.com/gantry-mesos/gantry/pkg/minicluster/validation"
)

func samePrincipal(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func (fw *Framework) apply(settings offerSettings) {
	fw.Constraints, fw.filter = settings.constraints, settings.filter
	fw.Suppressed = make(map[string]bool, len(settings.suppressed))
	for _, role := range settings.suppressed {
		fw.Suppressed[role] = true
	}
}

// merged returns the new description with what cannot change kept from the old one.
func merged(old, info mesos.FrameworkInfo, recovered bool) mesos.FrameworkInfo {
	info.ID, info.User, info.Checkpoint = old.ID, old.User, old.Checkpoint
	if !recovered {
		info.Principal = old.Principal
	}
	return info
}

// send queues an event for the scheduler; it is lost if there is none.
func (fw *Framework) send(e *scheduler.Event) {
	if fw.stream != nil {
		fw.stream.send(e)
	}
}

// forgetUnreachable drops a task from the list of unreachable ones.
func (fw *Framework) forgetUnreachable(id string) {
	for i, t := range fw.Unreachable {
		if t.TaskID.Value == id {
			fw.Unreachable = append(fw.Unreachable[:i:i], fw.Unreachable[i+1:]...)
			return
		}
	}
}

// allocatorFramework tells the allocator what it must know of a framework.
func (fw *Framework) allocatorFramework() allocator.Framework {
	f := allocator.Framework{
		Roles:       validation.Roles(&fw.Info),
		Suppressed:  slices.Sorted(maps.Keys(fw.Suppressed)),
		Revocable:   validation.Has(&fw.Info, mesos.FrameworkInfo_Capability_REVOCABLE_RESOURCES),
		GPU:         validation.Has(&fw.Info, mesos.FrameworkInfo_Capability_GPU_RESOURCES),
		Shared:      validation.Has(&fw.Info, mesos.FrameworkInfo_Capability_SHARED_RESOURCES),
		Refinement:  validation.Has(&fw.Info, mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT),
		RegionAware: validation.Has(&fw.Info, mesos.FrameworkInfo_Capability_REGION_AWARE),
		Constraints: fw.filter,
	}
	for role, filters := range fw.Info.OfferFilters {
		if filters.MinAllocatableResources == nil {
			continue
		}
		if f.MinAllocatable == nil {
			f.MinAllocatable = make(map[string][]allocator.Quantities)
		}
		alternatives := []allocator.Quantities{}
		for _, q := range filters.MinAllocatableResources.Quantities {
			least := make(allocator.Quantities, len(q.Quantities))
			for name, v := range q.Quantities {
				least[name] = resources.Milli(v.Value)
			}
			alternatives = append(alternatives, least)
		}
		f.MinAllocatable[role] = alternatives
	}
	return f
}

// partitionAware tells whether the framework knows the newer task states.
func (fw *Framework) partitionAware() bool {
	return fw != nil && validation.Has(&fw.Info, mesos.FrameworkInfo_Capability_PARTITION_AWARE)
}

// lost returns state for partition-aware frameworks and TASK_LOST for others.
func (fw *Framework) lost(state mesos.TaskState) mesos.TaskState {
	if fw.partitionAware() {
		return state
	}
	return mesos.TASK_LOST
}

// sendStatus sends an UPDATE.
func (fw *Framework) sendStatus(status mesos.TaskStatus) {
	if fw.stream != nil {
		fw.send(&scheduler.Event{Type: scheduler.Event_UPDATE, Update: &scheduler.Event_Update{Status: status}})
	}
}

func (fw *Framework) sendOperation(status mesos.OperationStatus) {
	fw.send(&scheduler.Event{
		Type:                  scheduler.Event_UPDATE_OPERATION_STATUS,
		UpdateOperationStatus: &scheduler.Event_UpdateOperationStatus{Status: status},
	})
}

// ownRoles returns the roles a call names, all of the framework if it names none. It is not ok if one is not the
// framework's.
func (fw *Framework) ownRoles(roles []string) ([]string, bool) {
	own := validation.Roles(&fw.Info)
	if len(roles) == 0 {
		return own, true
	}
	for _, role := range roles {
		if !slices.Contains(own, role) {
			return nil, false
		}
	}
	return roles, true
}
