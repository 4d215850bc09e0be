package wire_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/wire"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// fullOffers has two offers, one with everything that an offer can have.
func fullOffers() mesos.Offers {
	return mesos.Offers{Offers: []mesos.Offer{
		{
			ID: "o1", FrameworkID: "f", AgentID: "S1", Hostname: "node1", Role: "web",
			Domain:         mesos.Domain{Region: "r", Zone: "z"},
			ExecutorIDs:    []mesos.ExecutorID{"e1", "e2"},
			Unavailability: &mesos.Unavailability{Start: time.Unix(1_700_000_000, 0).UTC(), Duration: time.Hour},
			Resources: []mesos.Resource{
				{Name: "cpus", Type: mesos.Scalar, Scalar: 1500, AllocationRole: "web"},
				{Name: "ports", Type: mesos.RangeSet, Ranges: resource.Ranges{{Begin: 1, End: 2}, {Begin: 5, End: 300}}},
				{Name: "zones", Type: mesos.Set, Set: []string{"a", "b"}},
				{
					Name: "disk", Type: mesos.Scalar, Scalar: 64000, AllocationRole: "web", Shared: true,
					Reservations: []mesos.Reservation{{Role: "web", Dynamic: true, Principal: "alice", Labels: []mesos.Label{{Key: "k", Value: "v"}}}},
					Disk:         &mesos.DiskInfo{PersistenceID: "v1", ContainerPath: "data", Source: &mesos.DiskSource{Type: mesos.DiskMount, Root: "/mnt"}},
				},
			},
			Attributes: []mesos.Attribute{
				{Name: "rack", Type: mesos.Text, Text: "r17"},
				{Name: "slots", Type: mesos.Scalar, Scalar: 2500},
				{Name: "ids", Type: mesos.RangeSet, Ranges: resource.Ranges{{Begin: 1, End: 9}}},
				{Name: "tags", Type: mesos.Set, Set: []string{"x"}},
			},
		},
		{ID: "o2", FrameworkID: "f", AgentID: "S2", Hostname: "node2"},
	}}
}

func fullOffersBytes(t *testing.T) []byte {
	t.Helper()
	message, err := wire.ToSchedulerEvent("f", fullOffers())
	if err != nil {
		t.Fatal(err)
	}
	data, err := message.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDecodeSchedulerEvent_reads_all_of_an_offer(t *testing.T) {
	t.Parallel()
	got, err := wire.DecodeSchedulerEvent(fullOffersBytes(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, mesos.SchedulerEvent(fullOffers()), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("event (-got +want):\n%s", diff)
	}
}

func TestDecodeSchedulerEvent_keeps_nothing_of_its_input(t *testing.T) {
	t.Parallel()
	data := fullOffersBytes(t)
	got, err := wire.DecodeSchedulerEvent(data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		data[i] = 0xff
	}
	if diff := cmp.Diff(got, mesos.SchedulerEvent(fullOffers()), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("event after its bytes were overwritten (-got +want):\n%s", diff)
	}
}

// A cut or changed event must be refused, or be read as mesos-go reads it.
func TestDecodeSchedulerEvent_agrees_with_mesos_go_on_damaged_events(t *testing.T) {
	t.Parallel()
	whole := fullOffersBytes(t)
	check := func(what string, at int, data []byte) {
		var message scheduler.Event
		wantErr := unmarshal(&message, data)
		got, err := wire.DecodeSchedulerEvent(data)
		if wantErr != nil {
			return
		}
		want, wantErr := wire.FromSchedulerEvent(&message)
		if diff := cmp.Diff(got, want, cmpopts.EquateEmpty()); diff != "" || (err == nil) != (wantErr == nil) {
			t.Errorf("%s at byte %d: %v, want %v (-got +want):\n%s", what, at, err, wantErr, diff)
		}
	}
	for i := range whole {
		if _, err := wire.DecodeSchedulerEvent(whole[:i]); err == nil && i > 0 {
			t.Errorf("event cut after %d of %d bytes was read", i, len(whole))
		}
		for _, b := range []byte{0x7f, 0xff, whole[i] ^ 1, whole[i] + 8} {
			data := append([]byte(nil), whole...)
			data[i] = b
			check("changed", i, data)
		}
		check("doubled", i, append(append(append([]byte(nil), whole[:i]...), whole[i]), whole[i:]...))
	}
}
