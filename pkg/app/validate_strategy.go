package app

import (
	"math"
	"strconv"
)

func validateStrategies(s *Spec, f *findings) {
	validateUpgrade(s, f)
	validateUnreachable(s, f)
	if s.Backoff.Initial < 0 {
		f.add("/backoffSeconds", "got %v, expected at least 0", s.Backoff.Initial.Seconds())
	}
	if s.Backoff.Max < 0 {
		f.add("/maxLaunchDelaySeconds", "got %v, expected at least 0", s.Backoff.Max.Seconds())
	}
	if !(s.Backoff.Factor >= 1) || math.IsInf(s.Backoff.Factor, 0) {
		f.add("/backoffFactor", "got %v, expected at least 1", s.Backoff.Factor)
	}
}

func validateUpgrade(s *Spec, f *findings) {
	u := s.Upgrade
	if !(u.MinimumHealthCapacity >= 0 && u.MinimumHealthCapacity <= 1) {
		f.add("/upgradeStrategy/minimumHealthCapacity", "got %v, expected a share from 0 to 1", u.MinimumHealthCapacity)
	}
	if !(u.MaximumOverCapacity >= 0 && u.MaximumOverCapacity <= 1) {
		f.add("/upgradeStrategy/maximumOverCapacity", "got %v, expected a share from 0 to 1", u.MaximumOverCapacity)
	}
	if s.SingleInstance() {
		if s.Instances > 1 {
			f.add("/instances", "got %d, but the label MARATHON_SINGLE_INSTANCE_APP allows at most 1", s.Instances)
		}
		if u != (UpgradeStrategy{}) {
			f.add("/upgradeStrategy", "the label MARATHON_SINGLE_INSTANCE_APP demands minimumHealthCapacity 0 and maximumOverCapacity 0")
		}
	}
	if (s.HasPersistentVolumes() || s.HasExternalVolumes()) && u.MaximumOverCapacity != 0 {
		f.add("/upgradeStrategy/maximumOverCapacity", "got %v, expected 0: instances with volumes of their own cannot run beside their successors", u.MaximumOverCapacity)
	}
	if s.HasExternalVolumes() && s.Instances > 1 {
		f.add("/instances", "got %d, but an app with external volumes can have at most 1", s.Instances)
	}
}

func validateUnreachable(s *Spec, f *findings) {
	u := s.Unreachable
	if s.HasPersistentVolumes() && !u.Disabled {
		f.add("/unreachableStrategy", "expected \"disabled\": instances with persistent volumes are never replaced elsewhere")
	}
	if u.Disabled {
		return
	}
	if u.InactiveAfter < 0 {
		f.add("/unreachableStrategy/inactiveAfterSeconds", "got %v, expected at least 0", u.InactiveAfter.Seconds())
	}
	if u.InactiveAfter > u.ExpungeAfter {
		f.add("/unreachableStrategy/inactiveAfterSeconds", "got %v, expected at most expungeAfterSeconds, which is %v",
			u.InactiveAfter.Seconds(), u.ExpungeAfter.Seconds())
	}
}

// element writes the path of an array's element: "/fetch(0)".
func element(path string, i int) string { return path + "(" + strconv.Itoa(i) + ")" }
