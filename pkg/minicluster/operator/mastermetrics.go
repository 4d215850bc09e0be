package operator

import (
	"maps"
	"slices"
	"strings"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// masterZeroes are metrics that exist from the start, whether counted here or not.
var masterZeroes = strings.Fields(`
master/operations/total allocator/event_queue_dispatches allocator/mesos/event_queue_dispatches
allocator/mesos/allocation_run_latency_ms allocator/mesos/allocation_run_latency_ms/count
allocator/mesos/allocation_run_latency_ms/max allocator/mesos/allocation_run_latency_ms/min
allocator/mesos/allocation_run_ms allocator/mesos/allocation_run_ms/count allocator/mesos/allocation_run_ms/max
allocator/mesos/allocation_run_ms/min allocator/mesos/allocation_runs
allocator/mesos/quota/roles//resources/cpus/consumed allocator/mesos/quota/roles//resources/mem/consumed
master/dropped_messages master/event_queue_dispatches master/event_queue_http_requests master/event_queue_messages
master/http_cache_hits master/invalid_executor_to_framework_messages master/invalid_framework_to_executor_messages
master/invalid_operation_status_update_acknowledgements master/invalid_operation_status_updates
master/invalid_status_update_acknowledgements master/invalid_status_updates
master/messages_authenticate master/messages_deactivate_framework master/messages_decline_offers
master/messages_executor_to_framework master/messages_exited_executor master/messages_framework_to_executor
master/messages_kill_task master/messages_launch_tasks master/messages_operation_status_update
master/messages_operation_status_update_acknowledgement master/messages_reconcile_operations
master/messages_reconcile_tasks master/messages_register_framework master/messages_register_slave
master/messages_reregister_framework master/messages_reregister_slave master/messages_resource_request
master/messages_revive_offers master/messages_status_update master/messages_status_update_acknowledgement
master/messages_suppress_offers master/messages_unregister_framework master/messages_unregister_slave
master/messages_update_slave master/operator_event_stream_subscribers master/recovery_slave_removals
master/slave_registrations master/slave_removals master/slave_removals/reason_registered
master/slave_removals/reason_unhealthy master/slave_removals/reason_unregistered master/slave_reregistrations
master/slave_shutdowns_canceled master/slave_shutdowns_completed master/slave_shutdowns_scheduled
master/slave_unreachable_canceled master/slave_unreachable_completed master/slave_unreachable_scheduled
master/tasks_dropped master/tasks_error master/tasks_failed master/tasks_finished master/tasks_gone
master/tasks_gone_by_operator master/tasks_killed master/tasks_lost
master/valid_executor_to_framework_messages master/valid_framework_to_executor_messages
master/valid_operation_status_update_acknowledgements master/valid_operation_status_updates
master/valid_status_update_acknowledgements master/valid_status_updates
registrar/queued_operations registrar/registry_size_bytes registrar/state_fetch_ms registrar/state_store_ms
registrar/state_store_ms/count registrar/state_store_ms/max registrar/state_store_ms/min`)

var (
	operationKinds = []string{
		"create", "create_disk", "destroy", "destroy_disk", "grow_volume", "reserve", "shrink_volume", "unreserve",
	}
	operationStates = []string{
		"dropped", "error", "failed", "finished", "gone_by_operator", "pending", "recovering", "unreachable",
	}
)

// masterMetrics are all metrics of a master. Counters come from the master, gauges are read off its state.
func masterMetrics(s *master.State, cfg master.Config) map[string]float64 {
	out := map[string]float64{}
	for _, name := range masterZeroes {
		out[name] = 0
	}
	for _, state := range operationStates {
		out["master/operations/"+state] = 0
		for _, kind := range operationKinds {
			out["master/operations/"+kind+"/"+state], out["master/operations/"+kind+"/total"] = 0, 0
		}
	}
	maps.Copy(out, systemMetrics())
	maps.Copy(out, s.Counters)
	out["master/elected"] = flag(s.Leading)
	out["master/uptime_secs"] = time.Since(s.Started).Seconds()
	out["master/outstanding_offers"] = float64(len(s.Offers))
	agentGauges(out, s)
	frameworkGauges(out, s)
	resourceGauges(out, s)
	allocatorGauges(out, s, cfg)
	return out
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func agentGauges(out map[string]float64, s *master.State) {
	var active, connected float64
	for _, a := range s.Agents {
		active += flag(a.Active)
		connected += flag(a.Connected)
	}
	all := float64(len(s.Agents))
	out["master/slaves_active"], out["master/slaves_inactive"] = active, all-active
	out["master/slaves_connected"], out["master/slaves_disconnected"] = connected, all-connected
	out["master/slaves_unreachable"] = float64(len(s.UnreachableAgents))
}

// gaugeStates are the states whose tasks are counted as they are now; the other states have counters.
var gaugeStates = []mesos.TaskState{
	mesos.TASK_STAGING, mesos.TASK_STARTING, mesos.TASK_RUNNING, mesos.TASK_KILLING, mesos.TASK_UNREACHABLE,
}

func frameworkGauges(out map[string]float64, s *master.State) {
	var active, connected float64
	counts := map[mesos.TaskState]float64{}
	for _, f := range s.Frameworks {
		active += flag(f.Active)
		connected += flag(f.Connected)
		for _, t := range f.Tasks {
			counts[t.GetState()]++
		}
		counts[mesos.TASK_UNREACHABLE] += float64(len(f.Unreachable))
		prefix := "master/frameworks/" + strings.ReplaceAll(f.Info.Name, "/", "%2F") + "/" + f.ID + "/"
		out[prefix+"subscribed"] = flag(f.Connected)
		for _, role := range frameworkRoles(f.Info) {
			out[prefix+"roles/"+role+"/suppressed"] = flag(f.Suppressed[role])
		}
	}
	all := float64(len(s.Frameworks))
	out["master/frameworks_active"], out["master/frameworks_inactive"] = active, all-active
	out["master/frameworks_connected"], out["master/frameworks_disconnected"] = connected, all-connected
	for _, state := range gaugeStates {
		out["master/"+strings.Replace(strings.ToLower(state.String()), "task_", "tasks_", 1)] = counts[state]
	}
}

func resourceGauges(out map[string]float64, s *master.State) {
	total, used := map[string]int64{}, map[string]int64{}
	offered := map[string]int64{}
	for _, a := range s.Agents {
		a.Total.Quantities(total, 1)
		a.Allocated().Quantities(used, 1)
		a.Offered().Quantities(offered, 1)
	}
	for _, name := range []string{"cpus", "gpus", "mem", "disk"} {
		t, u := resources.FromMilli(total[name]), resources.FromMilli(used[name])
		usage(out, "master/"+name, t, u)
		if name != "gpus" {
			out["allocator/mesos/resources/"+name+"/total"] = t
			out["allocator/mesos/resources/"+name+"/offered_or_allocated"] = u + resources.FromMilli(offered[name])
		}
	}
}

// usage sets the six gauges of a resource; nothing is revocable here.
func usage(out map[string]float64, name string, total, used float64) {
	out[name+"_total"], out[name+"_used"], out[name+"_percent"] = total, used, share(used, total)
	for _, suffix := range []string{"total", "used", "percent"} {
		out[name+"_revocable_"+suffix] = 0
	}
}

func allocatorGauges(out map[string]float64, s *master.State, cfg master.Config) {
	total := map[string]int64{}
	for _, a := range s.Agents {
		a.Total.Quantities(total, 1)
	}
	filters := s.OfferFilters(time.Now())
	v := viewer{all{}, nil}
	for _, r := range v.rolesOf(s) {
		dominant := 0.0
		held, consumed := map[string]int64{}, map[string]int64{}
		r.allocated.Quantities(held, 1)
		r.offered.Quantities(held, 1)
		r.allocated.Quantities(consumed, 1)
		for name, h := range held {
			if !slices.Contains(cfg.FairSharingExcluded, name) {
				dominant = max(dominant, share(float64(h), float64(total[name])))
			}
		}
		out["allocator/mesos/roles/"+r.name+"/shares/dominant"] = dominant
		out["allocator/mesos/offer_filters/roles/"+r.name+"/active"] = float64(filters[r.name])
		for _, name := range []string{"cpus", "mem"} {
			out["allocator/mesos/quota/roles/"+r.name+"/resources/"+name+"/consumed"] = resources.FromMilli(consumed[name])
		}
	}
}
