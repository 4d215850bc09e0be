package master

import (
	"context"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/maintenance"
	"github.com/mesos/mesos-go/api/v1/lib/quota"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

func machineID(host, ip string) mesos.MachineID { return mesos.MachineID{Hostname: &host, IP: &ip} }

func window(ids ...mesos.MachineID) maintenance.Schedule {
	return maintenance.Schedule{Windows: []maintenance.Window{{
		MachineIDs:     ids,
		Unavailability: mesos.Unavailability{Start: mesos.TimeInfo{Nanoseconds: time.Now().Add(time.Hour).UnixNano()}},
	}}}
}

func TestMaintenance(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	s.running(a, "t")
	s.call(`"type":"REVIVE"`)
	offer := s.offer()
	ctx, id := context.Background(), machineID("HOST", "127.0.0.1")
	for _, bad := range []maintenance.Schedule{window(), window(mesos.MachineID{}), window(id, id)} {
		wantRefusal(t, r.m.UpdateMaintenanceSchedule(ctx, nil, bad), 400, "")
	}
	wantRefusal(t, r.m.StartMaintenance(ctx, nil, []mesos.MachineID{id}), 400, "is not in DRAINING mode and cannot be brought down")
	wantRefusal(t, r.m.StartMaintenance(ctx, nil, []mesos.MachineID{machineID("x", "y")}), 400, "is not part of a maintenance schedule")
	if err := r.m.UpdateMaintenanceSchedule(ctx, nil, window(id)); err != nil {
		t.Fatal(err)
	}
	if got := s.want(scheduler.Event_RESCIND).Rescind.OfferID; got != offer.ID {
		t.Errorf("rescinded: got %v", got)
	}
	if again := s.offer(); again.Unavailability == nil {
		t.Error("the new offer does not tell of the maintenance")
	}
	inverse := s.want(scheduler.Event_INVERSE_OFFERS).InverseOffers.InverseOffers[0]
	s.call(`"type":"DECLINE_INVERSE_OFFERS","decline_inverse_offers":{"inverse_offer_ids":[{"value":%q}],"filters":{"refuse_seconds":0}}`, inverse.OfferID.Value)
	inverse = s.want(scheduler.Event_INVERSE_OFFERS).InverseOffers.InverseOffers[0]
	s.call(`"type":"ACCEPT_INVERSE_OFFERS","accept_inverse_offers":{"inverse_offer_ids":[{"value":%q}]}`, inverse.OfferID.Value)
	r.view(t, func(st *State) {
		if got := st.Machines[machineOf(id)].Statuses[s.id]; !got.Accepted || got.AgentID != a.id {
			t.Errorf("answer: got %+v, want accepted", got)
		}
	})
	if err := r.m.StartMaintenance(ctx, nil, []mesos.MachineID{id}); err != nil {
		t.Fatal(err)
	}
	awaitMessage[link.ShutdownAgent](a)
	if got := s.status(); got.GetState() != mesos.TASK_LOST || got.GetMessage() != "Agent host removed: Operator initiated 'Machine DOWN'" {
		t.Errorf("status: got %s %q", got.GetState(), got.GetMessage())
	}
	a.conn.Send(link.Register{AgentRecord: a.record})
	awaitMessage[link.ShutdownAgent](a)
	wantRefusal(t, r.m.UpdateMaintenanceSchedule(ctx, nil, maintenance.Schedule{}), 400, "cannot be removed from the schedule")
	wantRefusal(t, r.m.StopMaintenance(ctx, nil, []mesos.MachineID{machineID("x", "y")}), 400, "")
	if err := r.m.StopMaintenance(ctx, nil, []mesos.MachineID{id}); err != nil {
		t.Fatal(err)
	}
	a.conn.Send(link.Register{AgentRecord: a.record})
	awaitMessage[link.Registered](a)
	r.view(t, func(st *State) {
		if len(st.Schedule.Windows) > 0 || len(st.Machines) > 0 {
			t.Error("a machine that is up again is still in the schedule")
		}
	})
}

func TestOperatorReservations(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096;disk:100")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	offer := s.offer()
	ctx, id := context.Background(), mesos.AgentID{Value: a.id}
	reserve := func(size float64) mesos.Offer_Operation {
		list := resources.Of(mesos.Resource{Name: "disk", Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: size}})
		return mesos.Offer_Operation{Type: mesos.Offer_Operation_RESERVE, Reserve: &mesos.Offer_Operation_Reserve{
			Resources: list.Push(resources.Dynamic("test", nil)),
		}}
	}
	wantRefusal(t, r.m.Apply(ctx, nil, mesos.AgentID{Value: "x"}, reserve(1)), 400, "No agent found")
	wantRefusal(t, r.m.Apply(ctx, nil, id, reserve(101)), 409, "does not contain disk:101")
	plain := reserve(1)
	plain.Reserve.Resources[0].Reservations = nil
	wantRefusal(t, r.m.Apply(ctx, nil, id, plain), 400, "Resource disk:1 is not dynamically reserved")
	if err := r.m.Apply(ctx, nil, id, reserve(60)); err != nil {
		t.Fatal(err)
	}
	if got := s.want(scheduler.Event_RESCIND).Rescind.OfferID; got != offer.ID {
		t.Errorf("rescinded: got %v", got)
	}
	if m := awaitMessage[link.ApplyOperation](a); m.FrameworkID != nil || len(m.UUID) != 16 {
		t.Errorf("operation: got %+v", m)
	}
	r.view(t, func(st *State) {
		want := "cpus:4; mem:4096; disk:40; disk(reservations: [(DYNAMIC,test)]):60"
		if got := st.Agents[a.id].Total.String(); got != want {
			t.Errorf("total: got %s, want %s", got, want)
		}
	})
	wantRefusal(t, r.m.Apply(ctx, nil, id, reserve(60)), 409, "does not contain disk:60")
	unreserve := mesos.Offer_Operation{Type: mesos.Offer_Operation_UNRESERVE, Unreserve: &mesos.Offer_Operation_Unreserve{
		Resources: reserve(60).Reserve.Resources,
	}}
	if err := r.m.Apply(ctx, nil, id, unreserve); err != nil {
		t.Fatal(err)
	}
}

