package operator

import (
	"context"
	"errors"
	"net/http"
	"syscall"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	agentpb "github.com/mesos/mesos-go/api/v1/lib/agent"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
)

// agentAPI answers for one agent process.
type agentAPI struct {
	a       *agent.Agent
	log     *zap.Logger
	given   map[string]string
	files   *fileRoots
	logging *logLevel
	mux     *http.ServeMux
}

const agentRecovering = "Agent has not finished recovery"

// AgentHandler serves what an agent answers over HTTP beside the executor API. Flags are those the agent was started
// with, shown by reads. Paths may carry the prefix /slave(1).
func AgentHandler(a *agent.Agent, flags map[string]string, log *zap.Logger) http.Handler {
	h := &agentAPI{a: a, log: log.Named("operator"), given: flags, logging: &logLevel{}, mux: http.NewServeMux()}
	h.files = &fileRoots{roots: h.roots}
	h.mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	h.mux.HandleFunc("/version", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, r, versionFields()) })
	h.mux.HandleFunc("/flags", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, r, object{"flags": h.flags()}) })
	h.mux.HandleFunc("/api/v1", h.serveCall)
	for path, serve := range map[string]http.HandlerFunc{
		"/files/browse": h.files.browse, "/files/read": h.files.readHTTP, "/files/download": h.files.download,
		"/files/debug": h.files.debug, "/logging/toggle": h.logging.toggle, "/metrics/snapshot": h.metricsHTTP,
	} {
		h.mux.HandleFunc(path, serve)
	}
	for path, serve := range map[string]http.HandlerFunc{
		"/state": h.state, "/state.json": h.state, "/containers": h.containersHTTP(true), "/monitor/statistics": h.containersHTTP(false),
		"/monitor/statistics.json": h.containersHTTP(false),
	} {
		h.mux.HandleFunc(path, h.recovered(serve))
	}
	return unprefixed("/slave(1)", h.mux)
}

// recovered answers 503 until the agent has finished its recovery.
func (h *agentAPI) recovered(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !h.a.Ready() {
			refuseText(w, http.StatusServiceUnavailable, agentRecovering)
			return
		}
		serve(w, r)
	}
}

func (h *agentAPI) flags() map[string]string {
	cfg := h.a.Config()
	return agentFlags(cfg, h.a.WorkDir(), portOf(h.a.Address()), h.given)
}

// serveCall answers the v1 operator API of an agent, in Mesos' order of checks.
func (h *agentAPI) serveCall(w http.ResponseWriter, r *http.Request) {
	if !h.a.Ready() {
		refuseText(w, http.StatusServiceUnavailable, agentRecovering)
		return
	}
	if refusal := codec.CheckMethod(w, r); refusal != nil {
		refusal.Write(w)
		return
	}
	call := &agentpb.Call{}
	body, sent, refusal := codec.ReadCall(r, call)
	if refusal == nil {
		refusal = validateAgentCall(call, body, sent)
	}
	if refusal != nil {
		refusal.Write(w)
		return
	}
	format, ok := codec.Negotiate(r.Header.Values("Accept"))
	if !ok {
		notAcceptable().Write(w)
		return
	}
	if handled := h.containerCall(w, r, call, format); handled {
		return
	}
	answer, refusal := h.read(r.Context(), call)
	if refusal != nil {
		refusal.Write(w)
		return
	}
	if answer == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	writeMessage(w, format, answer)
}

// containerCall carries out the calls on nested and standalone containers; handled is false for other calls.
func (h *agentAPI) containerCall(w http.ResponseWriter, r *http.Request, c *agentpb.Call, f codec.Format) (handled bool) {
	switch c.Type { //nolint:exhaustive // the default covers the rest
	case agentpb.Call_LAUNCH_NESTED_CONTAINER:
		h.launch(w, r, c.LaunchNestedContainer.ContainerID, c.LaunchNestedContainer.Command, true)
	case agentpb.Call_LAUNCH_CONTAINER:
		h.launch(w, r, c.LaunchContainer.ContainerID, c.LaunchContainer.Command, c.LaunchContainer.ContainerID.Parent != nil)
	case agentpb.Call_WAIT_NESTED_CONTAINER:
		h.wait(w, r, c.WaitNestedContainer.ContainerID, f, true)
	case agentpb.Call_WAIT_CONTAINER:
		h.wait(w, r, c.WaitContainer.ContainerID, f, false)
	case agentpb.Call_KILL_NESTED_CONTAINER:
		h.kill(w, r, c.KillNestedContainer.ContainerID, c.KillNestedContainer.Signal)
	case agentpb.Call_KILL_CONTAINER:
		h.kill(w, r, c.KillContainer.ContainerID, c.KillContainer.Signal)
	case agentpb.Call_REMOVE_NESTED_CONTAINER:
		h.remove(w, r, c.RemoveNestedContainer.ContainerID)
	case agentpb.Call_REMOVE_CONTAINER:
		h.remove(w, r, c.RemoveContainer.ContainerID)
	default:
		return false
	}
	return true
}

