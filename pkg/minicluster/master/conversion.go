package master

import (
	"fmt"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// conversion is what a reservation or volume operation does: consumed resources become converted ones.
type conversion struct {
	consumed, converted resources.List
}

// resourcesOf returns the lists of resources in an operation, to be brought into form in place.
func resourcesOf(op *mesos.Offer_Operation) []*[]mesos.Resource {
	switch {
	case op.Reserve != nil && op.Type == mesos.Offer_Operation_RESERVE:
		return []*[]mesos.Resource{&op.Reserve.Resources}
	case op.Unreserve != nil && op.Type == mesos.Offer_Operation_UNRESERVE:
		return []*[]mesos.Resource{&op.Unreserve.Resources}
	case op.Create != nil && op.Type == mesos.Offer_Operation_CREATE:
		return []*[]mesos.Resource{&op.Create.Volumes}
	case op.Destroy != nil && op.Type == mesos.Offer_Operation_DESTROY:
		return []*[]mesos.Resource{&op.Destroy.Volumes}
	}
	return nil
}

// singleResourcesOf returns the single resources in an operation.
func singleResourcesOf(op *mesos.Offer_Operation) []*mesos.Resource {
	switch {
	case op.GrowVolume != nil && op.Type == mesos.Offer_Operation_GROW_VOLUME:
		return []*mesos.Resource{&op.GrowVolume.Volume, &op.GrowVolume.Addition}
	case op.ShrinkVolume != nil && op.Type == mesos.Offer_Operation_SHRINK_VOLUME:
		return []*mesos.Resource{&op.ShrinkVolume.Volume}
	}
	return nil
}

// eachResource brings all resources of an operation into form.
func eachResource(op *mesos.Offer_Operation, f func([]mesos.Resource) ([]mesos.Resource, error)) error {
	for _, list := range resourcesOf(op) {
		rs, err := f(*list)
		if err != nil {
			return err
		}
		*list = rs
	}
	for _, r := range singleResourcesOf(op) {
		rs, err := f([]mesos.Resource{*r})
		if err != nil {
			return err
		}
		*r = rs[0]
	}
	return nil
}

// convertOperation returns what an operation does, or why it cannot be done. Its resources are in form.
func convertOperation(op *mesos.Offer_Operation, total resources.List, principal *string) (conversion, string) {
	var all []mesos.Resource
	for _, list := range resourcesOf(op) {
		all = append(all, *list...)
	}
	for _, r := range singleResourcesOf(op) {
		all = append(all, *r)
	}
	if err := resources.ValidateAll(all); err != nil {
		return conversion{}, "Invalid resources: " + err.Error()
	}
	if len(all) == 0 {
		return conversion{}, "No resources specified"
	}
	switch op.Type {
	case mesos.Offer_Operation_RESERVE:
		list := resources.Of(all...)
		return conversion{list.Pop(), list}, invalidReserve(all, principal)
	case mesos.Offer_Operation_UNRESERVE:
		list := resources.Of(all...)
		return conversion{list, list.Pop()}, invalidUnreserve(all)
	case mesos.Offer_Operation_CREATE:
		list := resources.Of(all...)
		return conversion{bare(list), list}, invalidCreate(all, total, principal)
	case mesos.Offer_Operation_DESTROY:
		list := resources.Of(all...)
		return conversion{list, bare(list)}, invalidDestroy(all)
	case mesos.Offer_Operation_GROW_VOLUME:
		return growVolume(&op.GrowVolume.Volume, &op.GrowVolume.Addition)
	case mesos.Offer_Operation_SHRINK_VOLUME:
		return shrinkVolume(&op.ShrinkVolume.Volume, op.ShrinkVolume.Subtract)
	case mesos.Offer_Operation_CREATE_DISK, mesos.Offer_Operation_DESTROY_DISK, mesos.Offer_Operation_LAUNCH,
		mesos.Offer_Operation_LAUNCH_GROUP, mesos.Offer_Operation_UNKNOWN:
	}
	return conversion{}, "Resource is not managed by a resource provider"
}

// bare returns volumes as the disks they are made of.
func bare(volumes resources.List) resources.List {
	return volumes.Map(func(r *mesos.Resource) {
		r.Shared = nil
		if r.Disk == nil || r.Disk.Source == nil {
			r.Disk = nil
			return
		}
		r.Disk = &mesos.Resource_DiskInfo{Source: r.Disk.Source}
	})
}

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

func growVolume(volume, addition *mesos.Resource) (conversion, string) {
	switch {
	case !resources.Persistent(volume):
		return conversion{}, "Resource " + text(volume) + " is not a persistent volume"
	case volume.Shared != nil:
		return conversion{}, "Growing a shared volume is not supported"
	case addition.Scalar == nil || milli(addition.Scalar.Value) <= 0:
		return conversion{}, "The size of volume addition must be greater than zero"
	}
	list := resources.List{*volume}
	if sum := bare(list).Plus(resources.List{*addition}); len(sum) != 1 {
		return conversion{}, "Volume " + text(volume) + " and addition " + text(addition) + " are incompatible"
	}
	grown := *volume
	grown.Scalar = &mesos.Value_Scalar{
		Value: resources.FromMilli(milli(volume.Scalar.GetValue()) + milli(addition.Scalar.Value)),
	}
	return conversion{resources.List{*volume, *addition}, resources.List{grown}}, ""
}

func shrinkVolume(volume *mesos.Resource, by mesos.Value_Scalar) (conversion, string) {
	left := milli(volume.Scalar.GetValue()) - milli(by.Value)
	switch {
	case !resources.Persistent(volume):
		return conversion{}, "Resource " + text(volume) + " is not a persistent volume"
	case volume.Shared != nil:
		return conversion{}, "Shrinking a shared volume is not supported"
	case volume.Disk.Source != nil && volume.Disk.Source.Type == mesos.Resource_DiskInfo_Source_MOUNT:
		return conversion{}, "Shrinking a volume on a MOUNT disk is not supported"
	case milli(by.Value) <= 0:
		return conversion{}, "Value of 'subtract' must be greater than zero"
	case left <= 0:
		return conversion{}, "Value of 'subtract' must be smaller than the size of the volume"
	}
	small, freed := *volume, bare(resources.List{*volume})[0]
	small.Scalar = &mesos.Value_Scalar{Value: resources.FromMilli(left)}
	freed.Scalar = &mesos.Value_Scalar{Value: resources.FromMilli(milli(by.Value))}
	return conversion{resources.List{*volume}, resources.List{small, freed}}, ""
}
