package record

import (
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

func checksRecord(c *instance.Checks) *gantryv1.ChecksRecord {
	if c == nil {
		return nil
	}
	r := &gantryv1.ChecksRecord{Report: taskinfo.RecordReport(c.Report), Condemned: c.Condemned, Replaced: c.Replaced}
	if g := c.General; g != nil {
		r.General = &gantryv1.GeneralRecord{Type: uint32(g.Type)}
		if g.Result != nil {
			r.General.Result = &gantryv1.NumberRecord{Value: *g.Result}
		}
	}
	return r
}

func checksOf(r *gantryv1.ChecksRecord) *instance.Checks {
	if r == nil {
		return nil
	}
	c := &instance.Checks{Report: taskinfo.ReportOf(r.Report), Condemned: r.Condemned, Replaced: r.Replaced}
	if g := r.General; g != nil {
		c.General = &mesos.CheckStatus{Type: mesos.CheckType(g.Type)}
		if g.Result != nil {
			c.General.Result = new(g.Result.Value)
		}
	}
	return c
}