func (h *agentAPI) launch(w http.ResponseWriter, r *http.Request, id mesos.ContainerID, command *mesos.CommandInfo, nested bool) {
	if nested && id.Parent == nil {
		refuseText(w, http.StatusBadRequest, "Expecting 'container_id.parent' to be present")
		return
	}
	started, err := h.a.LaunchContainer(r.Context(), id, command)
	switch {
	case errors.Is(err, agent.ErrNoContainer):
		refuseText(w, http.StatusBadRequest, "Unable to locate root container")
	case err != nil:
		refuseText(w, http.StatusBadRequest, err.Error())
	case started:
		w.WriteHeader(http.StatusOK)
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}

func (h *agentAPI) wait(w http.ResponseWriter, r *http.Request, id mesos.ContainerID, f codec.Format, nested bool) {
	status, err := h.a.WaitContainer(r.Context(), id)
	if errors.Is(err, agent.ErrNoContainer) {
		refuseText(w, http.StatusNotFound, "Container "+agent.ContainerName(id)+" cannot be found")
		return
	}
	if err != nil {
		refuseText(w, http.StatusInternalServerError, err.Error())
		return
	}
	exit := int32(status) //nolint:gosec // a wait status has 16 bits
	answer := &agentpb.Response{Type: agentpb.Response_WAIT_CONTAINER, WaitContainer: &agentpb.Response_WaitContainer{ExitStatus: &exit}}
	if nested {
		answer = &agentpb.Response{
			Type: agentpb.Response_WAIT_NESTED_CONTAINER, WaitNestedContainer: &agentpb.Response_WaitNestedContainer{ExitStatus: &exit},
		}
	}
	writeMessage(w, f, answer)
}

func (h *agentAPI) kill(w http.ResponseWriter, r *http.Request, id mesos.ContainerID, signal *int32) {
	sig := syscall.SIGKILL
	if signal != nil {
		sig = syscall.Signal(*signal)
	}
	err := h.a.KillContainer(r.Context(), id, sig)
	if errors.Is(err, agent.ErrNoContainer) {
		refuseText(w, http.StatusNotFound, "Container '"+agent.ContainerName(id)+"' cannot be found (or is already killed)")
		return
	}
	if err != nil {
		refuseText(w, http.StatusInternalServerError, err.Error())
	}
}

func (h *agentAPI) remove(w http.ResponseWriter, r *http.Request, id mesos.ContainerID) {
	if err := h.a.RemoveContainer(r.Context(), id); err != nil {
		refuseText(w, http.StatusInternalServerError, err.Error())
	}
}

// read answers the other calls; nil stands for 200 without a body.
func (h *agentAPI) read(ctx context.Context, c *agentpb.Call) (*agentpb.Response, *codec.Refusal) {
	out := &agentpb.Response{Type: agentpb.Response_Type(agentpb.Response_Type_value[c.Type.String()])}
	switch c.Type { //nolint:exhaustive // the default covers the rest
	case agentpb.Call_GET_HEALTH:
		out.GetHealth = &agentpb.Response_GetHealth{Healthy: true}
	case agentpb.Call_GET_FLAGS:
		out.GetFlags = &agentpb.Response_GetFlags{Flags: flagList(h.flags())}
	case agentpb.Call_GET_VERSION:
		out.GetVersion = &agentpb.Response_GetVersion{VersionInfo: versionInfo()}
	case agentpb.Call_GET_LOGGING_LEVEL:
		out.GetLoggingLevel = &agentpb.Response_GetLoggingLevel{Level: h.logging.level()}
	case agentpb.Call_SET_LOGGING_LEVEL:
		if err := h.logging.set(c.SetLoggingLevel.Level, time.Duration(c.SetLoggingLevel.Duration.Nanoseconds)); err != nil {
			return nil, &codec.Refusal{Status: http.StatusBadRequest, Text: err.Error()}
		}
		return nil, nil
	case agentpb.Call_PRUNE_IMAGES:
		return nil, nil
	case agentpb.Call_LIST_FILES:
		infos, refusal := h.files.list(c.ListFiles.Path)
		out.ListFiles = &agentpb.Response_ListFiles{FileInfos: infos}
		return out, refusal
	case agentpb.Call_READ_FILE:
		size, data, refusal := h.files.read(c.ReadFile.Path, c.ReadFile.Offset, c.ReadFile.Length)
		out.ReadFile = &agentpb.Response_ReadFile{Size_: size, Data: data}
		return out, refusal
	case agentpb.Call_GET_CONTAINERS:
		return h.containers(ctx, c, out)
	case agentpb.Call_GET_RESOURCE_PROVIDERS:
		out.GetResourceProviders = &agentpb.Response_GetResourceProviders{}
	default:
		return h.readState(ctx, c, out)
	}
	return out, nil
}
