package wire_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	mesosgo "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/wire"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

func TestFromResources(t *testing.T) {
	t.Parallel()
	scalar := func(change func(*mesosgo.Resource)) mesosgo.Resource {
		r := mesosgo.Resource{Name: "cpus", Type: mesosgo.SCALAR.Enum(), Scalar: &mesosgo.Value_Scalar{Value: 1}}
		change(&r)
		return r
	}
	cpus := func(s resource.Scalar, rs ...mesos.Reservation) mesos.Resource {
		return mesos.Resource{Name: "cpus", Type: mesos.Scalar, Scalar: s, Reservations: rs}
	}
	ports := func(pairs ...uint64) mesosgo.Resource {
		r := mesosgo.Resource{Name: "ports", Type: mesosgo.RANGES.Enum(), Ranges: &mesosgo.Value_Ranges{}}
		for i := 0; i < len(pairs); i += 2 {
			r.Ranges.Range = append(r.Ranges.Range, mesosgo.Value_Range{Begin: pairs[i], End: pairs[i+1]})
		}
		return r
	}
	ranges := func(rs ...resource.Range) mesos.Resource {
		return mesos.Resource{Name: "ports", Type: mesos.RangeSet, Ranges: rs}
	}
	tests := []struct {
		name string
		in   mesosgo.Resource
		want mesos.Resource
	}{
		{"explicit role * of the older format is unreserved",
			scalar(func(r *mesosgo.Resource) { r.Role = new("*") }), cpus(1000)},
		{"role alone is a static reservation",
			scalar(func(r *mesosgo.Resource) { r.Role = new("web") }), cpus(1000, mesos.Reservation{Role: "web"})},
		{"role and reservation are a dynamic one",
			scalar(func(r *mesosgo.Resource) {
				r.Role = new("web")
				r.Reservation = &mesosgo.Resource_ReservationInfo{Principal: new("alice")}
			}), cpus(1000, mesos.Reservation{Role: "web", Dynamic: true, Principal: "alice"})},
		{"stack wins over the older format",
			scalar(func(r *mesosgo.Resource) {
				r.Role = new("*")
				r.Reservations = []mesosgo.Resource_ReservationInfo{
					{Type: mesosgo.Resource_ReservationInfo_STATIC.Enum(), Role: new("a")},
					{Type: mesosgo.Resource_ReservationInfo_DYNAMIC.Enum(), Role: new("a/b")},
				}
			}), cpus(1000, mesos.Reservation{Role: "a"}, mesos.Reservation{Role: "a/b", Dynamic: true})},
		{"amounts have three decimals",
			scalar(func(r *mesosgo.Resource) { r.Scalar.Value = 0.1 + 0.2 }), cpus(300)},
		{"amounts round to the nearest",
			scalar(func(r *mesosgo.Resource) { r.Scalar.Value = 0.9996 }), cpus(1000)},
		{"infinite amount",
			scalar(func(r *mesosgo.Resource) { r.Scalar.Value = math.Inf(1) }), cpus(wire.Infinite)},
		{"amount beyond all bounds is infinite",
			scalar(func(r *mesosgo.Resource) { r.Scalar.Value = 1e300 }), cpus(wire.Infinite)},
		{"no number is nothing",
			scalar(func(r *mesosgo.Resource) { r.Scalar.Value = math.NaN() }), cpus(0)},
		{"sorted ranges stay", ports(1, 2, 4, 5), ranges(resource.Range{Begin: 1, End: 2}, resource.Range{Begin: 4, End: 5})},
		{"unsorted ranges are sorted", ports(4, 5, 1, 2), ranges(resource.Range{Begin: 1, End: 2}, resource.Range{Begin: 4, End: 5})},
		{"adjacent ranges become one", ports(1, 2, 3, 5), ranges(resource.Range{Begin: 1, End: 5})},
		{"overlapping ranges become one", ports(1, 4, 3, 5), ranges(resource.Range{Begin: 1, End: 5})},
		{"range that ends before it begins is empty", ports(5, 1, 7, 7), ranges(resource.Range{Begin: 7, End: 7})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := wire.FromResources([]mesosgo.Resource{tt.in})
			if diff := cmp.Diff(got, []mesos.Resource{tt.want}, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("resources (-got +want):\n%s", diff)
			}
		})
	}
}

