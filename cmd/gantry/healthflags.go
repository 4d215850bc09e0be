package main

import (
	"errors"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/gantry-mesos/gantry/scheduler/core"
)

// healthFlags are those of what follows from health checks.
func healthFlags(f *pflag.FlagSet, d *core.Config) {
	f.Var((*shareFlag)(&d.UnhealthyShare), "unhealthy-kill-share",
		"share of an app's instances, from 0 to 1, that are replaced for bad health at a time, though one in any case; the others wait until the new ones are healthy")
}

// shareFlag is a number from 0 to 1.
type shareFlag float64

// String implements pflag.Value.
func (s *shareFlag) String() string { return strconv.FormatFloat(float64(*s), 'g', -1, 64) }

// Type implements pflag.Value.
func (*shareFlag) Type() string { return "float" }

// Set implements pflag.Value.
func (s *shareFlag) Set(text string) error {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0 && n <= 1) { // nor a NaN
		return errors.New("use a number from 0 to 1")
	}
	*s = shareFlag(n)
	return nil
}
