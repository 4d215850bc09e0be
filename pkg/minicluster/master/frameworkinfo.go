package master

import (
	"maps"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/allocator"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
	"github.com/gantry-mesos/gantry/pkg/minicluster/validation"
)

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