func TestWeightsAndQuota(t *testing.T) {
	t.Parallel()
	registry := NewMemoryRegistry()
	r := newRig(t, func(_ *Config, d *Deps) { d.Registry = registry }).lead(t)
	r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	offer := s.offer()
	ctx, role, bad := context.Background(), "vip", "a b"
	wantRefusal(t, r.m.UpdateWeights(ctx, nil, []mesos.WeightInfo{{Role: &bad, Weight: 1}}), 400, "Invalid role")
	wantRefusal(t, r.m.UpdateWeights(ctx, nil, []mesos.WeightInfo{{Role: &role}}), 400, "must be positive")
	if err := r.m.UpdateWeights(ctx, nil, []mesos.WeightInfo{{Role: &role, Weight: 2}}); err != nil {
		t.Fatal(err)
	}
	cpus := func(g, l float64) []quota.QuotaConfig {
		return []quota.QuotaConfig{{
			Role: role, Guarantees: map[string]mesos.Value_Scalar{"cpus": {Value: g}}, Limits: map[string]mesos.Value_Scalar{"cpus": {Value: l}},
		}}
	}
	wantRefusal(t, r.m.UpdateQuota(ctx, nil, false, cpus(2, 1)), 400, "inconsistent")
	wantRefusal(t, r.m.UpdateQuota(ctx, nil, false, cpus(8, 8)), 400, "exceed the cluster capacity")
	if err := r.m.UpdateQuota(ctx, nil, true, cpus(8, 8)); err != nil {
		t.Fatal(err)
	}
	if got := s.want(scheduler.Event_RESCIND).Rescind.OfferID; got != offer.ID {
		t.Errorf("rescinded for the guarantee: got %v", got)
	}
	record, err := registry.Load(ctx)
	if err != nil || record.Weights[role] != 2 || record.Quotas[role].Role != role {
		t.Errorf("registry: got %v, %v, %v", record.Weights, record.Quotas, err)
	}
	if err := r.m.UpdateQuota(ctx, nil, false, []quota.QuotaConfig{{Role: role}}); err != nil {
		t.Fatal(err)
	}
	r.view(t, func(st *State) {
		if len(st.Quotas) > 0 {
			t.Error("an empty quota is kept")
		}
	})
}

// only allows nothing but what it names.
type only map[string]string

// Authorized implements Authorizer.
func (o only) Authorized(_ *string, a Action, object string) bool {
	want, ok := o[string(a)]
	return ok && want == object
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(_ *Config, d *Deps) {
		d.Authorizer = only{string(ActionRegisterFrameworks): "test", string(ActionRunTasks): "alice"}
	}).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	if got := r.subscribe(t, "", strings.Replace(frameworkInfo(""), `["test"]`, `["x"]`, 1), "").refused; got != "Not authorized to register framework  with roles { x }" {
		t.Errorf("foreign role: got %q", got)
	}
	s := r.subscribe(t, "", frameworkInfo(`,"principal":"p"`), "")
	allowed := strings.Replace(commandTask("t2", a.id, ""), `"value":"sleep 1"`, `"value":"x","user":"alice"`, 1)
	s.launch(s.offer(), 0, commandTask("t1", a.id, "")+","+allowed)
	got := s.status()
	if got.GetReason() != mesos.REASON_TASK_UNAUTHORIZED || !strings.Contains(got.GetMessage(), "Principal 'p' no authorized to launch task t1") {
		t.Errorf("got %s %q", got.GetReason(), got.GetMessage())
	}
	if m := awaitMessage[link.RunTask](a); m.Task.TaskID.Value != "t2" {
		t.Errorf("launched: got %s, want t2", m.Task.TaskID.Value)
	}
	ctx, id := context.Background(), mesos.AgentID{Value: a.id}
	for name, err := range map[string]error{
		"teardown": r.m.Teardown(ctx, nil, mesos.FrameworkID{Value: s.id}), "drain": r.m.DrainAgent(ctx, nil, id, nil, false),
		"deactivate": r.m.DeactivateAgent(ctx, nil, id), "reactivate": r.m.ReactivateAgent(ctx, nil, id), "gone": r.m.MarkAgentGone(ctx, nil, id),
	} {
		t.Run(name, func(t *testing.T) { wantRefusal(t, err, 403, "403 Forbidden.") })
	}
	wantRefusal(t, r.m.Teardown(ctx, nil, mesos.FrameworkID{Value: "x"}), 400, "No framework found with specified ID")
}