func TestToResources_never_writes_the_older_format(t *testing.T) {
	t.Parallel()
	got := wire.ToResources([]mesos.Resource{{
		Name: "disk", Type: mesos.Scalar, Scalar: 1, Reservations: []mesos.Reservation{{Role: "a", Dynamic: true}},
	}})[0]
	if got.Role != nil || got.Reservation != nil || len(got.Reservations) != 1 {
		t.Errorf("resource = %v", got)
	}
}

func TestFromTaskStatus_tells_missing_from_zero(t *testing.T) {
	t.Parallel()
	none := wire.FromTaskStatus(&mesosgo.TaskStatus{})
	if diff := cmp.Diff(none, mesos.TaskStatus{}); diff != "" {
		t.Errorf("status without fields (-got +want):\n%s", diff)
	}
	zero := wire.FromTaskStatus(&mesosgo.TaskStatus{
		State:  mesosgo.TASK_STARTING.Enum(),
		Reason: mesosgo.REASON_COMMAND_EXECUTOR_FAILED.Enum(),
		Source: mesosgo.SOURCE_MASTER.Enum(),
	})
	want := mesos.TaskStatus{State: mesos.TaskStarting, Reason: "REASON_COMMAND_EXECUTOR_FAILED", Source: mesos.SourceMaster}
	if diff := cmp.Diff(zero, want); diff != "" {
		t.Errorf("status of zeros (-got +want):\n%s", diff)
	}
	newer := wire.FromTaskStatus(&mesosgo.TaskStatus{
		State: mesosgo.TaskState(99).Enum(), Reason: mesosgo.TaskStatus_Reason(99).Enum(), Source: mesosgo.TaskStatus_Source(99).Enum(),
	})
	if diff := cmp.Diff(newer, mesos.TaskStatus{Reason: "REASON_99"}); diff != "" {
		t.Errorf("status of a newer version (-got +want):\n%s", diff)
	}
}

func TestFromTaskInfo_fills_the_defaults_of_the_protocol(t *testing.T) {
	t.Parallel()
	got := wire.FromTaskInfo(&mesosgo.TaskInfo{
		Command:     &mesosgo.CommandInfo{URIs: []mesosgo.CommandInfo_URI{{Value: "http://x/a.tgz"}}},
		HealthCheck: &mesosgo.HealthCheck{HTTP: &mesosgo.HealthCheck_HTTPCheckInfo{Port: 80}},
		KillPolicy:  &mesosgo.KillPolicy{},
	})
	want := mesos.TaskInfo{
		Command: &mesos.CommandInfo{Shell: true, URIs: []mesos.URI{{Value: "http://x/a.tgz", Extract: true}}},
		Health: &mesos.HealthCheck{
			Type: mesos.CheckHTTP, Port: 80, Delay: 15 * time.Second, Interval: 10 * time.Second,
			Timeout: 20 * time.Second, Grace: 10 * time.Second, ConsecutiveFailures: 3,
		},
	}
	if diff := cmp.Diff(got, want, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("task (-got +want):\n%s", diff)
	}
}

func TestToExecutorInfo_always_writes_its_type(t *testing.T) {
	t.Parallel()
	if got := wire.ToExecutorInfo(mesos.ExecutorInfo{Command: &mesos.CommandInfo{}}).Type; got != mesosgo.ExecutorInfo_CUSTOM {
		t.Errorf("with a command: %v", got)
	}
	if got := wire.ToExecutorInfo(mesos.ExecutorInfo{}).Type; got != mesosgo.ExecutorInfo_DEFAULT {
		t.Errorf("without: %v", got)
	}
}

func TestFrameworkInfo_roles_follow_MULTI_ROLE(t *testing.T) {
	t.Parallel()
	multi := wire.ToFrameworkInfo(mesos.FrameworkInfo{Roles: []string{"a", "b"}, Capabilities: []mesos.Capability{mesos.MultiRole, "NEWER"}})
	if multi.Role != nil || len(multi.Roles) != 2 || len(multi.Capabilities) != 1 {
		t.Errorf("with MULTI_ROLE: role %v, roles %v, capabilities %v", multi.Role, multi.Roles, multi.Capabilities)
	}
	single := wire.ToFrameworkInfo(mesos.FrameworkInfo{Roles: []string{"a"}})
	if single.GetRole() != "a" || single.Roles != nil {
		t.Errorf("without: role %v, roles %v", single.Role, single.Roles)
	}
}

