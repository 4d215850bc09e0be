package fairshare

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Quota bounds what a queue, with all queues below it, gets.
type Quota struct {
	// Weight is its part in relation to its siblings; 0 means 1.
	Weight float64
	// Guarantee comes before everybody's share: as long as the queue has less of
	// what its next instance needs, that is next. A zero amount guarantees nothing.
	Guarantee resource.Vector
	// Limit is never exceeded. A zero amount does not limit, None allows nothing.
	Limit resource.Vector
}

// None as an amount of a Limit allows nothing of the resource.
const None resource.Scalar = -1

// WeightMax bounds weights, so that shares divided by them stay apart.
const WeightMax = 1e6

// exceeds reports whether need more would be above the limit.
func (q *Quota) exceeds(used, need resource.Vector) bool {
	return q.Over(used, need) != ""
}

// Over names the resource, as in "cpus", of which an instance that needs so
// much more than used would exceed the limit; "" if there is none.
func (q *Quota) Over(used, need resource.Vector) string {
	l := q.Limit
	switch {
	case l == resource.Vector{}:
		return ""
	case over(used.CPUs, need.CPUs, l.CPUs):
		return "cpus"
	case over(used.Mem, need.Mem, l.Mem):
		return "mem"
	case over(used.Disk, need.Disk, l.Disk):
		return "disk"
	case over(used.GPUs, need.GPUs, l.GPUs):
		return "gpus"
	default:
		return ""
	}
}

func over(used, need, limit resource.Scalar) bool {
	return limit != 0 && need > 0 && used+need > max(limit, 0)
}

// ParseQuota reads what a queue may have from text such as
// "/prod:weight=2,cpus=10-100,mem=4096-": a weight, and for cpus, mem, disk (in
// MiB) and gpus the guarantee and the limit. Either may be left out.
func ParseQuota(text string) (path string, q Quota, err error) {
	path, rest, _ := strings.Cut(text, ":")
	if path, err = ParsePath(path); err != nil {
		return "", Quota{}, fmt.Errorf("quota %q: %w", text, err)
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, found := strings.Cut(part, "=")
		if !found {
			return "", Quota{}, fmt.Errorf("quota %q: %q has not the form name=value; use weight=2 or cpus=10-100", text, part)
		}
		if seen[name] {
			return "", Quota{}, fmt.Errorf("quota %q: %s is given twice", text, name)
		}
		seen[name] = true
		if err := q.set(name, value); err != nil {
			return "", Quota{}, fmt.Errorf("quota %q: %w", text, err)
		}
	}
	return path, q, q.Check()
}

// ParsePath checks a queue's path and returns its canonical form, "/" for the
// whole tree. Its segments obey the rules of Apps' ids.
func ParsePath(path string) (string, error) {
	if !strings.HasPrefix(path, "/") {
		return "", fmt.Errorf("%q: a queue's path begins with a slash, such as /prod", path)
	}
	return string(app.Canonical(path)), app.CheckQueue(path)
}

func (q *Quota) set(name, value string) error {
	if name == "weight" {
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || !(n > 0) {
			return fmt.Errorf("weight %q is not a positive number", value)
		}
		q.Weight = n
		return nil
	}
	low, high, ranged := strings.Cut(value, "-")
	if !ranged {
		return fmt.Errorf("%s=%s: say %s- for a guarantee, -%s for a limit, or both as in 10-100", name, value, value, value)
	}
	guarantee, err := amount(name, low)
	if err != nil {
		return err
	}
	limit, err := amount(name, high)
	if err != nil {
		return err
	}
	if high != "" && limit == 0 {
		limit = None
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

// AmountMax bounds guarantees and limits, in whole units.
const AmountMax = 1e12

func amount(name, text string) (resource.Scalar, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0 && n <= AmountMax) {
		return 0, fmt.Errorf("%s: %q is not an amount", name, text)
	}
	return resource.FromFloat(n), nil
}

// Check reports whether the quota makes sense by itself.
func (q *Quota) Check() error {
	if math.IsNaN(q.Weight) || q.Weight < 0 || q.Weight > WeightMax {
		return fmt.Errorf("weight %v is not a number above 0 and up to %v", q.Weight, float64(WeightMax))
	}
	return below(q.Guarantee, q.Limit, "the limit")
}

// below fails if a guarantee is above a limit.
func below(guarantee, limit resource.Vector, whose string) error {
	for _, r := range []struct {
		name string
		g, l resource.Scalar
	}{
		{"cpus", guarantee.CPUs, limit.CPUs}, {"mem", guarantee.Mem, limit.Mem},
		{"disk", guarantee.Disk, limit.Disk}, {"gpus", guarantee.GPUs, limit.GPUs},
	} {
		if r.l != 0 && r.g > max(r.l, 0) {
			return fmt.Errorf("%s: the guarantee %v is above %s %v", r.name, r.g, whose, max(r.l, 0))
		}
	}
	return nil
}

// CheckQuotas reports whether quotas, by path, can hold together: what the
// queues below a limit are guaranteed must be within it.
func CheckQuotas(quotas map[string]Quota) error {
	for _, path := range slices.Sorted(maps.Keys(quotas)) {
		q := quotas[path]
		if err := q.Check(); err != nil {
			return fmt.Errorf("queue %s: %w", path, err)
		}
		if q.Limit.IsZero() {
			continue
		}
		if err := below(promised(quotas, path), q.Limit, "the limit"); err != nil {
			return fmt.Errorf("queue %s with those below it: %w", path, err)
		}
	}
	return nil
}

// promised is what a queue and those below it are guaranteed: its own
// guarantee, or what its children are promised together if that is more.
func promised(quotas map[string]Quota, path string) resource.Vector {
	children := map[string]bool{}
	prefix := strings.TrimSuffix(path, "/") + "/"
	for other := range quotas {
		if rest, below := strings.CutPrefix(other, prefix); below && rest != "" {
			name, _, _ := strings.Cut(rest, "/")
			children[prefix+name] = true
		}
	}
	var sum resource.Vector
	for child := range children {
		sum = sum.Add(promised(quotas, child))
	}
	return quotas[path].Guarantee.Max(sum)
}

// String prints the quota as ParseQuota reads it, without the path; "" when it
// bounds nothing.
func (q *Quota) String() string {
	var parts []string
	if q.Weight > 0 {
		parts = append(parts, "weight="+strconv.FormatFloat(q.Weight, 'g', -1, 64))
	}
	for _, r := range []struct {
		name string
		g, l resource.Scalar
	}{
		{"cpus", q.Guarantee.CPUs, q.Limit.CPUs}, {"mem", q.Guarantee.Mem, q.Limit.Mem},
		{"disk", q.Guarantee.Disk, q.Limit.Disk}, {"gpus", q.Guarantee.GPUs, q.Limit.GPUs},
	} {
		low, high := "", ""
		if r.g > 0 {
			low = r.g.String()
		}
		if r.l != 0 {
			high = max(r.l, 0).String()
		}
		if low+high != "" {
			parts = append(parts, r.name+"="+low+"-"+high)
		}
	}
	return strings.Join(parts, ",")
}
