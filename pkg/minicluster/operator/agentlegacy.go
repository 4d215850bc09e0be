package operator

import (
	"maps"
	"net/http"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// agentCapabilities are those of a current agent, all of which are imitated.
var agentCapabilities = []string{
	"MULTI_ROLE", "HIERARCHICAL_ROLE", "RESERVATION_REFINEMENT", "RESOURCE_PROVIDER", "RESIZE_VOLUME",
	"AGENT_OPERATION_FEEDBACK", "AGENT_DRAINING", "TASK_RESOURCE_LIMITS",
}

// state serves /state of an agent.
func (h *agentAPI) state(w http.ResponseWriter, r *http.Request) {
	v, err := h.a.View(r.Context())
	if err != nil {
		refuseText(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	total := resources.List(v.Total)
	reserved, unreserved := byRole(total)
	usedReserved, usedUnreserved := byRole(allocatedOn(v))
	out := merge(versionFields(), object{
		"start_time": seconds(v.Start), "id": v.Info.GetID().GetValue(), "pid": v.PID, "hostname": v.Info.Hostname,
		"capabilities": agentCapabilities, "resources": resourcesJSON(total), "reserved_resources": reservedJSON(reserved),
		"unreserved_resources": resourcesJSON(unreserved), "reserved_resources_full": reservedFullJSON(reserved),
		"unreserved_resources_full": fullJSON(unreserved), "reserved_resources_allocated": reservedJSON(usedReserved),
		"unreserved_resources_allocated": resourcesJSON(usedUnreserved), "resource_providers": []any{},
		"attributes": attributesJSON(v.Info.Attributes), "flags": h.flags(),
	})
	if v.Info.Domain != nil {
		out["domain"] = rawJSON(v.Info.Domain)
	}
	if v.Master != "" {
		out["master_hostname"] = v.Info.Hostname
	}
	if v.Draining != nil {
		out["drain_config"] = rawJSON(v.Draining)
		out["estimated_drain_start_time_seconds"] = float64(v.DrainStart.Unix())
	}
	out["frameworks"], out["completed_frameworks"] = agentFrameworksJSON(v.Frameworks), agentFrameworksJSON(v.Completed)
	writeJSON(w, r, out)
}

// allocatedOn is what executors and their tasks hold.
func allocatedOn(v agent.View) resources.List {
	var out resources.List
	for _, f := range v.Frameworks {
		for _, e := range f.Executors {
			out = out.Plus(e.Resources)
		}
	}
	return out.Unallocated()
}

func agentFrameworksJSON(list []agent.FrameworkView) []any {
	out := []any{}
	for _, f := range list {
		entry := object{
			"id": f.Info.GetID().GetValue(), "name": f.Info.Name, "user": f.Info.User,
			"failover_timeout": f.Info.GetFailoverTimeout(), "checkpoint": f.Info.GetCheckpoint(), "hostname": f.Info.GetHostname(),
			"executors": agentExecutorsJSON(f.Executors), "completed_executors": agentExecutorsJSON(f.Completed),
		}
		if f.Info.Principal != nil {
			entry["principal"] = *f.Info.Principal
		}
		if multiRole(f.Info) {
			entry["roles"] = f.Info.Roles
		} else {
			entry["role"] = frameworkRoles(f.Info)[0]
		}
		out = append(out, entry)
	}
	return out
}

func agentExecutorsJSON(list []agent.ExecutorView) []any {
	out := []any{}
	for _, e := range list {
		queued := []any{}
		for _, t := range e.Queued {
			queued = append(queued, object{
				"id": t.TaskID.Value, "name": t.Name, "slave_id": t.AgentID.Value, "resources": resourcesJSON(t.Resources),
				"data": "",
			})
		}
		entry := object{
			"id": e.Info.ExecutorID.Value, "name": e.Info.GetName(), "source": e.Info.GetSource(), "container": e.ContainerID,
			"directory": e.Directory, "resources": resourcesJSON(e.Resources), "queued_tasks": queued,
			"tasks": linkTasksJSON(e.Launched), "completed_tasks": append(linkTasksJSON(e.Completed), linkTasksJSON(e.Terminated)...),
		}
		if len(e.Info.Resources) > 0 {
			if role := resources.AllocatedTo(&e.Info.Resources[0]); role != "" {
				entry["role"] = role
			}
		}
		if e.Info.Labels != nil {
			entry["labels"] = labelsJSON(e.Info.Labels)
		}
		if e.Info.Type != mesos.ExecutorInfo_UNKNOWN {
			entry["type"] = e.Info.Type.String()
		}
		out = append(out, entry)
	}
	return out
}

func linkTasksJSON(list []link.Task) []any {
	out := []any{}
	for i := range list {
		out = append(out, taskJSON(&list[i]))
	}
	return out
}

func (h *agentAPI) metricsHTTP(w http.ResponseWriter, r *http.Request) {
	v, err := h.a.View(r.Context())
	if err != nil {
		refuseText(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	writeJSON(w, r, agentMetrics(v))
}

// agentZeroes are metrics that exist from the start and that nothing here counts.
var agentZeroes = []string{
	"slave/executors_preempted", "slave/invalid_framework_messages", "slave/invalid_status_updates", "slave/recovery_errors",
	"slave/recovery_time_secs", "slave/valid_framework_messages", "gc/path_removals_failed", "gc/path_removals_pending",
	"gc/path_removals_succeeded", "containerizer/mesos/container_destroy_errors",
	"containerizer/fetcher/task_fetches_failed", "containerizer/fetcher/task_fetches_succeeded",
}

// agentMetrics are all metrics of an agent.
func agentMetrics(v agent.View) map[string]float64 {
	out := systemMetrics()
	for _, name := range agentZeroes {
		out[name] = 0
	}
	out["slave/registered"], out["slave/uptime_secs"] = flag(v.Registered), time.Since(v.Start).Seconds()
	out["slave/frameworks_active"] = float64(len(v.Frameworks))
	out["slave/valid_status_updates"] = float64(v.ValidUpdates)
	out["slave/container_launch_errors"] = float64(v.LaunchErrors)
	executors := map[string]float64{"registering": 0, "running": 0, "terminating": 0, "terminated": 0}
	states := map[mesos.TaskState]float64{}
	names := map[string]string{"REGISTERING": "registering", "RUNNING": "running", "TERMINATING": "terminating", "TERMINATED": "terminated"}
	for _, f := range v.Frameworks {
		for _, e := range f.Executors {
			executors[names[e.State]]++
			states[mesos.TASK_STAGING] += float64(len(e.Queued))
			for _, t := range e.Launched {
				states[t.GetState()]++
			}
		}
	}
	for name, n := range executors {
		out["slave/executors_"+name] = n
	}
	for name, s := range map[string]mesos.TaskState{
		"staging": mesos.TASK_STAGING, "starting": mesos.TASK_STARTING, "running": mesos.TASK_RUNNING, "killing": mesos.TASK_KILLING,
	} {
		out["slave/tasks_"+name] = states[s]
	}
	for name, s := range map[string]mesos.TaskState{
		"finished": mesos.TASK_FINISHED, "failed": mesos.TASK_FAILED, "killed": mesos.TASK_KILLED, "lost": mesos.TASK_LOST,
		"gone": mesos.TASK_GONE,
	} {
		out["slave/tasks_"+name] = float64(v.StatusCounts[s])
	}
	maps.Copy(out, agentResourceGauges(v))
	return out
}

func agentResourceGauges(v agent.View) map[string]float64 {
	out := map[string]float64{}
	total, used := map[string]int64{}, map[string]int64{}
	resources.List(v.Total).Quantities(total, 1)
	allocatedOn(v).Quantities(used, 1)
	for _, name := range []string{"cpus", "gpus", "mem", "disk"} {
		usage(out, "slave/"+name, resources.FromMilli(total[name]), resources.FromMilli(used[name]))
	}
	return out
}
