// Package resource holds quantities of the four scalar resources and sets of
// ports in fixed point, as Mesos computes with them ("Mesos, attributes and
// resources"). It knows nothing of roles, reservations or offers.
package resource

import (
	"math"
	"strconv"
)

// Scalar is an amount of one resource in thousandths of its unit: 1500 is
// 1.5 cpus, 1.5 MiB of memory or disk, or 1.5 gpus. Mesos keeps three decimals.
type Scalar int64

// FromFloat rounds f, in whole units, to the nearest thousandth as Mesos does.
func FromFloat(f float64) Scalar { return Scalar(math.Round(f * 1000)) }

// Units returns n whole units.
func Units(n int64) Scalar { return Scalar(n * 1000) }

// Float returns the amount in whole units, for JSON and the wire.
func (s Scalar) Float() float64 { return float64(s) / 1000 }

// String prints the amount in whole units without trailing zeros: "0.5", "128".
func (s Scalar) String() string { return strconv.FormatFloat(s.Float(), 'f', -1, 64) }
