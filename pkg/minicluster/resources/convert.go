package resources

import (
	"fmt"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Conversion is what a reservation or volume operation does: consumed resources become made ones.
type Conversion struct {
	Consumed, Made List
}

// Convert returns what an operation does to resources in the post-refinement format. It fails for operations that
// convert nothing, or only in resource providers. Whether the operation is sound is for others to say.
func Convert(op *mesos.Offer_Operation) (Conversion, error) {
	switch op.Type {
	case mesos.Offer_Operation_RESERVE:
		made := Of(op.Reserve.GetResources()...)
		if source := op.Reserve.GetSource(); len(source) > 0 {
			return Conversion{Of(source...), made}, nil
		}
		return Conversion{made.Pop(), made}, nil
	case mesos.Offer_Operation_UNRESERVE:
		consumed := Of(op.Unreserve.GetResources()...)
		return Conversion{consumed, consumed.Pop()}, nil
	case mesos.Offer_Operation_CREATE:
		made := Of(op.Create.GetVolumes()...)
		return Conversion{made.Map(Bare), made}, nil
	case mesos.Offer_Operation_DESTROY:
		consumed := Of(op.Destroy.GetVolumes()...)
		return Conversion{consumed, consumed.Map(Bare)}, nil
	case mesos.Offer_Operation_GROW_VOLUME:
		volume, addition := op.GrowVolume.GetVolume(), op.GrowVolume.GetAddition()
		return Conversion{Of(volume, addition), Of(resized(volume, Milli(addition.GetScalar().GetValue())))}, nil
	case mesos.Offer_Operation_SHRINK_VOLUME:
		volume, by := op.ShrinkVolume.GetVolume(), Milli(op.ShrinkVolume.Subtract.Value)
		freed := volume
		freed.Scalar = &mesos.Value_Scalar{Value: FromMilli(by)}
		return Conversion{Of(volume), Of(resized(volume, -by)).Plus(Of(freed).Map(Bare))}, nil
	case mesos.Offer_Operation_UNKNOWN, mesos.Offer_Operation_LAUNCH, mesos.Offer_Operation_LAUNCH_GROUP,
		mesos.Offer_Operation_CREATE_DISK, mesos.Offer_Operation_DESTROY_DISK:
	}
	return Conversion{}, fmt.Errorf("operation %v is not supported", op.Type)
}

func resized(volume mesos.Resource, by int64) mesos.Resource {
	volume.Scalar = &mesos.Value_Scalar{Value: FromMilli(Milli(volume.GetScalar().GetValue()) + by)}
	return volume
}

// Bare makes a volume the disk it is on. It is for [List.Map].
func Bare(r *mesos.Resource) {
	r.Shared = nil
	if r.Disk == nil || r.Disk.Source == nil {
		r.Disk = nil
		return
	}
	r.Disk = &mesos.Resource_DiskInfo{Source: r.Disk.Source}
}
