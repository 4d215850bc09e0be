package master

import (
	"maps"
	"slices"
	"time"
)

// byAge returns the keys, the oldest first.
func byAge(m map[string]time.Time) []string {
	return slices.SortedFunc(maps.Keys(m), func(x, y string) int { return m[x].Compare(m[y]) })
}
