package record

import (
	"github.com/gantry-mesos/gantry/pkg/mesos"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/volumes"
)

func homeRecord(h *instance.Home) *gantryv1.HomeRecord {
	if h == nil {
		return nil
	}
	r := &gantryv1.HomeRecord{
		AgentId: string(h.AgentID), Hostname: h.Hostname, Region: h.Domain.Region, Zone: h.Domain.Zone,
		Attributes: attributeRecords(h.Attributes), Role: h.Role, Made: h.Made,
	}
	for _, v := range h.Volumes {
		r.Volumes = append(r.Volumes, &gantryv1.VolumeRecord{ContainerPath: v.ContainerPath, PersistenceId: v.PersistenceID})
	}
	return r
}

func homeOf(r *gantryv1.HomeRecord) *instance.Home {
	if r == nil {
		return nil
	}
	h := &instance.Home{
		Site: mesos.Site{
			AgentID: mesos.AgentID(r.AgentId), Hostname: r.Hostname, Domain: mesos.Domain{Region: r.Region, Zone: r.Zone},
			Attributes: attributesOf(r.Attributes),
		},
		Role: r.Role, Made: r.Made,
	}
	for _, v := range r.Volumes {
		h.Volumes = append(h.Volumes, instance.Volume{ContainerPath: v.ContainerPath, PersistenceID: v.PersistenceId})
	}
	return h
}

func releaseRecord(r volumes.Release) *gantryv1.ReleaseRecord {
	return &gantryv1.ReleaseRecord{AgentId: string(r.Agent), Role: r.Role, SinceNs: nanos(r.Since)}
}

func releaseOf(r *gantryv1.ReleaseRecord) volumes.Release {
	return volumes.Release{Agent: mesos.AgentID(r.AgentId), Role: r.Role, Since: fromNanos(r.SinceNs)}
}
