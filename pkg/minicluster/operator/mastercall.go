package operator

import (
	"context"
	"errors"
	"net/http"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	masterpb "github.com/mesos/mesos-go/api/v1/lib/master"
	"github.com/mesos/mesos-go/api/v1/lib/quota"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

const notImplemented = "501 Not Implemented."

// serveCall answers the v1 operator API of a master, in Mesos' order of checks.
func (h *masterAPI) serveCall(w http.ResponseWriter, r *http.Request) {
	principal, ok := h.m.Authenticate(w, r, master.RealmReadwrite)
	if !ok || h.m.Redirected(w, r) || h.m.Recovering(w) {
		return
	}
	if refusal := codec.CheckMethod(w, r); refusal != nil {
		refusal.Write(w)
		return
	}
	call := &masterpb.Call{}
	body, sent, refusal := codec.ReadCall(r, call)
	if refusal != nil {
		refusal.Write(w)
		return
	}
	if refusal := validateMasterCall(call, body, sent); refusal != nil {
		refusal.Write(w)
		return
	}
	format, ok := codec.Negotiate(r.Header.Values("Accept"))
	if !ok {
		notAcceptable().Write(w)
		return
	}
	if call.Type == masterpb.Call_SUBSCRIBE {
		h.subscribe(w, r, principal, format)
		return
	}
	if handled, err := h.mutate(r.Context(), principal, call); handled {
		h.writeOutcome(w, call.Type, err)
		return
	}
	answer, refusal := h.read(r.Context(), principal, call)
	if refusal != nil {
		refusal.Write(w)
		return
	}
	writeMessage(w, format, answer)
}

func notAcceptable() *codec.Refusal {
	return &codec.Refusal{Status: http.StatusNotAcceptable, Text: "Expecting 'Accept' to allow application/json or application/x-protobuf"}
}

// accepted are the calls that are handed to an agent and whose success is not waited for.
var accepted = map[masterpb.Call_Type]bool{ //nolint:exhaustive // a set: what is missing is false
	masterpb.Call_RESERVE_RESOURCES: true, masterpb.Call_UNRESERVE_RESOURCES: true, masterpb.Call_CREATE_VOLUMES: true,
	masterpb.Call_DESTROY_VOLUMES: true, masterpb.Call_GROW_VOLUME: true, masterpb.Call_SHRINK_VOLUME: true,
}

func (h *masterAPI) writeOutcome(w http.ResponseWriter, t masterpb.Call_Type, err error) {
	if err != nil {
		writeError(w, err)
		return
	}
	if accepted[t] {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// writeError answers with the refusal of a command.
func writeError(w http.ResponseWriter, err error) {
	var refused *master.CallError
	switch {
	case errors.As(err, &refused):
		text := refused.Message
		if text == "" && refused.Status == http.StatusForbidden {
			text = "403 Forbidden."
		}
		(&codec.Refusal{Status: refused.Status, Text: text}).Write(w)
	default:
		(&codec.Refusal{Status: http.StatusServiceUnavailable, Text: err.Error()}).Write(w)
	}
}

// mutate carries out calls that change something; handled is false for the others.
func (h *masterAPI) mutate(ctx context.Context, p *string, c *masterpb.Call) (handled bool, err error) {
	switch c.Type { //nolint:exhaustive // the default covers the rest
	case masterpb.Call_TEARDOWN:
		return true, h.m.Teardown(ctx, p, c.Teardown.FrameworkID)
	case masterpb.Call_DRAIN_AGENT:
		d := c.DrainAgent
		var grace *time.Duration
		if d.MaxGracePeriod != nil {
			g := time.Duration(d.MaxGracePeriod.Seconds)*time.Second + time.Duration(d.MaxGracePeriod.Nanos)
			grace = &g
		}
		return true, h.m.DrainAgent(ctx, p, d.AgentID, grace, d.GetMarkGone())
	case masterpb.Call_DEACTIVATE_AGENT:
		return true, h.m.DeactivateAgent(ctx, p, c.DeactivateAgent.AgentID)
	case masterpb.Call_REACTIVATE_AGENT:
		return true, h.m.ReactivateAgent(ctx, p, c.ReactivateAgent.AgentID)
	case masterpb.Call_MARK_AGENT_GONE:
		return true, h.m.MarkAgentGone(ctx, p, c.MarkAgentGone.AgentID)
	case masterpb.Call_UPDATE_MAINTENANCE_SCHEDULE:
		return true, h.m.UpdateMaintenanceSchedule(ctx, p, c.UpdateMaintenanceSchedule.Schedule)
	case masterpb.Call_START_MAINTENANCE:
		return true, h.m.StartMaintenance(ctx, p, c.StartMaintenance.Machines)
	case masterpb.Call_STOP_MAINTENANCE:
		return true, h.m.StopMaintenance(ctx, p, c.StopMaintenance.Machines)
	case masterpb.Call_UPDATE_WEIGHTS:
		return true, h.m.UpdateWeights(ctx, p, c.UpdateWeights.WeightInfos)
	case masterpb.Call_SET_LOGGING_LEVEL:
		return true, h.logging.set(c.SetLoggingLevel.Level, time.Duration(c.SetLoggingLevel.Duration.Nanoseconds))
	case masterpb.Call_UPDATE_QUOTA:
		return true, h.m.UpdateQuota(ctx, p, c.UpdateQuota.GetForce(), c.UpdateQuota.QuotaConfigs)
	case masterpb.Call_SET_QUOTA:
		return true, h.m.UpdateQuota(ctx, p, c.SetQuota.QuotaRequest.GetForce(), []quota.QuotaConfig{quotaOf(c.SetQuota.QuotaRequest)})
	case masterpb.Call_REMOVE_QUOTA:
		return true, h.m.UpdateQuota(ctx, p, true, []quota.QuotaConfig{{Role: c.RemoveQuota.Role}})
	default:
		return h.apply(ctx, p, c)
	}
}

// quotaOf turns an old request, in which the guarantee is the limit, too, into the present form.
func quotaOf(r quota.QuotaRequest) quota.QuotaConfig {
	q := quota.QuotaConfig{Role: r.GetRole(), Guarantees: map[string]mesos.Value_Scalar{}, Limits: map[string]mesos.Value_Scalar{}}
	for _, g := range r.Guarantee {
		q.Guarantees[g.Name] = mesos.Value_Scalar{Value: g.GetScalar().GetValue()}
		q.Limits[g.Name] = q.Guarantees[g.Name]
	}
	return q
}

// apply carries out calls that change the reservations and volumes of an agent.
func (h *masterAPI) apply(ctx context.Context, p *string, c *masterpb.Call) (handled bool, err error) {
	var id mesos.AgentID
	var op mesos.Offer_Operation
	switch c.Type { //nolint:exhaustive // the default covers the rest
	case masterpb.Call_RESERVE_RESOURCES:
		id, op.Type = c.ReserveResources.AgentID, mesos.Offer_Operation_RESERVE
		op.Reserve = &mesos.Offer_Operation_Reserve{Source: c.ReserveResources.Source, Resources: c.ReserveResources.Resources}
	case masterpb.Call_UNRESERVE_RESOURCES:
		id, op.Type = c.UnreserveResources.AgentID, mesos.Offer_Operation_UNRESERVE
		op.Unreserve = &mesos.Offer_Operation_Unreserve{Resources: c.UnreserveResources.Resources}
	case masterpb.Call_CREATE_VOLUMES:
		id, op.Type = c.CreateVolumes.AgentID, mesos.Offer_Operation_CREATE
		op.Create = &mesos.Offer_Operation_Create{Volumes: c.CreateVolumes.Volumes}
	case masterpb.Call_DESTROY_VOLUMES:
		id, op.Type = c.DestroyVolumes.AgentID, mesos.Offer_Operation_DESTROY
		op.Destroy = &mesos.Offer_Operation_Destroy{Volumes: c.DestroyVolumes.Volumes}
	case masterpb.Call_GROW_VOLUME:
		id, op.Type = agentIDOf(c.GrowVolume.AgentID), mesos.Offer_Operation_GROW_VOLUME
		op.GrowVolume = &mesos.Offer_Operation_GrowVolume{Volume: c.GrowVolume.Volume, Addition: c.GrowVolume.Addition}
	case masterpb.Call_SHRINK_VOLUME:
		id, op.Type = agentIDOf(c.ShrinkVolume.AgentID), mesos.Offer_Operation_SHRINK_VOLUME
		op.ShrinkVolume = &mesos.Offer_Operation_ShrinkVolume{Volume: c.ShrinkVolume.Volume, Subtract: c.ShrinkVolume.Subtract}
	default:
		return false, nil
	}
	return true, h.m.Apply(ctx, p, id, op)
}

func agentIDOf(id *mesos.AgentID) mesos.AgentID {
	if id == nil {
		return mesos.AgentID{}
	}
	return *id
}

// read answers calls that change nothing.
func (h *masterAPI) read(ctx context.Context, principal *string, c *masterpb.Call) (*response, *codec.Refusal) {
	t := masterpb.Response_Type(masterpb.Response_Type_value[c.Type.String()])
	out := &response{Type: &t}
	switch c.Type { //nolint:exhaustive // the default covers the rest
	case masterpb.Call_GET_HEALTH:
		out.GetHealth = &masterpb.Response_GetHealth{Healthy: true}
	case masterpb.Call_GET_FLAGS:
		out.GetFlags = &masterpb.Response_GetFlags{Flags: flagList(h.flags)}
	case masterpb.Call_GET_VERSION:
		out.GetVersion = &masterpb.Response_GetVersion{VersionInfo: versionInfo()}
	case masterpb.Call_GET_LOGGING_LEVEL:
		out.GetLoggingLevel = &masterpb.Response_GetLoggingLevel{Level: h.logging.level()}
	case masterpb.Call_LIST_FILES:
		infos, refusal := h.files.list(c.ListFiles.Path)
		out.ListFiles = &masterpb.Response_ListFiles{FileInfos: infos}
		return out, refusal
	case masterpb.Call_READ_FILE:
		size, data, refusal := h.files.read(c.ReadFile.Path, c.ReadFile.Offset, c.ReadFile.Length)
		out.ReadFile = &masterpb.Response_ReadFile{Size_: size, Data: data}
		return out, refusal
	default:
		v := viewer{h.m, principal}
		known := false
		if err := h.m.View(ctx, func(s *master.State) { known = h.readState(s, v, c.Type, out) }); err != nil {
			return nil, &codec.Refusal{Status: http.StatusServiceUnavailable, Text: err.Error()}
		}
		if !known {
			return nil, &codec.Refusal{Status: http.StatusNotImplemented, Text: notImplemented}
		}
	}
	return out, nil
}

// readState fills in what is read from the state; it runs in the master's goroutine.
func (h *masterAPI) readState(s *master.State, v viewer, t masterpb.Call_Type, out *response) bool {
	switch t { //nolint:exhaustive // the default covers the rest
	case masterpb.Call_GET_METRICS:
		out.GetMetrics = &masterpb.Response_GetMetrics{Metrics: metricList(masterMetrics(s, h.m.Config()))}
	case masterpb.Call_GET_STATE:
		out.GetState = v.state(s)
	case masterpb.Call_GET_AGENTS:
		out.GetAgents = v.agents(s)
	case masterpb.Call_GET_FRAMEWORKS:
		out.GetFrameworks = v.frameworks(s)
	case masterpb.Call_GET_EXECUTORS:
		out.GetExecutors = v.executors(s)
	case masterpb.Call_GET_OPERATIONS:
		out.GetOperations = v.operations(s)
	case masterpb.Call_GET_TASKS:
		out.GetTasks = v.tasks(s)
	case masterpb.Call_GET_ROLES:
		out.GetRoles = v.roles(s)
	case masterpb.Call_GET_WEIGHTS:
		out.GetWeights = weights(s)
	case masterpb.Call_GET_MASTER:
		out.GetMaster = masterOf(s)
	case masterpb.Call_GET_QUOTA:
		out.GetQuota = quotas(s)
	case masterpb.Call_GET_MAINTENANCE_STATUS:
		out.GetMaintenanceStatus = &masterpb.Response_GetMaintenanceStatus{Status: *maintenanceStatus(s)}
	case masterpb.Call_GET_MAINTENANCE_SCHEDULE:
		out.GetMaintenanceSchedule = &masterpb.Response_GetMaintenanceSchedule{Schedule: s.Schedule}
	default:
		return false
	}
	return true
}
