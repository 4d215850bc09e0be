package mesos

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Site is an agent as its offers describe it: what constraints look at, and
// what is kept of it with everything that runs or lives there.
type Site struct {
	AgentID    AgentID
	Hostname   string
	Domain     Domain
	Attributes []Attribute
}

// Site returns the offer's agent; the attributes are shared.
func (o *Offer) Site() Site { return Site{o.AgentID, o.Hostname, o.Domain, o.Attributes} }

// SameSite reports whether both say the same, attributes in their order.
func (s *Site) SameSite(other *Site) bool {
	return s.AgentID == other.AgentID && s.Hostname == other.Hostname && s.Domain == other.Domain &&
		slices.EqualFunc(s.Attributes, other.Attributes, sameAttribute)
}

func sameAttribute(a, b Attribute) bool {
	return a.Name == b.Name && a.Type == b.Type && a.Text == b.Text && a.Scalar == b.Scalar &&
		slices.Equal(a.Ranges, b.Ranges) && slices.Equal(a.Set, b.Set)
}

// Field returns the value of a field as constraints compare it: "hostname" or
// "@hostname", "@region", "@zone", or the name of an attribute, of which the
// first one of the name counts ("Marathon, constraints"). has is false when the
// agent lacks the field.
func (s *Site) Field(field string) (text string, has bool) {
	switch field {
	case "hostname", "@hostname":
		return s.Hostname, s.Hostname != ""
	case "@region":
		return s.Domain.Region, s.Domain.Region != ""
	case "@zone":
		return s.Domain.Zone, s.Domain.Zone != ""
	}
	for i := range s.Attributes {
		if s.Attributes[i].Name == field {
			return s.Attributes[i].Value(), true
		}
	}
	return "", false
}

// Value prints the attribute's value as constraints compare it: "4", "0.5",
// "[1-2,5-9]", "{a,b}" in order, or the text itself.
func (a *Attribute) Value() string {
	switch a.Type {
	case Scalar:
		return a.Scalar.String()
	case RangeSet:
		return rangesText(a.Ranges)
	case Set:
		items := slices.Clone(a.Set)
		slices.Sort(items)
		return "{" + strings.Join(items, ",") + "}"
	case Text:
		return a.Text
	default:
		return a.Text
	}
}

// rangesText prints ranges as Mesos does: "[1-2,5-9]".
func rangesText(rs resource.Ranges) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, r := range resource.NewRanges(rs...) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(r.Begin, 10))
		b.WriteByte('-')
		b.WriteString(strconv.FormatUint(r.End, 10))
	}
	b.WriteByte(']')
	return b.String()
}
