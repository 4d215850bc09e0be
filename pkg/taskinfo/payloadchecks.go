package taskinfo

import (
	"time"

	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
)

func encodeChecks(cs []Check) []*gantryv1.TaskPayload_Check {
	var out []*gantryv1.TaskPayload_Check
	for _, c := range cs {
		out = append(out, encodeCheck(c))
	}
	return out
}

func encodeCheck(c Check) *gantryv1.TaskPayload_Check {
	return &gantryv1.TaskPayload_Check{
		Kind: gantryv1.TaskPayload_CheckKind(c.Kind), Path: c.Path, Command: c.Command, Arguments: c.Arguments, Port: c.Port, InTask: c.InTask,
		DelayNs: int64(c.Delay), GraceNs: int64(c.Grace), IntervalNs: int64(c.Interval), TimeoutNs: int64(c.Timeout), Steady: c.Steady,
		MaxFailures: uint32(c.MaxFailures), Ignore_1Xx: c.Ignore1xx, Ipv6: c.IPv6,
	}
}

func decodeChecks(cs []*gantryv1.TaskPayload_Check) []Check {
	var out []Check
	for _, p := range cs {
		out = append(out, decodeCheck(p))
	}
	return out
}

func decodeCheck(p *gantryv1.TaskPayload_Check) Check {
	return Check{
		Kind: CheckKind(p.Kind), Path: p.Path, Command: p.Command, Arguments: p.Arguments, Port: p.Port, InTask: p.InTask,
		Delay: time.Duration(p.DelayNs), Grace: time.Duration(p.GraceNs), Interval: time.Duration(p.IntervalNs), Timeout: time.Duration(p.TimeoutNs),
		Steady: p.Steady, MaxFailures: int(p.MaxFailures), Ignore1xx: p.Ignore_1Xx, IPv6: p.Ipv6,
	}
}

func encodeGeneral(c *Check) *gantryv1.TaskPayload_Check {
	if c == nil {
		return nil
	}
	return encodeCheck(*c)
}

func decodeGeneral(p *gantryv1.TaskPayload_Check) *Check {
	if p == nil {
		return nil
	}
	c := decodeCheck(p)
	return &c
}

func encodeReadiness(rs []ReadinessCheck) []*gantryv1.TaskPayload_ReadinessCheck {
	var out []*gantryv1.TaskPayload_ReadinessCheck
	for _, r := range rs {
		p := &gantryv1.TaskPayload_ReadinessCheck{Name: r.Name, Check: encodeCheck(r.Check), PreserveResponse: r.Preserve}
		for _, status := range r.Statuses {
			p.Statuses = append(p.Statuses, uint32(status))
		}
		out = append(out, p)
	}
	return out
}

func decodeReadiness(ps []*gantryv1.TaskPayload_ReadinessCheck) []ReadinessCheck {
	var out []ReadinessCheck
	for _, p := range ps {
		r := ReadinessCheck{Name: p.Name, Preserve: p.PreserveResponse}
		if p.Check != nil {
			r.Check = decodeCheck(p.Check)
		}
		for _, status := range p.Statuses {
			r.Statuses = append(r.Statuses, int(status))
		}
		out = append(out, r)
	}
	return out
}
