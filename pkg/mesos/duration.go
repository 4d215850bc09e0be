package mesos

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// durationUnits are the units of Mesos' durations, the largest first, which
// also puts longer names before those they end in.
var durationUnits = [...]struct {
	name string
	unit time.Duration
}{
	{"weeks", 7 * 24 * time.Hour},
	{"days", 24 * time.Hour},
	{"hrs", time.Hour},
	{"mins", time.Minute},
	{"secs", time.Second},
	{"ms", time.Millisecond},
	{"us", time.Microsecond},
	{"ns", time.Nanosecond},
}

// ParseDuration reads a duration as Mesos writes it: a number, which may have a
// fraction, and a unit right behind it: ns, us, ms, secs, mins, hrs, days or
// weeks. A duration is not negative and fits into a time.Duration.
func ParseDuration(text string) (time.Duration, error) {
	for _, u := range durationUnits {
		digits, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(digits, 64)
		ns := n * float64(u.unit)
		if err != nil || !(ns >= 0 && ns < float64(1<<63)) {
			break
		}
		return time.Duration(ns), nil
	}
	return 0, fmt.Errorf(`duration %q: want a number and one of ns, us, ms, secs, mins, hrs, days or weeks, such as "1.5mins" or "2secs"`, text)
}

// FormatDuration writes a duration as Mesos does: in the largest unit that
// gives a whole number ("90secs", "15mins").
func FormatDuration(d time.Duration) string {
	if d == 0 {
		return "0ns"
	}
	for _, u := range durationUnits {
		if d%u.unit == 0 {
			return strconv.FormatInt(int64(d/u.unit), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(d), 10) + "ns"
}
