package validation

import (
	"fmt"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

func text(r *mesos.Resource) string { return resources.List{*r}.String() }

func invalidReserve(rs []mesos.Resource, principal *string) string {
	for i := range rs {
		r := &rs[i]
		switch {
		case !resources.DynamicallyReserved(r):
			return "Resource " + text(r) + " is not dynamically reserved"
		case r.Revocable != nil:
			return "Resource " + text(r) + " is revocable and cannot be reserved"
		case r.Shared != nil:
			return "Resource " + text(r) + " is shared and cannot be reserved"
		case resources.Persistent(r):
			return "A persistent volume " + text(r) + " must already be reserved"
		}
		top := r.Reservations[len(r.Reservations)-1]
		if r.AllocationInfo != nil {
			if role := resources.AllocatedTo(r); top.GetRole() != role && !resources.IsSubrole(role, top.GetRole()) {
				return fmt.Sprintf("A reserve operation was attempted for a resource with role '%s', but the resource "+
					"was allocated to role '%s'", top.GetRole(), role)
			}
		}
		if principal == nil {
			continue
		}
		if top.Principal == nil {
			return fmt.Sprintf("A reserve operation was attempted by principal '%s', but there is a reserved resource "+
				"in the request with no principal set", *principal)
		}
		if *top.Principal != *principal {
			return fmt.Sprintf("A reserve operation was attempted by authenticated principal '%s', which does not match "+
				"a reserved resource in the request with principal '%s'", *principal, *top.Principal)
		}
	}
	return ""
}

func invalidUnreserve(rs []mesos.Resource) string {
	for i := range rs {
		if !resources.DynamicallyReserved(&rs[i]) {
			return "Resource " + text(&rs[i]) + " is not dynamically reserved"
		}
		if resources.Persistent(&rs[i]) {
			return "A dynamically reserved persistent volume " + text(&rs[i]) + " cannot be unreserved directly. " +
				"Please destroy the persistent volume first then unreserve the resource"
		}
	}
	return ""
}

func invalidCreate(rs []mesos.Resource, total resources.List, principal *string) string {
	if problem := invalidDisks(rs); problem != "" {
		return "Invalid DiskInfo: " + problem
	}
	for i := range rs {
		r := &rs[i]
		if !resources.Persistent(r) {
			return "Resource " + text(r) + " is not a persistent volume"
		}
		p := r.Disk.Persistence
		same := func(x *mesos.Resource) bool {
			return resources.Persistent(x) && x.Disk.Persistence.ID == p.ID && resources.Role(x) == resources.Role(r)
		}
		if slices.ContainsFunc(total, func(x mesos.Resource) bool { return same(&x) }) ||
			slices.ContainsFunc(rs[:i], func(x mesos.Resource) bool { return same(&x) }) {
			return fmt.Sprintf("Persistence ID '%s' is not unique", p.ID)
		}
		if principal != nil && (p.Principal == nil || *p.Principal != *principal) {
			return fmt.Sprintf("A create operation was attempted by principal '%s', which does not match the principal "+
				"'%s' of volume '%s'", *principal, p.GetPrincipal(), p.ID)
		}
	}
	return ""
}

func invalidDestroy(rs []mesos.Resource) string {
	for i := range rs {
		if !resources.Persistent(&rs[i]) {
			return "Resource " + text(&rs[i]) + " is not a persistent volume"
		}
	}
	return ""
}

func invalidGrow(volume, addition *mesos.Resource) string {
	switch {
	case !resources.Persistent(volume):
		return "Resource " + text(volume) + " is not a persistent volume"
	case volume.Shared != nil:
		return "Growing a shared volume is not supported"
	case addition.Scalar == nil || resources.Milli(addition.Scalar.Value) <= 0:
		return "The size of volume addition must be greater than zero"
	}
	if sum := resources.Of(*volume).Map(resources.Bare).Plus(resources.Of(*addition)); len(sum) != 1 {
		return "Volume " + text(volume) + " and addition " + text(addition) + " are incompatible"
	}
	return ""
}

func invalidShrink(volume *mesos.Resource, by mesos.Value_Scalar) string {
	switch {
	case !resources.Persistent(volume):
		return "Resource " + text(volume) + " is not a persistent volume"
	case volume.Shared != nil:
		return "Shrinking a shared volume is not supported"
	case volume.Disk.Source != nil && volume.Disk.Source.Type == mesos.Resource_DiskInfo_Source_MOUNT:
		return "Shrinking a volume on a MOUNT disk is not supported"
	case resources.Milli(by.Value) <= 0:
		return "Value of 'subtract' must be greater than zero"
	case resources.Milli(volume.Scalar.GetValue()) <= resources.Milli(by.Value):
		return "Value of 'subtract' must be smaller than the size of the volume"
	}
	return ""
}
