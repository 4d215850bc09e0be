package validation

import (
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

func TestVolumesGrowAndShrink(t *testing.T) {
	t.Parallel()
	volume := mesos.Resource{
		Name: "disk", Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: 10},
		Reservations: []mesos.Resource_ReservationInfo{resources.Dynamic("r", nil)},
		Disk: &mesos.Resource_DiskInfo{
			Persistence: &mesos.Resource_DiskInfo_Persistence{ID: "v"},
			Volume:      &mesos.Volume{ContainerPath: "x", Mode: mesos.RW.Enum()},
		},
	}
	more := volume
	more.Disk, more.Scalar = nil, &mesos.Value_Scalar{Value: 5}
	grow := mesos.Offer_Operation{Type: mesos.Offer_Operation_GROW_VOLUME, GrowVolume: &mesos.Offer_Operation_GrowVolume{Volume: volume, Addition: more}}
	c, problem := OperatorOperation(&grow, nil, nil)
	if problem != "" || c.Made.Scalar("disk") != 15000 || len(c.Made) != 1 {
		t.Errorf("grow: got %s, %q", c.Made, problem)
	}
	shrink := func(by float64) mesos.Offer_Operation {
		return mesos.Offer_Operation{Type: mesos.Offer_Operation_SHRINK_VOLUME, ShrinkVolume: &mesos.Offer_Operation_ShrinkVolume{
			Volume: volume, Subtract: mesos.Value_Scalar{Value: by},
		}}
	}
	op := shrink(4)
	if c, problem := OperatorOperation(&op, nil, nil); problem != "" || c.Made.String() != "disk(reservations: [(DYNAMIC,r)])[v:x]:6; disk(reservations: [(DYNAMIC,r)]):4" {
		t.Errorf("shrink: got %s, %q", c.Made, problem)
	}
	for _, by := range []float64{0, -1, 10} {
		op := shrink(by)
		if _, problem := OperatorOperation(&op, nil, nil); problem == "" {
			t.Errorf("shrink by %v: taken", by)
		}
	}
	disk := mesos.Offer_Operation{Type: mesos.Offer_Operation_CREATE_DISK, CreateDisk: &mesos.Offer_Operation_CreateDisk{Source: more}}
	if _, problem := OperatorOperation(&disk, nil, nil); problem == "" {
		t.Error("CREATE_DISK without resource provider: taken")
	}
}

func reserved(volume bool) mesos.Resource {
	r := scalar("disk", 10)
	r.Reservations = []mesos.Resource_ReservationInfo{resources.Dynamic("r", nil)}
	if volume {
		r.Disk = &mesos.Resource_DiskInfo{
			Persistence: &mesos.Resource_DiskInfo_Persistence{ID: "v"},
			Volume:      &mesos.Volume{ContainerPath: "x", Mode: mesos.RW.Enum()},
		}
	}
	return r
}

func create(v mesos.Resource) mesos.Offer_Operation {
	return mesos.Offer_Operation{
		Type: mesos.Offer_Operation_CREATE, Create: &mesos.Offer_Operation_Create{Volumes: []mesos.Resource{v}},
	}
}

func TestOperationsAreCheckedInMesosOrder(t *testing.T) {
	t.Parallel()
	set := func() scene {
		b := books()
		b.Available = b.Available.Plus(resources.Of(reserved(false), reserved(true)).Allocated("r"))
		op := create(reserved(true))
		return scene{b, &op}
	}
	offences := []offence{
		{"form", func(s scene) { (*resourcesOf(s.op)[0])[0].Role = new("r") },
			"'Resource.role' must not be set if 'Resource.reservations' is set"},
		{"authorization", func(s scene) {
			s.books.MayConvert = func(mesos.Offer_Operation_Type) string { return "create_volumes" }
		}, "Not authorized to create_volumes"},
		{"resources", func(s scene) {
			v := reserved(true)
			v.Type = nil
			*s.op = create(v)
		},
			"Invalid resources: Resource 'disk(allocated: r)(reservations: [(DYNAMIC,r)])[v:x]:10' is invalid: Invalid resource type"},
		{"source", func(s scene) {
			*s.op = mesos.Offer_Operation{Type: mesos.Offer_Operation_RESERVE, Reserve: &mesos.Offer_Operation_Reserve{
				Source: []mesos.Resource{scalar("disk", 10)}, Resources: []mesos.Resource{reserved(false)},
			}}
		}, "The `source` field of a RESERVE operation can only be set by operators"},
		{"kind", func(s scene) { *s.op = create(reserved(false)) },
			"Resource disk(allocated: r)(reservations: [(DYNAMIC,r)]):10 is not a persistent volume"},
		{"shared volumes", func(s scene) {
			v := reserved(true)
			v.Shared = &mesos.Resource_SharedInfo{}
			*s.op = create(v)
		}, "Create volume operation for 'disk(allocated: r)(reservations: [(DYNAMIC,r)])[v:x]<SHARED>:10' has been attempted by " +
			"framework 'F' with no SHARED_RESOURCES capability"},
		{"volumes in use", func(s scene) {
			*s.op = mesos.Offer_Operation{Type: mesos.Offer_Operation_DESTROY, Destroy: &mesos.Offer_Operation_Destroy{
				Volumes: []mesos.Resource{reserved(true)},
			}}
			s.books.InUse = func(resources.List) bool { return true }
		}, "Persistent volumes in use"},
		{"available resources", func(s scene) { s.books.Available = nil },
			"{} does not contain disk(allocated: r)(reservations: [(DYNAMIC,r)]):10"},
	}
	inOrder(t, operationRules, offences, set, func(s scene) string {
		_, said := s.books.Operation(s.op)
		return said
	})
}

func TestAnOperatorReservesWhatIsReservedAlready(t *testing.T) {
	t.Parallel()
	other := reserved(false)
	other.Reservations = []mesos.Resource_ReservationInfo{resources.Dynamic("s", nil)}
	op := mesos.Offer_Operation{Type: mesos.Offer_Operation_RESERVE, Reserve: &mesos.Offer_Operation_Reserve{
		Source: []mesos.Resource{other}, Resources: []mesos.Resource{reserved(false)},
	}}
	c, problem := OperatorOperation(&op, nil, nil)
	if problem != "" || !c.Consumed.Equal(resources.Of(other)) || !c.Made.Equal(resources.Of(reserved(false))) {
		t.Errorf("got %s from %s, %q", c.Made, c.Consumed, problem)
	}
}
