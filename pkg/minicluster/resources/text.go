package resources

import (
	"fmt"
	"strconv"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// String prints the list as Mesos does in messages: "cpus(allocated: role):4; ports:[31000-32000]".
func (l List) String() string {
	if len(l) == 0 {
		return "{}"
	}
	var b strings.Builder
	for i := range l {
		if i > 0 {
			b.WriteString("; ")
		}
		writeResource(&b, &l[i])
	}
	return b.String()
}

func writeResource(b *strings.Builder, r *mesos.Resource) {
	b.WriteString(r.Name)
	if r.AllocationInfo != nil {
		fmt.Fprintf(b, "(allocated: %s)", r.AllocationInfo.GetRole())
	}
	if len(r.Reservations) > 0 {
		b.WriteString("(reservations: [")
		for i := range r.Reservations {
			if i > 0 {
				b.WriteString(",")
			}
			writeReservation(b, &r.Reservations[i])
		}
		b.WriteString("])")
	}
	if r.Disk != nil {
		writeDisk(b, r.Disk)
	}
	if r.Revocable != nil {
		b.WriteString("{REV}")
	}
	if r.Shared != nil {
		b.WriteString("<SHARED>")
	}
	b.WriteString(":")
	writeValue(b, r)
}

func writeReservation(b *strings.Builder, info *mesos.Resource_ReservationInfo) {
	fmt.Fprintf(b, "(%s,%s", info.GetType(), info.GetRole())
	if info.Principal != nil {
		b.WriteString("," + *info.Principal)
	}
	if labels := info.GetLabels().GetLabels(); len(labels) > 0 {
		b.WriteString(",{")
		for i, l := range labels {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(l.Key)
			if l.Value != nil {
				b.WriteString(": " + *l.Value)
			}
		}
		b.WriteString("}")
	}
	b.WriteString(")")
}

func writeDisk(b *strings.Builder, d *mesos.Resource_DiskInfo) {
	var parts []string
	if d.Source != nil {
		source := d.Source.Type.String()
		switch {
		case d.Source.Path != nil && d.Source.Path.Root != nil:
			source += ":" + *d.Source.Path.Root
		case d.Source.Mount != nil && d.Source.Mount.Root != nil:
			source += ":" + *d.Source.Mount.Root
		}
		parts = append(parts, source)
	}
	if d.Persistence != nil {
		parts = append(parts, d.Persistence.ID)
	}
	text := strings.Join(parts, ",")
	if d.Volume != nil {
		text += ":" + d.Volume.ContainerPath
	}
	b.WriteString("[" + text + "]")
}

func writeValue(b *strings.Builder, r *mesos.Resource) {
	switch r.GetType() {
	case mesos.SCALAR:
		b.WriteString(strconv.FormatFloat(FromMilli(Milli(r.Scalar.GetValue())), 'f', -1, 64))
	case mesos.RANGES:
		b.WriteString("[")
		for i, v := range r.GetRanges().GetRange() {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(b, "%d-%d", v.Begin, v.End)
		}
		b.WriteString("]")
	case mesos.SET:
		b.WriteString("{" + strings.Join(r.GetSet().GetItem(), ", ") + "}")
	case mesos.TEXT:
	}
}

// Parse reads the text form of the flag --resources: "cpus:4;mem(role):1024;ports:[31000-32000,33000-33010]". A role
// in parentheses makes a static reservation; defaultRole is used for the others ("*": unreserved).
func Parse(text, defaultRole string) (List, error) {
	var all List
	for token := range strings.SplitSeq(text, ";") {
		if token = strings.TrimSpace(token); token == "" {
			continue
		}
		name, value, ok := strings.Cut(token, ":")
		if !ok {
			return nil, fmt.Errorf("resource %q: want name:value", token)
		}
		role := defaultRole
		name = strings.TrimSpace(name)
		if before, inside, found := strings.Cut(name, "("); found {
			if !strings.HasSuffix(inside, ")") {
				return nil, fmt.Errorf("resource %q: the parenthesis is not closed", token)
			}
			name, role = strings.TrimSpace(before), strings.TrimSuffix(inside, ")")
		}
		r, err := parseValue(name, strings.TrimSpace(value))
		if err != nil {
			return nil, fmt.Errorf("resource %q: %w", token, err)
		}
		if role != Any && role != "" {
			r.Reservations = []mesos.Resource_ReservationInfo{
				{Type: mesos.Resource_ReservationInfo_STATIC.Enum(), Role: &role},
			}
		}
		if err := Validate(r); err != nil {
			return nil, fmt.Errorf("resource %q: %w", token, err)
		}
		all = all.Plus(List{r})
	}
	return all, nil
}

func parseValue(name, value string) (mesos.Resource, error) {
	r := mesos.Resource{Name: name}
	switch {
	case strings.HasPrefix(value, "[") && strings.HasSuffix(value, "]"):
		ranges, err := ParseRanges(value)
		r.Type, r.Ranges = mesos.RANGES.Enum(), &mesos.Value_Ranges{Range: ranges}
		return r, err
	case strings.HasPrefix(value, "{") && strings.HasSuffix(value, "}"):
		var items []string
		for item := range strings.SplitSeq(value[1:len(value)-1], ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
		r.Type, r.Set = mesos.SET.Enum(), &mesos.Value_Set{Item: items}
		return r, nil
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return r, fmt.Errorf("value %q: want a number, [ranges] or {items}", value)
	}
	r.Type, r.Scalar = mesos.SCALAR.Enum(), &mesos.Value_Scalar{Value: FromMilli(Milli(v))}
	return r, nil
}

// ParseRanges reads "[a-b, c-d]".
func ParseRanges(text string) ([]mesos.Value_Range, error) {
	var out []mesos.Value_Range
	inner := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	for part := range strings.SplitSeq(inner, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		low, high, ok := strings.Cut(part, "-")
		if !ok {
			high = low
		}
		begin, err1 := strconv.ParseUint(strings.TrimSpace(low), 10, 64)
		end, err2 := strconv.ParseUint(strings.TrimSpace(high), 10, 64)
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("range %q: want begin-end", part)
		}
		out = append(out, mesos.Value_Range{Begin: begin, End: end})
	}
	return out, nil
}
