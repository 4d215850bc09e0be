package operator

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/constraints"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// stateJSON is /state.
func (h *masterAPI) stateJSON(_ *http.Request, s *master.State, v viewer) any {
	active, inactive := 0, 0
	slaves, recovered := []any{}, []any{}
	for _, a := range sorted(s.Agents) {
		if a.Active {
			active++
		} else {
			inactive++
		}
		slaves = append(slaves, slaveJSON(a))
	}
	for _, info := range sorted(s.RecoveredAgents) {
		recovered = append(recovered, recoveredJSON(info))
	}
	out := merge(versionFields(), object{
		"start_time": seconds(s.Started), "elected_time": seconds(s.Elected), "id": s.Info.ID, "pid": s.Info.GetPID(),
		"hostname": s.Info.GetHostname(), "capabilities": masterCapabilities(s.Info), "activated_slaves": active,
		"deactivated_slaves": inactive, "unreachable_slaves": len(s.UnreachableAgents), "flags": h.flags, "slaves": slaves,
		"recovered_slaves": recovered, "orphan_tasks": []any{}, "unregistered_frameworks": []any{},
	})
	if s.Info.Domain != nil {
		out["domain"] = rawJSON(s.Info.Domain)
	}
	if cluster := h.m.Config().Cluster; cluster != "" {
		out["cluster"] = cluster
	}
	leader := s.Leader
	if s.Leading {
		leader = &s.Info
	}
	if leader != nil {
		out["leader"] = leader.GetPID()
		out["leader_info"] = object{"id": leader.ID, "pid": leader.GetPID(), "port": leader.GetPort(), "hostname": leader.GetHostname()}
	}
	out["frameworks"], out["completed_frameworks"] = frameworkLists(s, v, "")
	return out
}

func masterCapabilities(info mesos.MasterInfo) []string {
	out := make([]string, 0, len(info.Capabilities))
	for _, c := range info.Capabilities {
		name := c.Type.String()
		if c.Type == 3 { // the message library does not know it
			name = "QUOTA_V2"
		}
		out = append(out, name)
	}
	return out
}

// slaveJSON is an agent of /state; /slaves shows more.
func slaveJSON(a *master.Agent) object {
	reserved, unreserved := byRole(a.Total)
	out := object{
		"id": a.ID, "hostname": a.Info.Hostname, "port": a.Info.GetPort(), "attributes": attributesJSON(a.Info.Attributes),
		"pid": a.PID, "registered_time": seconds(a.Registered), "resources": resourcesJSON(a.Total),
		"used_resources": resourcesJSON(a.Allocated()), "offered_resources": resourcesJSON(a.Offered()),
		"reserved_resources": reservedJSON(reserved), "unreserved_resources": resourcesJSON(unreserved),
		"active": a.Active, "deactivated": a.Deactivated, "version": a.Version, "capabilities": capabilityNames(a.Capabilities),
	}
	if !a.Reregistered.IsZero() {
		out["reregistered_time"] = seconds(a.Reregistered)
	}
	if a.Info.Domain != nil {
		out["domain"] = rawJSON(a.Info.Domain)
	}
	if a.Drain != nil {
		out["drain_info"] = rawJSON(a.Drain)
		out["estimated_drain_start_time_seconds"] = float64(a.DrainStarted.Unix())
	}
	return out
}

func recoveredJSON(info mesos.AgentInfo) object {
	return object{
		"id": info.GetID().GetValue(), "hostname": info.Hostname, "port": info.GetPort(),
		"attributes": attributesJSON(info.Attributes), "resources": resourcesJSON(info.Resources),
	}
}

// slavesJSON is /slaves?slave_id=.
func slavesJSON(r *http.Request, s *master.State, _ viewer) any {
	only := r.URL.Query().Get("slave_id")
	slaves, recovered := []any{}, []any{}
	for _, a := range sorted(s.Agents) {
		if only != "" && a.ID != only {
			continue
		}
		reserved, unreserved := byRole(a.Total)
		slaves = append(slaves, merge(slaveJSON(a), object{
			"reserved_resources_full": reservedFullJSON(reserved), "unreserved_resources_full": fullJSON(unreserved),
			"used_resources_full": fullJSON(a.Allocated()), "offered_resources_full": fullJSON(a.Offered()),
		}))
	}
	for id, info := range s.RecoveredAgents {
		if only == "" || id == only {
			recovered = append(recovered, recoveredJSON(info))
		}
	}
	return object{"slaves": slaves, "recovered_slaves": recovered}
}

