package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// ParseResources reads the resources flag of an agent and adds what it leaves out of cpus, mem, disk and ports (Mesos,
// agent flag resources). The result carries reservations as stacks; a role other than "*" is a static reservation.
func ParseResources(text, defaultRole string) ([]mesos.Resource, error) {
	var list []mesos.Resource
	var err error
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		list, err = parseResourcesJSON(text, defaultRole)
	} else {
		list, err = parseResourcesText(text, defaultRole)
	}
	if err != nil {
		return nil, err
	}
	return withDetected(list, defaultRole), nil
}

func parseResourcesJSON(text, defaultRole string) ([]mesos.Resource, error) {
	var list []mesos.Resource
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("resources: %w", err)
	}
	for i := range list {
		r := &list[i]
		role := defaultRole
		if r.Role != nil {
			role = *r.Role
		}
		r.Role = nil
		if len(r.Reservations) == 0 {
			r.Reservations = staticReservation(role)
		}
		if r.Type == nil {
			return nil, fmt.Errorf("resources: %s has no type", r.Name)
		}
	}
	return list, nil
}

func parseResourcesText(text, defaultRole string) ([]mesos.Resource, error) {
	var list []mesos.Resource
	for token := range strings.SplitSeq(text, ";") {
		token = strings.TrimSpace(token)
		if token == "" {
			continue
		}
		name, value, ok := strings.Cut(token, ":")
		if !ok {
			return nil, fmt.Errorf("resources: %q: expected name:value or name(role):value", token)
		}
		role := defaultRole
		name = strings.TrimSpace(name)
		if base, rest, ok := strings.Cut(name, "("); ok {
			inner, closed := strings.CutSuffix(rest, ")")
			if !closed || inner == "" {
				return nil, fmt.Errorf("resources: %q: expected name(role):value", token)
			}
			name, role = base, inner
		}
		v, err := parseValue(strings.TrimSpace(value))
		if err != nil {
			return nil, fmt.Errorf("resources: %s: %w", name, err)
		}
		if v.text != nil {
			return nil, fmt.Errorf("resources: %s: %q is no number, range or set", name, value)
		}
		r := mesos.Resource{Name: name, Reservations: staticReservation(role), Scalar: v.scalar, Ranges: v.ranges, Set: v.set}
		r.Type = v.kind.Enum()
		list = append(list, r)
	}
	return list, nil
}

func staticReservation(role string) []mesos.Resource_ReservationInfo {
	if role == "" || role == "*" {
		return nil
	}
	return []mesos.Resource_ReservationInfo{{Type: mesos.Resource_ReservationInfo_STATIC.Enum(), Role: &role}}
}

// withDetected adds the resources that every agent has and the text did not name.
func withDetected(list []mesos.Resource, role string) []mesos.Resource {
	has := func(name string) bool {
		for _, r := range list {
			if r.Name == name {
				return true
			}
		}
		return false
	}
	scalar := func(name string, v float64) {
		if !has(name) {
			list = append(list, mesos.Resource{
				Name: name, Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: v}, Reservations: staticReservation(role),
			})
		}
	}
	scalar("cpus", float64(runtime.NumCPU()))
	scalar("mem", detectedMem())
	scalar("disk", detectedDisk())
	if !has("ports") {
		list = append(list, mesos.Resource{
			Name: "ports", Type: mesos.RANGES.Enum(), Reservations: staticReservation(role),
			Ranges: &mesos.Value_Ranges{Range: []mesos.Value_Range{{Begin: 31000, End: 32000}}},
		})
	}
	return list
}

// detectedMem is total memory in MB less 1 GB, or half of it on small machines.
func detectedMem() float64 {
	var info syscall.Sysinfo_t
	if err := syscall.Sysinfo(&info); err != nil {
		return 1024
	}
	mb := info.Totalram * uint64(info.Unit) >> 20
	if mb >= 2048 {
		return float64(mb - 1024)
	}
	return float64(mb / 2)
}

// detectedDisk is the size in MB of the disk with the temporary directory less 5 GB, or half of it on small ones.
func detectedDisk() float64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(os.TempDir(), &fs); err != nil {
		return 10240
	}
	mb := fs.Blocks * uint64(fs.Bsize) >> 20
	if mb >= 10*1024 {
		return float64(mb - 5*1024)
	}
	return float64(mb / 2)
}

// ParseAttributes reads the attributes flag of an agent: name:value pairs with ";" between them, where a value is a
// number, ranges in brackets, or text (Mesos, agent flag attributes). Sets are refused, as Mesos does.
func ParseAttributes(text string) ([]mesos.Attribute, error) {
	var list []mesos.Attribute
	for token := range strings.SplitSeq(text, ";") {
		token = strings.TrimSpace(token)
		if token == "" {
			continue
		}
		name, value, ok := strings.Cut(token, ":")
		if !ok || name == "" {
			return nil, fmt.Errorf("attributes: %q: expected name:value", token)
		}
		v, err := parseValue(strings.TrimSpace(value))
		if err != nil {
			return nil, fmt.Errorf("attributes: %s: %w", name, err)
		}
		if v.set != nil {
			return nil, fmt.Errorf("attributes: %s: a set is not allowed; use text or ranges", name)
		}
		list = append(list, mesos.Attribute{
			Name: strings.TrimSpace(name), Type: v.kind, Scalar: v.scalar, Ranges: v.ranges, Text: v.text,
		})
	}
	return list, nil
}

type value struct {
	kind   mesos.Value_Type
	scalar *mesos.Value_Scalar
	ranges *mesos.Value_Ranges
	set    *mesos.Value_Set
	text   *mesos.Value_Text
}

func parseValue(s string) (value, error) {
	switch {
	case s == "":
		return value{}, errors.New("value is empty")
	case strings.HasPrefix(s, "["):
		ranges, err := parseRanges(s)
		return value{kind: mesos.RANGES, ranges: ranges}, err
	case strings.HasPrefix(s, "{"):
		inner, ok := strings.CutSuffix(s[1:], "}")
		if !ok {
			return value{}, fmt.Errorf("set %q has no closing brace", s)
		}
		set := &mesos.Value_Set{}
		for item := range strings.SplitSeq(inner, ",") {
			set.Item = append(set.Item, strings.TrimSpace(item))
		}
		return value{kind: mesos.SET, set: set}, nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		if f < 0 {
			return value{}, fmt.Errorf("%v is negative", f)
		}
		return value{kind: mesos.SCALAR, scalar: &mesos.Value_Scalar{Value: f}}, nil
	}
	return value{kind: mesos.TEXT, text: &mesos.Value_Text{Value: s}}, nil
}

func parseRanges(s string) (*mesos.Value_Ranges, error) {
	inner, ok := strings.CutSuffix(s[1:], "]")
	if !ok {
		return nil, fmt.Errorf("ranges %q have no closing bracket", s)
	}
	ranges := &mesos.Value_Ranges{}
	for part := range strings.SplitSeq(inner, ",") {
		lo, hi, ok := strings.Cut(strings.TrimSpace(part), "-")
		begin, err1 := strconv.ParseUint(strings.TrimSpace(lo), 10, 64)
		end, err2 := strconv.ParseUint(strings.TrimSpace(hi), 10, 64)
		if !ok || err1 != nil || err2 != nil || begin > end {
			return nil, fmt.Errorf("ranges %q: expected [first-last,...]", s)
		}
		ranges.Range = append(ranges.Range, mesos.Value_Range{Begin: begin, End: end})
	}
	return ranges, nil
}
