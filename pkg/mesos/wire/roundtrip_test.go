package wire_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	mesosgo "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/wire"
)

// message is a protobuf message as mesos-go generates it.
type message interface {
	Marshal() ([]byte, error)
	Unmarshal(data []byte) error
}

// travel encodes a message and decodes it again, so that what is compared is
// what the other side would see.
func travel[M any, P interface {
	*M
	message
}](t *rapid.T, in P) P {
	data, err := in.Marshal()
	if err != nil {
		t.Fatalf("encode %T: %v", in, err)
	}
	out := P(new(M))
	if err := out.Unmarshal(data); err != nil {
		t.Fatalf("decode %T: %v", in, err)
	}
	return out
}

func compare(t *rapid.T, got, want any) {
	if diff := cmp.Diff(got, want, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%T (-got +want):\n%s", want, diff)
	}
}

func TestTaskInfo_survives_the_wire(t *testing.T) {
	t.Parallel()
	g := valid[mesos.TaskInfo]()
	rapid.Check(t, func(t *rapid.T) {
		want := g.Draw(t, "task")
		message := wire.ToTaskInfo(want)
		compare(t, wire.FromTaskInfo(travel(t, &message)), want)
	})
}

func TestTaskStatus_survives_the_wire(t *testing.T) {
	t.Parallel()
	g := valid[mesos.TaskStatus]()
	rapid.Check(t, func(t *rapid.T) {
		want := g.Draw(t, "status")
		message := wire.ToTaskStatus(want)
		compare(t, wire.FromTaskStatus(travel(t, &message)), want)
	})
}

func TestOffer_survives_the_wire(t *testing.T) {
	t.Parallel()
	g := valid[mesos.Offer]()
	rapid.Check(t, func(t *rapid.T) {
		want := g.Draw(t, "offer")
		message := wire.ToOffer(want)
		compare(t, wire.FromOffer(travel(t, &message)), want)
	})
}

func TestFrameworkInfo_survives_the_wire(t *testing.T) {
	t.Parallel()
	framework, roles := valid[mesos.FrameworkInfo](), valid[[]string]()
	rapid.Check(t, func(t *rapid.T) {
		want := framework.Draw(t, "framework")
		call := travel(t, wire.ToSubscribe(want, roles.Draw(t, "suppressed")))
		compare(t, wire.FromFrameworkInfo(call.Subscribe.FrameworkInfo), want)
		compare(t, call.GetFrameworkID(), call.Subscribe.FrameworkInfo.GetID())
		for _, role := range call.Subscribe.SuppressedRoles {
			if role == "" {
				t.Error("an empty role is suppressed")
			}
		}
	})
}

// oneOf makes values of any of the types of the generators.
func oneOf[T any](gs ...*rapid.Generator[T]) *rapid.Generator[T] { return rapid.OneOf(gs...) }

// as makes values of T as values of the interface I.
func as[I, T any]() *rapid.Generator[I] {
	return rapid.Map(valid[T](), func(v T) I { return any(v).(I) })
}

func TestSchedulerEvent_survives_the_wire(t *testing.T) {
	t.Parallel()
	g := oneOf(
		as[mesos.SchedulerEvent, mesos.Subscribed](),
		as[mesos.SchedulerEvent, mesos.Offers](),
		as[mesos.SchedulerEvent, mesos.Rescind](),
		as[mesos.SchedulerEvent, mesos.InverseOffers](),
		as[mesos.SchedulerEvent, mesos.RescindInverseOffer](),
		as[mesos.SchedulerEvent, mesos.Update](),
		as[mesos.SchedulerEvent, mesos.FrameworkMessage](),
		as[mesos.SchedulerEvent, mesos.Failure](),
		as[mesos.SchedulerEvent, mesos.ErrorEvent](),
		as[mesos.SchedulerEvent, mesos.Heartbeat](),
	)
	rapid.Check(t, func(t *rapid.T) {
		want := g.Draw(t, "event")
		message, err := wire.ToSchedulerEvent("fw-1", want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := wire.FromSchedulerEvent(travel(t, message))
		if err != nil {
			t.Fatal(err)
		}
		compare(t, got, want)
		data, err := message.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if got, err = wire.DecodeSchedulerEvent(data); err != nil {
			t.Fatal(err)
		}
		compare(t, got, want)
	})
}

func TestSchedulerCall_survives_the_wire(t *testing.T) {
	t.Parallel()
	operation := oneOf(
		as[mesos.Operation, mesos.Launch](), as[mesos.Operation, mesos.Reserve](), as[mesos.Operation, mesos.Unreserve](),
		as[mesos.Operation, mesos.Create](), as[mesos.Operation, mesos.Destroy](),
	)
	declines := valid[mesos.Decline]()
	accept := rapid.Custom(func(t *rapid.T) mesos.SchedulerCall {
		decline := declines.Draw(t, "offers")
		return mesos.Accept{
			OfferIDs: decline.OfferIDs, Refuse: decline.Refuse,
			Operations: rapid.SliceOfN(operation, 0, 3).Draw(t, "operations"),
		}
	})
	g := oneOf(
		accept,
		as[mesos.SchedulerCall, mesos.Decline](),
		as[mesos.SchedulerCall, mesos.Kill](),
		as[mesos.SchedulerCall, mesos.Reconcile](),
		as[mesos.SchedulerCall, mesos.Shutdown](),
		as[mesos.SchedulerCall, mesos.Message](),
		as[mesos.SchedulerCall, mesos.AcceptInverseOffers](),
		as[mesos.SchedulerCall, mesos.DeclineInverseOffers](),
		as[mesos.SchedulerCall, mesos.Teardown](),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b/c"}), 0, 3),
			func(roles []string) mesos.SchedulerCall { return mesos.Revive{Roles: roles} }),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b/c"}), 0, 3),
			func(roles []string) mesos.SchedulerCall { return mesos.Suppress{Roles: roles} }),
		rapid.Map(valid[mesos.Acknowledge](), func(c mesos.Acknowledge) mesos.SchedulerCall {
			c.UUID = []byte("0123456789abcdef")
			return c
		}),
		rapid.Map(valid[mesos.FrameworkInfo](), func(f mesos.FrameworkInfo) mesos.SchedulerCall {
			f.ID = "fw-1"
			return mesos.UpdateFramework{Info: f, SuppressedRoles: f.Roles}
		}),
	)
	rapid.Check(t, func(t *rapid.T) {
		want := g.Draw(t, "call")
		message, err := wire.ToSchedulerCall("fw-1", want)
		if err != nil {
			t.Fatal(err)
		}
		message = travel(t, message)
		if id := message.GetFrameworkID().GetValue(); id != "fw-1" {
			t.Errorf("framework id = %q", id)
		}
		got, err := wire.FromSchedulerCall(message)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, got, want)
	})
}

