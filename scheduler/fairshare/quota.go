package fairshare

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/resource"
)

// ParseQuota reads what a queue may have from text such as
// "/prod:weight=2,cpus=10-100,mem=4096-": a weight, and for cpus, mem, disk (in
// MiB) and gpus the guarantee and the limit. Either may be left out.
func ParseQuota(text string) (path string, q Quota, err error) {
	path, rest, _ := strings.Cut(text, ":")
	if !strings.HasPrefix(path, "/") {
		return "", Quota{}, fmt.Errorf("quota %q: a queue's path begins with a slash, such as /prod", text)
	}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, found := strings.Cut(part, "=")
		if !found {
			return "", Quota{}, fmt.Errorf("quota %q: %q has not the form name=value; use weight=2 or cpus=10-100", text, part)
		}
		if err := q.set(name, value); err != nil {
			return "", Quota{}, fmt.Errorf("quota %q: %w", text, err)
		}
	}
	return path, q, nil
}

func (q *Quota) set(name, value string) error {
	if name == "weight" {
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || !(n > 0) || math.IsInf(n, 0) {
			return fmt.Errorf("weight %q is not a positive number", value)
		}
		q.Weight = n
		return nil
	}
	low, high, _ := strings.Cut(value, "-")
	guarantee, err := amount(name, low)
	if err != nil {
		return err
	}
	limit, err := amount(name, high)
	if err != nil {
		return err
	}
	if limit > 0 && guarantee > limit {
		return fmt.Errorf("%s: the guarantee %v is above the limit %v", name, guarantee, limit)
	}
	switch name {
	case "cpus":
		q.Guarantee.CPUs, q.Limit.CPUs = guarantee, limit
	case "mem":
		q.Guarantee.Mem, q.Limit.Mem = guarantee, limit
	case "disk":
		q.Guarantee.Disk, q.Limit.Disk = guarantee, limit
	case "gpus":
		q.Guarantee.GPUs, q.Limit.GPUs = guarantee, limit
	default:
		return fmt.Errorf("unknown name %q; use weight, cpus, mem, disk or gpus", name)
	}
	return nil
}

func amount(name, text string) (resource.Scalar, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 0 || n > 1e12 {
		return 0, fmt.Errorf("%s: %q is not an amount", name, text)
	}
	return resource.FromFloat(n), nil
}
