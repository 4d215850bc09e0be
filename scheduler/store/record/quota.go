package record

import (
	"github.com/gantry-mesos/gantry/pkg/resource"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
)

func quotaRecord(q fairshare.Quota) *gantryv1.QuotaRecord {
	return &gantryv1.QuotaRecord{Weight: q.Weight, Guarantee: amountsRecord(q.Guarantee), Limit: amountsRecord(q.Limit)}
}

func quotaOf(r *gantryv1.QuotaRecord) fairshare.Quota {
	return fairshare.Quota{Weight: r.Weight, Guarantee: amountsOf(r.Guarantee), Limit: amountsOf(r.Limit)}
}

func amountsRecord(v resource.Vector) *gantryv1.AmountsRecord {
	return &gantryv1.AmountsRecord{Cpus: int64(v.CPUs), Mem: int64(v.Mem), Disk: int64(v.Disk), Gpus: int64(v.GPUs)}
}

func amountsOf(r *gantryv1.AmountsRecord) resource.Vector {
	if r == nil {
		return resource.Vector{}
	}
	return resource.Vector{
		CPUs: resource.Scalar(r.Cpus), Mem: resource.Scalar(r.Mem), Disk: resource.Scalar(r.Disk), GPUs: resource.Scalar(r.Gpus),
	}
}