// frameworksJSON is /frameworks?framework_id=.
func frameworksJSON(r *http.Request, s *master.State, v viewer) any {
	active, completed := frameworkLists(s, v, r.URL.Query().Get("framework_id"))
	return object{"frameworks": active, "completed_frameworks": completed, "unregistered_frameworks": []any{}}
}

func frameworkLists(s *master.State, v viewer, only string) (active, completed []any) {
	active, completed = []any{}, []any{}
	for _, f := range sorted(s.Frameworks) {
		if v.seesFramework(f) && (only == "" || f.ID == only) {
			active = append(active, frameworkJSON(s, v, f))
		}
	}
	for _, f := range s.CompletedFrameworks {
		if v.seesFramework(f) && (only == "" || f.ID == only) {
			completed = append(completed, frameworkJSON(s, v, f))
		}
	}
	return active, completed
}

// frameworkHead are the members of a framework that /state and /state-summary share.
func frameworkHead(s *master.State, f *master.Framework) object {
	capabilities := []string{}
	for _, c := range f.Info.Capabilities {
		capabilities = append(capabilities, c.Type.String())
	}
	return object{
		"id": f.ID, "name": f.Info.Name, "used_resources": resourcesJSON(allocatedTo(s, f.ID)),
		"offered_resources": resourcesJSON(offeredTo(f)), "capabilities": capabilities, "hostname": f.Info.GetHostname(),
		"webui_url": f.Info.GetWebUiURL(), "active": f.Active, "connected": f.Connected, "recovered": f.Recovered,
	}
}

func frameworkJSON(s *master.State, v viewer, f *master.Framework) object {
	out := merge(frameworkHead(s, f), object{
		"user": f.Info.User, "failover_timeout": f.Info.GetFailoverTimeout(), "checkpoint": f.Info.GetCheckpoint(),
		"registered_time": seconds(f.Registered), "unregistered_time": seconds(f.Unregistered),
		"resources": resourcesJSON(allocatedTo(s, f.ID).Plus(offeredTo(f))),
		"tasks":     tasksOf(v, f, sorted(f.Tasks)), "unreachable_tasks": tasksOf(v, f, f.Unreachable),
		"completed_tasks": tasksOf(v, f, f.Completed), "offers": offersJSON(f), "executors": executorsOf(v, f),
	})
	if f.Info.Principal != nil {
		out["principal"] = *f.Info.Principal
	}
	if !f.Reregistered.IsZero() && !f.Reregistered.Equal(f.Registered) {
		out["reregistered_time"] = seconds(f.Reregistered)
	}
	if multiRole(f.Info) {
		out["roles"] = f.Info.Roles
	} else {
		out["role"] = frameworkRoles(f.Info)[0]
	}
	if f.Info.Labels != nil {
		out["labels"] = labelsJSON(f.Info.Labels)
	}
	c := f.Constraints
	if c == nil {
		c = &constraints.OfferConstraints{}
	}
	out["offer_constraints"] = rawJSON(c)
	return out
}

func tasksOf(v viewer, f *master.Framework, list []*master.Task) []any {
	out := []any{}
	for _, t := range list {
		if v.seesTask(f, t) {
			out = append(out, taskJSON(&t.Task))
		}
	}
	return out
}

func offersJSON(f *master.Framework) []any {
	out := []any{}
	for _, o := range sorted(f.Offers) {
		out = append(out, object{
			"id": o.ID, "framework_id": o.FrameworkID, "slave_id": o.AgentID, "allocation_info": object{"role": o.Role},
			"resources": resourcesJSON(o.Resources),
		})
	}
	return out
}

func executorsOf(v viewer, f *master.Framework) []any {
	out := []any{}
	for _, agentID := range slices.Sorted(maps.Keys(f.Executors)) {
		for _, e := range sorted(f.Executors[agentID]) {
			if v.seesExecutor(f, e) {
				out = append(out, merge(executorJSON(e), object{"slave_id": agentID}))
			}
		}
	}
	return out
}

const defaultTaskLimit = 100

