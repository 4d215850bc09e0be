package operator

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// object is a JSON object of the legacy endpoints.
type object = map[string]any

// resourcesJSON sums resources without their reservations: scalars as numbers, the four usual ones in any case, ranges
// and sets as text.
func resourcesJSON(list []mesos.Resource) object {
	sums := map[string]int64{"cpus": 0, "mem": 0, "disk": 0, "gpus": 0}
	ranges := map[string]resources.List{}
	sets := map[string][]string{}
	for _, r := range list {
		switch r.GetType() {
		case mesos.SCALAR:
			sums[r.Name] += resources.Milli(r.GetScalar().GetValue())
		case mesos.RANGES:
			ranges[r.Name] = ranges[r.Name].Plus(resources.List{{Name: r.Name, Type: r.Type, Ranges: r.Ranges}})
		case mesos.SET:
			sets[r.Name] = append(sets[r.Name], r.GetSet().GetItem()...)
		case mesos.TEXT:
		}
	}
	out := object{}
	for name, milli := range sums {
		out[name] = resources.FromMilli(milli)
	}
	for name, l := range ranges {
		if len(l) > 0 {
			out[name] = rangesText(l[0].GetRanges())
		}
	}
	for name, items := range sets {
		slices.Sort(items)
		out[name] = "{" + strings.Join(slices.Compact(items), ", ") + "}"
	}
	return out
}

