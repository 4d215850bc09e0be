// Package wire converts between Gantry's own view of the Mesos v1 API (package
// mesos) and the protobuf messages of mesos-go, in both directions. ToX makes
// the message for an own value, FromX the own value of a message.
//
// Fields that the own types do not have are dropped on the way in. Unknown
// enum numbers become the zero value of the own type, so that newer masters
// and agents can be understood. Amounts are rounded to three decimals as Mesos
// does; an infinite amount is [Infinite]. Resources are written in the
// reservation refinement format and read in that and in the older one
// ("Mesos, reservation").
package wire

import (
	"math"
	"time"

	mesosgo "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Infinite stands for an amount without bound, such as a limit that is switched off.
const Infinite = resource.Scalar(math.MaxInt64)

// scalarMax is the largest amount, in whole units, that is not Infinite.
const scalarMax = float64(math.MaxInt64/1000 - 1)

// optional returns nil for the zero value and a pointer to a copy of v otherwise.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// value returns what p points to, the zero value for nil.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// convert maps a slice; nothing stays nil.
func convert[A, B any](in []A, f func(A) B) []B {
	if len(in) == 0 {
		return nil
	}
	out := make([]B, len(in))
	for i := range in {
		out[i] = f(in[i])
	}
	return out
}

func copyBytes(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return append([]byte(nil), b...)
}

func copyStrings(s []string) []string {
	if len(s) == 0 {
		return nil
	}
	return append([]string(nil), s...)
}

func toScalar(s resource.Scalar) float64 {
	if s == Infinite {
		return math.Inf(1)
	}
	return s.Float()
}

func fromScalar(f float64) resource.Scalar {
	switch {
	case math.IsNaN(f):
		return 0
	case f >= scalarMax:
		return Infinite
	case f <= -scalarMax:
		return -Infinite
	default:
		return resource.FromFloat(f)
	}
}

func toSeconds(d time.Duration) *float64 {
	s := d.Seconds()
	return &s
}

// fromSeconds turns seconds into a duration, cut to what a duration can hold.
func fromSeconds(f float64) time.Duration {
	ns := f * float64(time.Second)
	switch {
	case math.IsNaN(ns):
		return 0
	case ns >= math.MaxInt64:
		return math.MaxInt64
	case ns <= math.MinInt64:
		return math.MinInt64
	default:
		return time.Duration(math.Round(ns))
	}
}

func toDuration(d time.Duration) *mesosgo.DurationInfo {
	return &mesosgo.DurationInfo{Nanoseconds: d.Nanoseconds()}
}

func fromDuration(d *mesosgo.DurationInfo) time.Duration {
	if d == nil {
		return 0
	}
	return time.Duration(d.Nanoseconds)
}

// toTimestamp turns a time into seconds since 1970; a double keeps microseconds.
func toTimestamp(t time.Time) *float64 {
	if t.IsZero() {
		return nil
	}
	f := float64(t.UnixMicro()) / 1e6
	return &f
}

func fromTimestamp(f *float64) time.Time {
	if f == nil || math.IsNaN(*f) || math.Abs(*f) > math.MaxInt64/1e6 {
		return time.Time{}
	}
	return time.UnixMicro(int64(math.Round(*f * 1e6))).UTC()
}

func toTime(t time.Time) *mesosgo.TimeInfo {
	if t.IsZero() {
		return nil
	}
	return &mesosgo.TimeInfo{Nanoseconds: t.UnixNano()}
}

func fromTime(t *mesosgo.TimeInfo) time.Time {
	if t == nil {
		return time.Time{}
	}
	return time.Unix(0, t.Nanoseconds).UTC()
}

func toLabels(ls []mesos.Label) *mesosgo.Labels {
	if len(ls) == 0 {
		return nil
	}
	return &mesosgo.Labels{Labels: convert(ls, func(l mesos.Label) mesosgo.Label {
		return mesosgo.Label{Key: l.Key, Value: optional(l.Value)}
	})}
}

func fromLabels(ls *mesosgo.Labels) []mesos.Label {
	if ls == nil {
		return nil
	}
	return convert(ls.Labels, func(l mesosgo.Label) mesos.Label {
		return mesos.Label{Key: l.Key, Value: value(l.Value)}
	})
}
