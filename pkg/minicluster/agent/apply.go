package agent

import (
	"errors"
	"fmt"

	"github.com/gogo/protobuf/proto"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// errNotHere means that an operation uses resources that the agent does not have.
var errNotHere = errors.New("the agent does not have the resources of the operation")

// applyTo returns the agent's resources after an operation and what the operation made.
func applyTo(total []mesos.Resource, op mesos.Offer_Operation) (after, converted []mesos.Resource, err error) {
	consumed, made, err := conversion(op)
	if err != nil {
		return nil, nil, err
	}
	rest, ok := resources.Of(total...).Take(consumed)
	if !ok {
		return nil, nil, fmt.Errorf("%v of %v: %w", op.Type, consumed, errNotHere)
	}
	return rest.Plus(made), made, nil
}

// conversion returns what an operation uses up and what it makes.
func conversion(op mesos.Offer_Operation) (consumed, made resources.List, err error) {
	switch op.Type {
	case mesos.Offer_Operation_RESERVE:
		made = resources.Of(op.Reserve.GetResources()...)
		if source := op.Reserve.GetSource(); len(source) > 0 {
			return resources.Of(source...), made, nil
		}
		return made.Pop(), made, nil
	case mesos.Offer_Operation_UNRESERVE:
		consumed = resources.Of(op.Unreserve.GetResources()...)
		return consumed, consumed.Pop(), nil
	case mesos.Offer_Operation_CREATE:
		made = resources.Of(op.Create.GetVolumes()...)
		return made.Map(withoutVolume), made, nil
	case mesos.Offer_Operation_DESTROY:
		consumed = resources.Of(op.Destroy.GetVolumes()...)
		return consumed, consumed.Map(withoutVolume), nil
	case mesos.Offer_Operation_GROW_VOLUME:
		volume, addition := op.GrowVolume.GetVolume(), op.GrowVolume.GetAddition()
		return resources.Of(volume, addition), resources.Of(resized(volume, addition.GetScalar().GetValue())), nil
	case mesos.Offer_Operation_SHRINK_VOLUME:
		volume, by := op.ShrinkVolume.GetVolume(), op.ShrinkVolume.GetSubtract()
		smaller, freed := resized(volume, -by.Value), volume
		freed.Scalar = &mesos.Value_Scalar{Value: by.Value}
		return resources.Of(volume), resources.Of(smaller).Plus(resources.Of(freed).Map(withoutVolume)), nil
	case mesos.Offer_Operation_UNKNOWN, mesos.Offer_Operation_LAUNCH, mesos.Offer_Operation_LAUNCH_GROUP,
		mesos.Offer_Operation_CREATE_DISK, mesos.Offer_Operation_DESTROY_DISK:
	}
	return nil, nil, fmt.Errorf("operation %v is not supported", op.Type)
}

// withoutVolume turns a persistent volume back into plain disk.
func withoutVolume(r *mesos.Resource) {
	if r.Disk == nil {
		return
	}
	disk := proto.Clone(r.Disk).(*mesos.Resource_DiskInfo) //nolint:forcetypeassert // Clone keeps the type
	disk.Persistence, disk.Volume = nil, nil
	r.Disk = disk
	if disk.Source == nil {
		r.Disk = nil
	}
	r.Shared = nil
}

func resized(volume mesos.Resource, by float64) mesos.Resource {
	volume.Scalar = &mesos.Value_Scalar{
		Value: resources.FromMilli(resources.Milli(volume.GetScalar().GetValue()) + resources.Milli(by)),
	}
	return volume
}
