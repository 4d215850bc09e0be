package record

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
)

// What stands here and in run.go maps a definition to its record and back,
// member by member. No default is filled in and nothing is checked: what was
// accepted once stays as it is.

func appRecord(s *app.Spec) *gantryv1.AppRecord {
	return &gantryv1.AppRecord{
		Spec: specRecord(s), VersionMs: millis(s.Version), LastScalingMs: millis(s.LastScalingAt),
		LastConfigChangeMs: millis(s.LastConfigChangeAt), RestartedMs: millis(s.RestartedAt),
	}
}

// specOf reads a definition of any format.
func specOf(r *gantryv1.AppRecord) (*app.Spec, error) {
	s := &app.Spec{}
	if r.Spec == nil {
		var err error
		if s, err = specOfJSON(r.Json); err != nil {
			return nil, err
		}
	} else {
		readSpec(s, r.Spec)
	}
	s.Version, s.LastScalingAt = fromMillis(r.VersionMs), fromMillis(r.LastScalingMs)
	s.LastConfigChangeAt, s.RestartedAt = fromMillis(r.LastConfigChangeMs), fromMillis(r.RestartedMs)
	return s, nil
}

func specRecord(s *app.Spec) *gantryv1.SpecRecord {
	return &gantryv1.SpecRecord{
		Id: string(s.ID), Run: runRecord(&s.Run), Instances: int64(s.Instances), Secrets: pairs(s.Secrets),
		Backoff:   &gantryv1.BackoffRecord{InitialNs: int64(s.Backoff.Initial), Factor: s.Backoff.Factor, MaxNs: int64(s.Backoff.Max)},
		Readiness: each(s.Readiness, readinessRecord), Check: checkRecord(s.Check),
		Dependencies: each(s.Dependencies, func(id app.ID) string { return string(id) }),
		Upgrade: &gantryv1.UpgradeRecord{
			MinimumHealthCapacity: s.Upgrade.MinimumHealthCapacity, MaximumOverCapacity: s.Upgrade.MaximumOverCapacity,
		},
		KillSelection: uint32(s.KillSelect),
		Unreachable: &gantryv1.UnreachableRecord{
			Disabled: s.Unreachable.Disabled, InactiveAfterNs: int64(s.Unreachable.InactiveAfter), ExpungeAfterNs: int64(s.Unreachable.ExpungeAfter),
		},
	}
}

func readSpec(s *app.Spec, r *gantryv1.SpecRecord) {
	s.ID, s.Instances, s.Secrets = app.ID(r.Id), int(r.Instances), mapOf(r.Secrets)
	readRun(&s.Run, r.Run)
	if b := r.Backoff; b != nil {
		s.Backoff = app.Backoff{Initial: time.Duration(b.InitialNs), Factor: b.Factor, Max: time.Duration(b.MaxNs)}
	}
	s.Readiness, s.Check = each(r.Readiness, readinessOf), checkOf(r.Check)
	s.Dependencies = each(r.Dependencies, func(id string) app.ID { return app.ID(id) })
	if u := r.Upgrade; u != nil {
		s.Upgrade = app.UpgradeStrategy{MinimumHealthCapacity: u.MinimumHealthCapacity, MaximumOverCapacity: u.MaximumOverCapacity}
	}
	s.KillSelect = app.KillSelection(r.KillSelection)
	if u := r.Unreachable; u != nil {
		s.Unreachable = app.UnreachableStrategy{
			Disabled: u.Disabled, InactiveAfter: time.Duration(u.InactiveAfterNs), ExpungeAfter: time.Duration(u.ExpungeAfterNs),
		}
	}
}

func readinessRecord(c app.ReadinessCheck) *gantryv1.ReadinessCheckRecord {
	return &gantryv1.ReadinessCheckRecord{
		Name: c.Name, Https: c.HTTPS, Path: c.Path, PortName: c.PortName, IntervalNs: int64(c.Interval), TimeoutNs: int64(c.Timeout),
		StatusCodes:          each(c.StatusCodes, func(code int) int64 { return int64(code) }),
		PreserveLastResponse: c.PreserveLastResponse,
	}
}

func readinessOf(r *gantryv1.ReadinessCheckRecord) app.ReadinessCheck {
	return app.ReadinessCheck{
		Name: r.Name, HTTPS: r.Https, Path: r.Path, PortName: r.PortName, Interval: time.Duration(r.IntervalNs), Timeout: time.Duration(r.TimeoutNs),
		StatusCodes:          each(r.StatusCodes, func(code int64) int { return int(code) }),
		PreserveLastResponse: r.PreserveLastResponse,
	}
}

func checkRecord(c *app.Check) *gantryv1.CheckRecord {
	if c == nil {
		return nil
	}
	return &gantryv1.CheckRecord{
		Http: c.HTTP, Tcp: c.TCP, Command: c.Command, Shell: c.Shell, Path: c.Path, Scheme: c.Scheme,
		PortIndex: numberRecord(c.PortIndex), Port: numberRecord(c.Port),
		IntervalNs: int64(c.Interval), TimeoutNs: int64(c.Timeout), DelayNs: int64(c.Delay),
	}
}

func checkOf(r *gantryv1.CheckRecord) *app.Check {
	if r == nil {
		return nil
	}
	return &app.Check{
		HTTP: r.Http, TCP: r.Tcp, Command: r.Command, Shell: r.Shell, Path: r.Path, Scheme: r.Scheme,
		PortIndex: numberOf[int](r.PortIndex), Port: numberOf[int](r.Port),
		Interval: time.Duration(r.IntervalNs), Timeout: time.Duration(r.TimeoutNs), Delay: time.Duration(r.DelayNs),
	}
}

// each maps a list; none stays none.
func each[A, B any](list []A, to func(A) B) []B {
	if len(list) == 0 {
		return nil
	}
	out := make([]B, len(list))
	for i, a := range list {
		out[i] = to(a)
	}
	return out
}

// pairs returns a map in the order of its names, so that equal definitions are equal records.
func pairs(m map[string]string) []*gantryv1.PairRecord {
	return each(slices.Sorted(maps.Keys(m)), func(name string) *gantryv1.PairRecord {
		return &gantryv1.PairRecord{Name: name, Value: m[name]}
	})
}

func mapOf(records []*gantryv1.PairRecord) map[string]string {
	if len(records) == 0 {
		return nil
	}
	out := make(map[string]string, len(records))
	for _, r := range records {
		out[r.Name] = r.Value
	}
	return out
}

func numberRecord[N ~int | ~int64](n *N) *gantryv1.NumberRecord {
	if n == nil {
		return nil
	}
	return &gantryv1.NumberRecord{Value: int64(*n)}
}

func numberOf[N ~int | ~int64](r *gantryv1.NumberRecord) *N {
	if r == nil {
		return nil
	}
	n := N(r.Value)
	return &n
}
