package operator

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	agentpb "github.com/mesos/mesos-go/api/v1/lib/agent"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// readState answers what is read from the agent's state.
func (h *agentAPI) readState(ctx context.Context, c *agentpb.Call, out *agentpb.Response) (*agentpb.Response, *codec.Refusal) {
	v, err := h.a.View(ctx)
	if err != nil {
		return nil, &codec.Refusal{Status: http.StatusServiceUnavailable, Text: err.Error()}
	}
	switch c.Type { //nolint:exhaustive // the default covers the rest
	case agentpb.Call_GET_METRICS:
		out.GetMetrics = &agentpb.Response_GetMetrics{Metrics: metricList(agentMetrics(v))}
	case agentpb.Call_GET_AGENT:
		info := v.Info
		out.GetAgent = &agentpb.Response_GetAgent{AgentInfo: &info}
	case agentpb.Call_GET_STATE:
		out.GetState = &agentpb.Response_GetState{
			GetTasks: agentTasks(v), GetExecutors: agentExecutors(v), GetFrameworks: agentFrameworks(v),
		}
	case agentpb.Call_GET_TASKS:
		out.GetTasks = agentTasks(v)
	case agentpb.Call_GET_EXECUTORS:
		out.GetExecutors = agentExecutors(v)
	case agentpb.Call_GET_FRAMEWORKS:
		out.GetFrameworks = agentFrameworks(v)
	case agentpb.Call_GET_OPERATIONS:
		out.GetOperations = &agentpb.Response_GetOperations{Operations: v.Operations}
	default:
		return nil, &codec.Refusal{Status: http.StatusNotImplemented, Text: notImplemented}
	}
	return out, nil
}

func agentTasks(v agent.View) *agentpb.Response_GetTasks {
	out := &agentpb.Response_GetTasks{}
	for _, f := range slices.Concat(v.Frameworks, v.Completed) {
		for _, e := range slices.Concat(f.Executors, f.Completed) {
			for _, t := range e.Queued {
				out.QueuedTasks = append(out.QueuedTasks, queuedTask(f, t))
			}
			out.LaunchedTasks = append(out.LaunchedTasks, plainTasks(e.Launched)...)
			out.TerminatedTasks = append(out.TerminatedTasks, plainTasks(e.Terminated)...)
			out.CompletedTasks = append(out.CompletedTasks, plainTasks(e.Completed)...)
		}
	}
	return out
}

func plainTasks(list []link.Task) []mesos.Task {
	out := make([]mesos.Task, 0, len(list))
	for _, t := range list {
		out = append(out, t.Task)
	}
	return out
}

// queuedTask is a task that no executor has got yet.
func queuedTask(f agent.FrameworkView, t mesos.TaskInfo) mesos.Task {
	out := mesos.Task{
		Name: t.Name, TaskID: t.TaskID, AgentID: t.AgentID, State: mesos.TASK_STAGING.Enum(), Resources: t.Resources,
		Labels: t.Labels, Discovery: t.Discovery, Container: t.Container, HealthCheck: t.HealthCheck, KillPolicy: t.KillPolicy,
	}
	if f.Info.ID != nil {
		out.FrameworkID = *f.Info.ID
	}
	if t.Executor != nil {
		id := t.Executor.ExecutorID
		out.ExecutorID = &id
	}
	return out
}

func agentExecutors(v agent.View) *agentpb.Response_GetExecutors {
	out := &agentpb.Response_GetExecutors{}
	for _, f := range slices.Concat(v.Frameworks, v.Completed) {
		for _, e := range f.Executors {
			out.Executors = append(out.Executors, agentpb.Response_GetExecutors_Executor{ExecutorInfo: e.Info})
		}
		for _, e := range f.Completed {
			out.CompletedExecutors = append(out.CompletedExecutors, agentpb.Response_GetExecutors_Executor{ExecutorInfo: e.Info})
		}
	}
	return out
}