func TestExecutorEvent_survives_the_wire(t *testing.T) {
	t.Parallel()
	g := oneOf(
		as[mesos.ExecutorEvent, mesos.ExecutorSubscribed](),
		as[mesos.ExecutorEvent, mesos.LaunchTask](),
		as[mesos.ExecutorEvent, mesos.KillTask](),
		as[mesos.ExecutorEvent, mesos.Acknowledged](),
		as[mesos.ExecutorEvent, mesos.ExecutorMessage](),
		as[mesos.ExecutorEvent, mesos.ShutdownExecutor](),
		as[mesos.ExecutorEvent, mesos.ExecutorError](),
		as[mesos.ExecutorEvent, mesos.ExecutorHeartbeat](),
	)
	rapid.Check(t, func(t *rapid.T) {
		want := g.Draw(t, "event")
		message, err := wire.ToExecutorEvent(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := wire.FromExecutorEvent(travel(t, message))
		if err != nil {
			t.Fatal(err)
		}
		compare(t, got, want)
	})
}

func TestExecutorCall_survives_the_wire(t *testing.T) {
	t.Parallel()
	call := oneOf(as[mesos.ExecutorCall, mesos.StatusUpdate](), as[mesos.ExecutorCall, mesos.SchedulerMessage]())
	unacknowledged := valid[mesos.Unacknowledged]()
	rapid.Check(t, func(t *rapid.T) {
		want := call.Draw(t, "call")
		message, err := wire.ToExecutorCall("fw-1", "e1", want)
		if err != nil {
			t.Fatal(err)
		}
		message = travel(t, message)
		if message.FrameworkID.Value != "fw-1" || message.ExecutorID.Value != "e1" {
			t.Errorf("ids = %v, %v", message.FrameworkID, message.ExecutorID)
		}
		got, err := wire.FromExecutorCall(message)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, got, want)

		pending := unacknowledged.Draw(t, "unacknowledged")
		subscribe := travel(t, wire.ToExecutorSubscribe("fw-1", "e1", pending))
		compare(t, wire.FromExecutorSubscribe(subscribe.Subscribe), pending)
	})
}

// FuzzEvents checks that no bytes that decode make the conversions panic.
func FuzzEvents(f *testing.F) {
	for _, e := range []mesos.SchedulerEvent{
		mesos.Subscribed{FrameworkID: "f", Master: mesos.MasterInfo{Address: "10.0.0.1:5050"}}, mesos.Heartbeat{},
		mesos.Update{Status: mesos.TaskStatus{TaskID: "t", State: mesos.TaskRunning, UUID: []byte("0123456789abcdef")}},
		fullOffers(),
	} {
		message, err := wire.ToSchedulerEvent("f", e)
		if err != nil {
			f.Fatal(err)
		}
		data, err := message.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s scheduler.Event
		if unmarshal(&s, data) == nil {
			want, wantErr := wire.FromSchedulerEvent(&s)
			got, err := wire.DecodeSchedulerEvent(data)
			if diff := cmp.Diff(got, want, cmpopts.EquateEmpty()); diff != "" || (err == nil) != (wantErr == nil) {
				t.Errorf("decoded event (-got +want), %v, %v:\n%s", err, wantErr, diff)
			}
		}
		var e executor.Event
		if unmarshal(&e, data) == nil {
			_, _ = wire.FromExecutorEvent(&e)
		}
		var task mesosgo.TaskInfo
		if unmarshal(&task, data) == nil {
			once := again(wire.FromTaskInfo(&task))
			if diff := cmp.Diff(again(once), once, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("task that went twice (-got +want):\n%s", diff)
			}
		}
	})
}

// again converts a task to its message and back.
func again(task mesos.TaskInfo) mesos.TaskInfo {
	message := wire.ToTaskInfo(task)
	return wire.FromTaskInfo(&message)
}

// unmarshal turns panics of the generated decoder, which are not this package's, into errors.
func unmarshal(m message, data []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return m.Unmarshal(data)
}