// rangesText prints "[1-2, 4-5]".
func rangesText(r *mesos.Value_Ranges) string {
	parts := make([]string, 0, len(r.GetRange()))
	for _, x := range r.GetRange() {
		parts = append(parts, fmt.Sprintf("%d-%d", x.Begin, x.End))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// fullJSON prints resources one by one, with reservations in both formats.
func fullJSON(list resources.List) []any {
	out := []any{}
	for _, r := range list.Endpoint() {
		out = append(out, rawJSON(&r))
	}
	return out
}

// byRole splits off the reserved resources by role.
func byRole(list resources.List) (reserved map[string]resources.List, unreserved resources.List) {
	reserved = map[string]resources.List{}
	for _, r := range list {
		if resources.Reserved(&r) {
			role := resources.Role(&r)
			reserved[role] = append(reserved[role], r)
		} else {
			unreserved = append(unreserved, r)
		}
	}
	return reserved, unreserved
}

func reservedJSON(reserved map[string]resources.List) object {
	out := object{}
	for role, l := range reserved {
		out[role] = resourcesJSON(l)
	}
	return out
}

func reservedFullJSON(reserved map[string]resources.List) object {
	out := object{}
	for role, l := range reserved {
		out[role] = fullJSON(l)
	}
	return out
}

// attributesJSON prints numbers as numbers and the rest as text.
func attributesJSON(list []mesos.Attribute) object {
	out := object{}
	for _, a := range list {
		switch a.Type {
		case mesos.SCALAR:
			out[a.Name] = a.GetScalar().GetValue()
		case mesos.RANGES:
			out[a.Name] = rangesText(a.GetRanges())
		case mesos.TEXT:
			out[a.Name] = a.GetText().GetValue()
		case mesos.SET:
			out[a.Name] = "{" + strings.Join(a.GetSet().GetItem(), ", ") + "}"
		}
	}
	return out
}

func capabilityNames[T fmt.Stringer](list []T) []string {
	out := make([]string, 0, len(list))
	for _, c := range list {
		out = append(out, c.String())
	}
	return out
}

func labelsJSON(l *mesos.Labels) []any {
	out := []any{}
	for _, label := range l.GetLabels() {
		entry := object{"key": label.Key}
		if label.Value != nil {
			entry["value"] = *label.Value
		}
		out = append(out, entry)
	}
	return out
}

// taskJSON is a task of the legacy endpoints.
func taskJSON(t *link.Task) object {
	out := object{
		"id": t.TaskID.Value, "name": t.Name, "framework_id": t.FrameworkID.Value, "executor_id": t.GetExecutorID().GetValue(),
		"slave_id": t.AgentID.Value, "state": t.GetState().String(), "resources": resourcesJSON(t.Resources),
		"statuses": statusesJSON(t.Statuses),
	}
	if len(t.Resources) > 0 {
		if role := resources.AllocatedTo(&t.Resources[0]); role != "" {
			out["role"] = role
		}
	}
	if t.User != nil {
		out["user"] = *t.User
	}
	if t.Labels != nil {
		out["labels"] = labelsJSON(t.Labels)
	}
	if t.Discovery != nil {
		out["discovery"] = rawJSON(t.Discovery)
	}
	if t.Container != nil {
		out["container"] = rawJSON(t.Container)
	}
	if t.HealthCheck != nil {
		out["health_check"] = rawJSON(t.HealthCheck)
	}
	if len(t.Limits) > 0 {
		limits := object{}
		for name, l := range t.Limits {
			limits[name] = l.Value
		}
		out["limits"] = limits
	}
	return out
}

func statusesJSON(list []mesos.TaskStatus) []any {
	out := []any{}
	for _, s := range list {
		entry := object{"state": s.GetState().String(), "timestamp": s.GetTimestamp()}
		if s.Labels != nil {
			entry["labels"] = labelsJSON(s.Labels)
		}
		if s.ContainerStatus != nil {
			status := *s.ContainerStatus
			status.ExecutorPID = nil // the legacy endpoints leave it out
			entry["container_status"] = rawJSON(&status)
		}
		if s.Healthy != nil {
			entry["healthy"] = *s.Healthy
		}
		out = append(out, entry)
	}
	return out
}

// executorJSON is an executor of the master's legacy endpoints.
func executorJSON(e mesos.ExecutorInfo) object {
	out := object{
		"executor_id": e.ExecutorID.Value, "name": e.GetName(), "framework_id": e.GetFrameworkID().GetValue(),
		"resources": resourcesJSON(e.Resources),
	}
	if e.Command != nil {
		out["command"] = commandJSON(e.Command)
	}
	if len(e.Resources) > 0 {
		if role := resources.AllocatedTo(&e.Resources[0]); role != "" {
			out["role"] = role
		}
	}
	if e.Labels != nil {
		out["labels"] = labelsJSON(e.Labels)
	}
	if e.Type != mesos.ExecutorInfo_UNKNOWN {
		out["type"] = e.Type.String()
	}
	return out
}

func commandJSON(c *mesos.CommandInfo) object {
	argv, uris := slices.Clone(c.Arguments), []any{}
	if argv == nil {
		argv = []string{}
	}
	for _, u := range c.URIs {
		entry := object{"value": u.Value, "executable": u.GetExecutable()}
		if u.Extract != nil {
			entry["extract"] = *u.Extract
		}
		if u.Cache != nil {
			entry["cache"] = *u.Cache
		}
		if u.OutputFile != nil {
			entry["output_file"] = *u.OutputFile
		}
		uris = append(uris, entry)
	}
	out := object{"argv": argv, "uris": uris}
	if c.Value != nil {
		out["value"] = *c.Value
	}
	if c.Environment != nil {
		out["environment"] = rawJSON(c.Environment)
	}
	return out
}

// summaryStates are the states whose numbers of tasks summaries show.
var summaryStates = []mesos.TaskState{
	mesos.TASK_STAGING, mesos.TASK_STARTING, mesos.TASK_RUNNING, mesos.TASK_KILLING, mesos.TASK_FINISHED, mesos.TASK_KILLED,
	mesos.TASK_FAILED, mesos.TASK_LOST, mesos.TASK_ERROR, mesos.TASK_UNREACHABLE,
}

func addCounts(to object, counts map[mesos.TaskState]int) {
	for _, s := range summaryStates {
		to[s.String()] = counts[s]
	}
}

func merge(into, from object) object {
	maps.Copy(into, from)
	return into
}