// tasksJSON is /tasks?limit=&offset=&order=&framework_id=&task_id=.
func tasksJSON(r *http.Request, s *master.State, v viewer) any {
	q := r.URL.Query()
	limit, offset := intParameter(q.Get("limit"), defaultTaskLimit), intParameter(q.Get("offset"), 0)
	var list []*master.Task
	for _, f := range slices.Concat(sorted(s.Frameworks), s.CompletedFrameworks) {
		if only := q.Get("framework_id"); only != "" && f.ID != only {
			continue
		}
		for _, t := range slices.Concat(sorted(f.Tasks), f.Unreachable, f.Completed) {
			if only := q.Get("task_id"); (only == "" || t.TaskID.Value == only) && v.seesTask(f, t) {
				list = append(list, t)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b *master.Task) int {
		if q.Get("order") == "asc" {
			return cmp.Compare(firstStatus(a), firstStatus(b))
		}
		return cmp.Compare(firstStatus(b), firstStatus(a))
	})
	out := []any{}
	for _, t := range list[min(offset, len(list)):min(offset+limit, len(list))] {
		out = append(out, taskJSON(&t.Task))
	}
	return object{"tasks": out}
}

func firstStatus(t *master.Task) float64 {
	if len(t.Statuses) == 0 {
		return 0
	}
	return t.Statuses[0].GetTimestamp()
}

func intParameter(text string, missing int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return missing
	}
	return n
}

// summaryJSON is /state-summary.
func summaryJSON(_ *http.Request, s *master.State, v viewer) any {
	perAgent := map[string]map[mesos.TaskState]int{}
	frameworksOn := map[string]map[string]bool{}
	frameworks, slaves := []any{}, []any{}
	for _, f := range sorted(s.Frameworks) {
		if !v.seesFramework(f) {
			continue
		}
		counts, agents := map[mesos.TaskState]int{}, map[string]bool{}
		for _, t := range slices.Concat(sorted(f.Tasks), f.Unreachable, f.Completed) {
			counts[t.GetState()]++
			agents[t.AgentID.Value] = true
			if perAgent[t.AgentID.Value] == nil {
				perAgent[t.AgentID.Value], frameworksOn[t.AgentID.Value] = map[mesos.TaskState]int{}, map[string]bool{}
			}
			perAgent[t.AgentID.Value][t.GetState()]++
			frameworksOn[t.AgentID.Value][f.ID] = true
		}
		out := merge(frameworkHead(s, f), object{"slave_ids": keys(agents)})
		addCounts(out, counts)
		frameworks = append(frameworks, out)
	}
	for _, a := range sorted(s.Agents) {
		out := merge(slaveJSON(a), object{"framework_ids": keys(frameworksOn[a.ID])})
		addCounts(out, perAgent[a.ID])
		slaves = append(slaves, out)
	}
	return object{"hostname": s.Info.GetHostname(), "slaves": slaves, "frameworks": frameworks}
}

func keys(m map[string]bool) []string {
	out := slices.Sorted(maps.Keys(m))
	if out == nil {
		out = []string{}
	}
	return out
}

// rolesJSON is /roles.
func rolesJSON(_ *http.Request, s *master.State, v viewer) any {
	list := []any{}
	for _, r := range v.rolesOf(s) {
		q := object{"role": r.name, "guarantee": object{}, "limit": object{}, "consumed": scalarsJSON(r.allocated, r.reserved)}
		if r.quota != nil {
			q["guarantee"], q["limit"] = valuesJSON(r.quota.Guarantees), valuesJSON(r.quota.Limits)
		}
		frameworks := r.frameworks
		if frameworks == nil {
			frameworks = []string{}
		}
		list = append(list, object{
			"name": r.name, "weight": r.weight, "frameworks": frameworks, "quota": q,
			"resources": scalarsJSON(r.allocated, r.offered), "allocated": scalarsJSON(r.allocated), "offered": scalarsJSON(r.offered),
			"reserved": scalarsJSON(r.reserved),
		})
	}
	return object{"roles": list}
}

func scalarsJSON(lists ...resources.List) object {
	out := object{}
	for _, r := range quantities(lists...) {
		out[r.Name] = r.GetScalar().GetValue()
	}
	return out
}

func valuesJSON(m map[string]mesos.Value_Scalar) object {
	out := object{}
	for name, v := range m {
		out[name] = v.Value
	}
	return out
}
