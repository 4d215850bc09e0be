package agent

import (
	"os"
	"slices"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

func reserved(role, name string, value float64, disk *mesos.Resource_DiskInfo) mesos.Resource {
	return mesos.Resource{
		Name: name, Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: value}, Disk: disk,
		Reservations: []mesos.Resource_ReservationInfo{{Type: mesos.Resource_ReservationInfo_DYNAMIC.Enum(), Role: &role}},
	}
}

func TestReservationsAndVolumesSurviveARestart(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).registered()
	reserve := mesos.Offer_Operation{Type: mesos.Offer_Operation_RESERVE, Reserve: &mesos.Offer_Operation_Reserve{
		Resources: []mesos.Resource{reserved("test", "disk", 100, nil)},
	}}
	volume := reserved("test", "disk", 100, &mesos.Resource_DiskInfo{
		Persistence: &mesos.Resource_DiskInfo_Persistence{ID: "v1"},
		Volume:      &mesos.Volume{ContainerPath: "data", Mode: mesos.RW.Enum()},
	})
	create := mesos.Offer_Operation{Type: mesos.Offer_Operation_CREATE, Create: &mesos.Offer_Operation_Create{
		Volumes: []mesos.Resource{volume},
	}}
	for i, op := range []mesos.Offer_Operation{reserve, create} {
		id := []byte{15: byte(i)}
		r.master.send(link.ApplyOperation{Operation: op, UUID: id})
		u := await[link.OperationUpdate](t, r.master, nil)
		if u.Status.State != mesos.OPERATION_FINISHED {
			t.Fatalf("got %v: %s", u.Status.State, u.Status.GetMessage())
		}
		r.master.send(link.OperationAcknowledgement{OperationUUID: id, StatusUUID: u.Status.UUID.Value})
	}
	bad := reserve
	r.master.send(link.ApplyOperation{Operation: mesos.Offer_Operation{
		Type: bad.Type, Reserve: &mesos.Offer_Operation_Reserve{Resources: []mesos.Resource{reserved("test", "disk", 1e6, nil)}},
	}, UUID: []byte{15: 9}})
	if u := await[link.OperationUpdate](t, r.master, nil); u.Status.State != mesos.OPERATION_ERROR {
		t.Errorf("reservation of too much: got %v", u.Status.State)
	}
	if _, err := os.Stat(r.agent.store.Layout.Volume("test", "v1")); err != nil {
		t.Error(err)
	}
	has := func(total []mesos.Resource) {
		t.Helper()
		if !slices.ContainsFunc(total, func(r mesos.Resource) bool { return r.GetDisk().GetPersistence() != nil }) {
			t.Errorf("volume is missing in %v", total)
		}
	}
	r.kill()
	r.start()
	has(await[link.Reregister](t, r.master, nil).Total)
	// They outlive the agent's id, too.
	r.kill()
	if err := r.agent.store.ForgetAgent(); err != nil {
		t.Fatal(err)
	}
	r.start()
	has(await[link.Register](t, r.master, nil).Total)
}