func TestFromMasterInfo_finds_the_address(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   mesosgo.MasterInfo
		want string
	}{
		{"address by IP", mesosgo.MasterInfo{Address: &mesosgo.Address{IP: new("10.0.0.1"), Hostname: new("m"), Port: 80}}, "10.0.0.1:80"},
		{"address by name", mesosgo.MasterInfo{Address: &mesosgo.Address{Hostname: new("m"), Port: 80}}, "m:80"},
		{"older fields, IP in network byte order", mesosgo.MasterInfo{IP: 0x0100a8c0, Port: new(uint32(5051))}, "192.168.0.1:5051"},
		{"default port", mesosgo.MasterInfo{Hostname: new("m")}, "m:5050"},
		{"nothing", mesosgo.MasterInfo{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := wire.FromMasterInfo(&tt.in).Address; got != tt.want {
				t.Errorf("address = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAccept_and_Decline_always_say_how_long_they_refuse(t *testing.T) {
	t.Parallel()
	for _, call := range []mesos.SchedulerCall{mesos.Accept{}, mesos.Decline{}} {
		got, err := wire.ToSchedulerCall("f", call)
		if err != nil {
			t.Fatal(err)
		}
		filters := got.GetAccept().GetFilters()
		if got.Decline != nil {
			filters = got.Decline.Filters
		}
		if filters == nil || filters.RefuseSeconds == nil || *filters.RefuseSeconds != 0 {
			t.Errorf("%T: filters = %v, want 0 s, which is not the default of 5", call, filters)
		}
		back, err := wire.FromSchedulerCall(&scheduler.Call{Type: scheduler.Call_DECLINE, Decline: &scheduler.Call_Decline{}})
		if err != nil || back.(mesos.Decline).Refuse != 5*time.Second {
			t.Errorf("unset filters = %v, %v, want 5 s", back, err)
		}
	}
}

func TestFromSchedulerEvent_of_other_kinds(t *testing.T) {
	t.Parallel()
	for _, kind := range []scheduler.Event_Type{scheduler.Event_UNKNOWN, scheduler.Event_UPDATE_OPERATION_STATUS, 99} {
		if got, err := wire.FromSchedulerEvent(&scheduler.Event{Type: kind}); got != nil || err != nil {
			t.Errorf("%v = %v, %v, want nothing", kind, got, err)
		}
	}
	for _, kind := range []scheduler.Event_Type{
		scheduler.Event_SUBSCRIBED, scheduler.Event_OFFERS, scheduler.Event_RESCIND, scheduler.Event_INVERSE_OFFERS,
		scheduler.Event_RESCIND_INVERSE_OFFER, scheduler.Event_UPDATE, scheduler.Event_MESSAGE, scheduler.Event_FAILURE, scheduler.Event_ERROR,
	} {
		if got, err := wire.FromSchedulerEvent(&scheduler.Event{Type: kind}); err == nil {
			t.Errorf("%v without content = %v, want an error", kind, got)
		}
	}
	if _, err := wire.ToSchedulerEvent("f", mesos.Disconnected{}); err == nil {
		t.Error("Disconnected has a message")
	}
}

func TestFromExecutorEvent_of_other_kinds(t *testing.T) {
	t.Parallel()
	for _, kind := range []executor.Event_Type{executor.Event_UNKNOWN, executor.Event_LAUNCH_GROUP, 99} {
		if got, err := wire.FromExecutorEvent(&executor.Event{Type: kind}); got != nil || err != nil {
			t.Errorf("%v = %v, %v, want nothing", kind, got, err)
		}
	}
	for _, kind := range []executor.Event_Type{
		executor.Event_SUBSCRIBED, executor.Event_LAUNCH, executor.Event_KILL,
		executor.Event_ACKNOWLEDGED, executor.Event_MESSAGE, executor.Event_ERROR,
	} {
		if got, err := wire.FromExecutorEvent(&executor.Event{Type: kind}); err == nil {
			t.Errorf("%v without content = %v, want an error", kind, got)
		}
	}
}

func TestFromSchedulerCall_of_other_kinds(t *testing.T) {
	t.Parallel()
	for _, call := range []*scheduler.Call{
		{Type: scheduler.Call_SUBSCRIBE}, {Type: scheduler.Call_REQUEST}, {Type: scheduler.Call_ACCEPT},
		{Type: scheduler.Call_ACCEPT, Accept: &scheduler.Call_Accept{
			Operations: []mesosgo.Offer_Operation{{Type: mesosgo.Offer_Operation_GROW_VOLUME}},
		}},
	} {
		if got, err := wire.FromSchedulerCall(call); err == nil {
			t.Errorf("%v = %v, want an error", call, got)
		}
	}
}