func agentFrameworks(v agent.View) *agentpb.Response_GetFrameworks {
	out := &agentpb.Response_GetFrameworks{}
	for _, f := range v.Frameworks {
		out.Frameworks = append(out.Frameworks, agentpb.Response_GetFrameworks_Framework{FrameworkInfo: f.Info})
	}
	for _, f := range v.Completed {
		out.CompletedFrameworks = append(out.CompletedFrameworks, agentpb.Response_GetFrameworks_Framework{FrameworkInfo: f.Info})
	}
	return out
}

// containers answers GET_CONTAINERS.
func (h *agentAPI) containers(ctx context.Context, c *agentpb.Call, out *agentpb.Response) (*agentpb.Response, *codec.Refusal) {
	list, err := h.a.Containers(ctx, c.GetContainers.GetShowNested(), c.GetContainers.GetShowStandalone())
	if err != nil {
		return nil, &codec.Refusal{Status: http.StatusServiceUnavailable, Text: err.Error()}
	}
	out.GetContainers = &agentpb.Response_GetContainers{}
	for _, v := range list {
		id, status := v.ID, v.Status
		m := agentpb.Response_GetContainers_Container{ContainerID: id, ContainerStatus: &status, ResourceStatistics: statistics(v)}
		if v.ExecutorID != "" {
			name := v.ExecutorName
			m.FrameworkID, m.ExecutorID = &mesos.FrameworkID{Value: v.FrameworkID}, &mesos.ExecutorID{Value: v.ExecutorID}
			m.ExecutorName = &name
		}
		out.GetContainers.Containers = append(out.GetContainers.Containers, m)
	}
	return out, nil
}

func statistics(v agent.ContainerView) *mesos.ResourceStatistics {
	user, system, rss := v.Usage.UserSecs, v.Usage.SystemSecs, v.Usage.RSSBytes
	s := &mesos.ResourceStatistics{
		Timestamp: seconds(time.Now()), CPUsUserTimeSecs: &user, CPUsSystemTimeSecs: &system, MemRSSBytes: &rss,
	}
	if v.CPULimit > 0 {
		cpus := v.CPULimit
		s.CPUsSoftLimit = &cpus
	}
	if v.MemLimit > 0 {
		limit, soft := v.MemLimit, v.MemLimit
		s.MemLimitBytes, s.MemSoftLimitBytes = &limit, &soft
	}
	return s
}

// containersHTTP serves /containers, and without status and container id /monitor/statistics.
func (h *agentAPI) containersHTTP(full bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		list, err := h.a.Containers(r.Context(), q.Get("show_nested") == "true", q.Get("show_standalone") == "true")
		if err != nil {
			refuseText(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		out := []any{}
		for _, v := range list {
			entry := object{"statistics": rawJSON(statistics(v))}
			if v.ExecutorID != "" {
				entry["executor_id"], entry["executor_name"] = v.ExecutorID, v.ExecutorName
				entry["framework_id"], entry["source"] = v.FrameworkID, v.Source
			}
			if full {
				status := v.Status
				entry["container_id"], entry["status"] = v.ID.Value, rawJSON(&status)
			}
			out = append(out, entry)
		}
		writeJSON(w, r, out)
	}
}

func portOf(addr string) int {
	_, text, err := net.SplitHostPort(addr)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

// roots are the sandboxes by the paths under which clients know them.
func (h *agentAPI) roots() map[string]string {
	out := map[string]string{}
	ctx, cancel := context.WithTimeout(context.Background(), viewMax)
	defer cancel()
	v, err := h.a.View(ctx)
	if err != nil {
		return out
	}
	for _, f := range slices.Concat(v.Frameworks, v.Completed) {
		for _, e := range slices.Concat(f.Completed, f.Executors) { // a run that lives takes the place of earlier ones
			latest := "/frameworks/" + f.Info.GetID().GetValue() + "/executors/" + e.Info.ExecutorID.Value + "/runs/"
			out[latest+"latest"], out[latest+e.ContainerID], out[e.Directory] = e.Directory, e.Directory, e.Directory
			parent := e.Directory[:max(len(e.Directory)-len(e.ContainerID), 0)]
			out[parent+"latest"] = e.Directory
		}
	}
	return out
}

const viewMax = 10 * time.Second
