package record

import (
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNanos(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// Numbers of health in an InstanceRecord.
const (
	healthy   = 1
	unhealthy = 2
)

func instanceRecord(i *instance.Instance) *gantryv1.InstanceRecord {
	r := &gantryv1.InstanceRecord{
		Id: string(i.ID), AppId: string(i.App), VersionMs: millis(i.Version), Goal: uint32(i.Goal), Condition: uint32(i.Condition),
		SinceNs: nanos(i.Since), Incarnation: uint32(i.Incarnation), AgentId: string(i.AgentID), Hostname: i.Hostname,
		Region: i.Domain.Region, Zone: i.Domain.Zone, HostPorts: i.HostPorts,
		Cpus: int64(i.Resources.CPUs), Mem: int64(i.Resources.Mem), Disk: int64(i.Resources.Disk), Gpus: int64(i.Resources.GPUs),
		Role: i.Role, IpAddresses: i.IPAddresses, StagedNs: nanos(i.StagedAt), StartedNs: nanos(i.StartedAt),
		Message: i.Message, Forgotten: i.Forgotten, Draining: i.Draining,
	}
	switch {
	case i.Healthy == nil:
	case *i.Healthy:
		r.Health = healthy
	default:
		r.Health = unhealthy
	}
	r.Attributes = attributeRecords(i.Attributes)
	r.Home = homeRecord(i.Home)
	r.Checks = checksRecord(i.Checks)
	return r
}

func attributeRecords(attributes []mesos.Attribute) []*gantryv1.AttributeRecord {
	var out []*gantryv1.AttributeRecord
	for _, a := range attributes {
		out = append(out, attributeRecord(a))
	}
	return out
}

func attributeRecord(a mesos.Attribute) *gantryv1.AttributeRecord {
	r := &gantryv1.AttributeRecord{Name: a.Name, Type: uint32(a.Type), Scalar: int64(a.Scalar), Set: a.Set, Text: a.Text}
	for _, rg := range a.Ranges {
		r.Ranges = append(r.Ranges, &gantryv1.RangeRecord{Begin: rg.Begin, End: rg.End})
	}
	return r
}

func instanceOf(r *gantryv1.InstanceRecord) *instance.Instance {
	i := &instance.Instance{
		ID: instance.ID(r.Id), App: app.ID(r.AppId), Version: fromMillis(r.VersionMs), Goal: instance.Goal(r.Goal),
		Condition: instance.Condition(r.Condition), Since: fromNanos(r.SinceNs), Incarnation: int(r.Incarnation),
		HostPorts: r.HostPorts,
		Site: mesos.Site{
			AgentID: mesos.AgentID(r.AgentId), Hostname: r.Hostname, Domain: mesos.Domain{Region: r.Region, Zone: r.Zone},
			Attributes: attributesOf(r.Attributes),
		},
		Resources: resource.Vector{
			CPUs: resource.Scalar(r.Cpus), Mem: resource.Scalar(r.Mem), Disk: resource.Scalar(r.Disk), GPUs: resource.Scalar(r.Gpus),
		},
		Role: r.Role, IPAddresses: r.IpAddresses, StagedAt: fromNanos(r.StagedNs), StartedAt: fromNanos(r.StartedNs),
		Message: r.Message, Forgotten: r.Forgotten, Draining: r.Draining,
	}
	if r.Health != 0 {
		ok := r.Health == healthy
		i.Healthy = &ok
	}
	i.Home = homeOf(r.Home)
	i.Checks = checksOf(r.Checks)
	return i
}

func attributesOf(records []*gantryv1.AttributeRecord) []mesos.Attribute {
	var out []mesos.Attribute
	for _, a := range records {
		at := mesos.Attribute{Name: a.Name, Type: mesos.ValueType(a.Type), Scalar: resource.Scalar(a.Scalar), Set: a.Set, Text: a.Text}
		for _, rg := range a.Ranges {
			at.Ranges = append(at.Ranges, resource.Range{Begin: rg.Begin, End: rg.End})
		}
		out = append(out, at)
	}
	return out
}

func troubleRecord(t core.Trouble) *gantryv1.TroubleRecord {
	r := &gantryv1.TroubleRecord{DelayNs: int64(t.Delay), DelayUntilNs: nanos(t.DelayUntil)}
	if f := t.Failure; f != nil {
		r.Failure = &gantryv1.FailureRecord{
			TaskId: string(f.TaskID), AgentId: string(f.AgentID), Host: f.Host, State: f.State.String(), Reason: string(f.Reason),
			Message: f.Message, VersionMs: millis(f.Version), AtNs: nanos(f.Timestamp),
		}
	}
	return r
}

func troubleOf(id app.ID, r *gantryv1.TroubleRecord) core.Trouble {
	t := core.Trouble{Delay: time.Duration(r.DelayNs), DelayUntil: fromNanos(r.DelayUntilNs)}
	if f := r.Failure; f != nil {
		state, _ := mesos.ParseTaskState(f.State)
		t.Failure = &instance.TaskFailure{
			App: id, TaskID: mesos.TaskID(f.TaskId), AgentID: mesos.AgentID(f.AgentId), Host: f.Host, State: state,
			Reason: mesos.Reason(f.Reason), Message: f.Message, Version: fromMillis(f.VersionMs), Timestamp: fromNanos(f.AtNs),
		}
	}
	return t
}
