package agent

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// durationUnits are Mesos' units, the largest first.
var durationUnits = []struct { //nolint:gochecknoglobals // constant table
	name string
	size time.Duration
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

// FormatDuration writes a duration as Mesos does: in the largest unit that gives a whole number ("90secs", "15mins").
func FormatDuration(d time.Duration) string {
	if d == 0 {
		return "0ns"
	}
	for _, u := range durationUnits {
		if d%u.size == 0 {
			return strconv.FormatInt(int64(d/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(d), 10) + "ns"
}

// ParseDuration reads a duration in Mesos' notation: a number, possibly with a fraction, directly followed by ns, us,
// ms, secs, mins, hrs, days or weeks.
func ParseDuration(s string) (time.Duration, error) {
	for _, u := range durationUnits {
		number, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(number, 64)
		if err != nil {
			break
		}
		return time.Duration(v * float64(u.size)), nil
	}
	return 0, fmt.Errorf("duration %q: expected a number and one of ns, us, ms, secs, mins, hrs, days, weeks, as in 5secs", s)
}
