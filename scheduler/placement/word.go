package placement

import (
	"math/bits"

	"github.com/gantry-mesos/gantry/pkg/resource"
)

// word is a bound on what a slot has free, or on what a demand needs, packed
// so that one subtraction compares everything. It has a lane of twelve bits for
// each kind, eleven of value and a guard above, in the order of the rejection
// funnel, and on top a lane that says whether the slot may be used at all:
//
//	63 .. 60  59 .. 48  47 .. 36  35 .. 24  23 .. 12  11 .. 0
//	present   ports     gpus      disk      mem       cpus
//
// Amounts are rounded down to six significant bits, alike on both sides: when
// the words do not fit, the amounts do not; when they do, the amounts are
// within three per cent and have to be compared themselves.
type word uint64

const (
	laneBits   = 12
	laneMask   = 1<<(laneBits-1) - 1
	laneGuards = 1<<11 | 1<<23 | 1<<35 | 1<<47 | 1<<59
	present    = 1 << 60
	guards     = laneGuards | 1<<63
)

// rounded maps an amount to eleven bits, monotonically: exactly below 64, then
// as an exponent and the five bits after the leading one.
func rounded(n int64) word {
	if n < 64 {
		return word(max(n, 0))
	}
	shift := bits.Len64(uint64(n)) - 6
	return word(shift+1)<<5 | word(n>>shift)&31
}

// pack makes the word of free amounts, or of a need; both count as present.
func pack(v resource.Vector, portCount int32) word {
	return present |
		rounded(int64(portCount))<<(ports*laneBits) |
		rounded(int64(v.GPUs))<<(gpus*laneBits) |
		rounded(int64(v.Disk))<<(disk*laneBits) |
		rounded(int64(v.Mem))<<(mem*laneBits) |
		rounded(int64(v.CPUs))
}

// fits reports whether need may be covered by free. A lane's guard bit is lost
// when the subtraction borrows from it.
func (need word) fits(free word) bool {
	return ((free|guards)-need)&guards == guards
}

// most returns the larger value of each lane.
func most(a, b word) word {
	keep := (a&laneValues | laneGuards) - (b & laneValues)
	keep &= laneGuards
	mask := keep - keep>>(laneBits-1)
	return a&mask | b&^mask&laneValues | (a|b)&present
}

// laneValues covers the value bits of the five kinds.
const laneValues = laneMask * (1 | 1<<12 | 1<<24 | 1<<36 | 1<<48)
