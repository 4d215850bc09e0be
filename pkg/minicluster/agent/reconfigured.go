package agent

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gogo/protobuf/proto"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// ErrReconfigured is matched by the error of [New] when the agent's description differs from the checkpointed one in a
// way that the reconfiguration policy forbids.
var ErrReconfigured = errors.New("agent configuration is incompatible with the checkpointed one")

// ReconfiguredError is the first difference that forbids a start. It matches [ErrReconfigured].
type ReconfiguredError struct {
	// What differs: "hostname", "port", "domain", "attributes" or the name of a resource.
	What string
	// Was is the checkpointed value, Now the configured one, as texts.
	Was, Now string
	// Checkpoint is the file system path whose removal makes the agent a new one.
	Checkpoint string
}

// Error implements error.
func (e *ReconfiguredError) Error() string {
	return fmt.Sprintf("%v: %s was %s and is %s now; restore the old value, or delete %s to register as a new agent",
		ErrReconfigured, e.What, e.Was, e.Now, e.Checkpoint)
}

// Is makes the error match [ErrReconfigured].
func (*ReconfiguredError) Is(target error) bool { return target == ErrReconfigured }

// compatible reads the checkpointed description, nil if there is none, and holds the configured one against it by the reconfiguration policy.
func (s *base) compatible() (old *mesos.AgentInfo, err error) {
	old, err = s.store.LoadAgent()
	if err != nil {
		return nil, fmt.Errorf("recover agent: %w", err)
	}
	if old == nil {
		return nil, nil //nolint:nilnil // documented
	}
	was := proto.Clone(old).(*mesos.AgentInfo) //nolint:forcetypeassert // Clone keeps the type
	was.ID = nil
	if s.cfg.PortMayChange {
		was.Port = s.info.Port
	}
	if was.Equal(&s.info) {
		return old, nil
	}
	differs := difference(was, &s.info, s.cfg.ReconfigurationPolicy == "additive")
	if differs == nil {
		return old, nil
	}
	differs.Checkpoint = filepath.Join(s.store.Layout.WorkDir, "meta", "slaves", "latest")
	return nil, differs
}

// difference is the first change from was to now; nil if there is none, or none but additions if these are allowed.
func difference(was, now *mesos.AgentInfo, additions bool) *ReconfiguredError {
	switch {
	case was.Hostname != now.Hostname:
		return &ReconfiguredError{What: "hostname", Was: was.Hostname, Now: now.Hostname}
	case was.GetPort() != now.GetPort():
		return &ReconfiguredError{What: "port", Was: fmt.Sprint(was.GetPort()), Now: fmt.Sprint(now.GetPort())}
	case !was.Domain.Equal(now.Domain) && (!additions || was.Domain != nil):
		return &ReconfiguredError{What: "domain", Was: domainText(was.Domain), Now: domainText(now.Domain)}
	case lessAttributes(was.Attributes, now.Attributes) || !additions && lessAttributes(now.Attributes, was.Attributes):
		return &ReconfiguredError{What: "attributes", Was: attributesText(was.Attributes), Now: attributesText(now.Attributes)}
	}
	name := lessResources(was.Resources, now.Resources)
	if name == "" && !additions {
		if name = lessResources(now.Resources, was.Resources); name == "" {
			name = "resources" // the same amounts, reserved or stored differently
		}
	}
	if name == "" {
		return nil
	}
	return &ReconfiguredError{What: name, Was: resourceText(was.Resources, name), Now: resourceText(now.Resources, name)}
}

func domainText(d *mesos.DomainInfo) string {
	f := d.GetFaultDomain()
	if f == nil {
		return "none"
	}
	return f.Region.Name + "/" + f.Zone.Name
}

func attributesText(list []mesos.Attribute) string {
	if len(list) == 0 {
		return "none"
	}
	texts := make([]string, len(list))
	for i, a := range list {
		value := a.GetText().GetValue()
		switch {
		case a.Scalar != nil:
			value = fmt.Sprint(a.Scalar.Value)
		case a.Ranges != nil:
			value = rangesText(a.Ranges)
		}
		texts[i] = a.Name + ":" + value
	}
	return strings.Join(texts, ";")
}

func rangesText(r *mesos.Value_Ranges) string {
	texts := make([]string, len(r.GetRange()))
	for i, e := range r.GetRange() {
		texts[i] = fmt.Sprintf("%d-%d", e.Begin, e.End)
	}
	return "[" + strings.Join(texts, ",") + "]"
}

// resourceText is all that a list has of a resource, or the whole list for a name that no resource has.
func resourceText(list []mesos.Resource, name string) string {
	var texts []string
	for _, r := range list {
		value := fmt.Sprint(r.GetScalar().GetValue())
		if r.GetType() == mesos.RANGES {
			value = rangesText(r.Ranges)
		}
		switch name {
		case r.Name:
			texts = append(texts, value)
		case "resources":
			texts = append(texts, r.Name+":"+value)
		}
	}
	if len(texts) == 0 {
		return "none"
	}
	return strings.Join(texts, ";")
}

// lessAttributes tells whether an attribute of was is missing or other in now.
func lessAttributes(was, now []mesos.Attribute) bool {
	for _, attribute := range was {
		found := false
		for _, other := range now {
			found = found || attribute.Equal(other)
		}
		if !found {
			return true
		}
	}
	return false
}

// lessResources names a resource of which there is less than before; empty if there is none.
func lessResources(was, now []mesos.Resource) string {
	for _, r := range was {
		if r.GetType() == mesos.SCALAR && scalarSum(now, r) < scalarSum(was, r)-1e-6 {
			return r.Name
		}
		if r.GetType() == mesos.RANGES && !rangesContain(now, r) {
			return r.Name
		}
	}
	return ""
}

func sameReservation(x, y mesos.Resource) bool {
	if len(x.Reservations) != len(y.Reservations) {
		return false
	}
	for i := range x.Reservations {
		if !x.Reservations[i].Equal(y.Reservations[i]) {
			return false
		}
	}
	return true
}

func scalarSum(list []mesos.Resource, like mesos.Resource) float64 {
	sum := 0.0
	for _, r := range list {
		if r.Name == like.Name && sameReservation(r, like) && r.Scalar != nil {
			sum += r.Scalar.Value
		}
	}
	return sum
}

func rangesContain(list []mesos.Resource, want mesos.Resource) bool {
	for _, w := range want.GetRanges().GetRange() {
		found := false
		for _, r := range list {
			if r.Name != want.Name || !sameReservation(r, want) {
				continue
			}
			for _, have := range r.GetRanges().GetRange() {
				found = found || have.Begin <= w.Begin && have.End >= w.End
			}
		}
		if !found {
			return false
		}
	}
	return true
}
