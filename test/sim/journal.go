package sim

import (
	"fmt"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
)

// journalMax is how many of the last events are kept.
const journalMax = 150

// journal keeps the last events for people, with short names for UUIDs.
type journal struct {
	lines []string
	names coretest.Names
}

func newJournal() *journal { return &journal{names: coretest.NewNames()} }

func (j *journal) add(line string) {
	if j.lines = append(j.lines, j.names.Shorten(line)); len(j.lines) > journalMax {
		j.lines = j.lines[1:]
	}
}

func describeEvent(ev core.Event) string {
	switch e := ev.(type) {
	case core.Asked:
		return "asked " + describeCommand(e.Command)
	case core.Tick:
		return "tick"
	case core.Resumed:
		return "resumed"
	case core.FromMesos:
		switch m := e.Event.(type) {
		case mesos.Subscribed:
			return "subscribed"
		case mesos.Disconnected:
			return "disconnected"
		case mesos.Offers:
			o := m.Offers[0]
			return fmt.Sprintf("offer %s of %s: %v", o.ID, o.AgentID, describeResources(o.Resources))
		case mesos.Rescind:
			return "rescind " + string(m.OfferID)
		case mesos.Update:
			return "update " + describeStatus(m.Status)
		case mesos.Failure:
			return "failure of " + string(m.AgentID)
		}
	}
	return fmt.Sprintf("%T", ev)
}

func describeCommand(c core.Command) string {
	if g, ok := c.(core.ChangeGroup); ok {
		return describeGroup(g)
	}
	if ch, ok := c.(core.ChangeApps); ok {
		var text strings.Builder
		for _, a := range ch.Changes {
			fmt.Fprintf(&text, "%s instances=%d cmd=%s ", a.Spec.ID, a.Spec.Instances, a.Spec.Cmd)
		}
		return fmt.Sprintf("change %sforce=%v", text.String(), ch.Force)
	}
	return fmt.Sprintf("%T%+v", c, c)
}

func describeStatus(st mesos.TaskStatus) string {
	text := fmt.Sprintf("%s %v on %s", st.TaskID, st.State, st.AgentID)
	if st.Reason != "" {
		text += " " + string(st.Reason)
	}
	if st.Healthy != nil {
		text += fmt.Sprintf(" healthy=%v", *st.Healthy)
	}
	if len(st.UUID) > 0 {
		text += " uuid=" + string(st.UUID)
	}
	return text
}

func describeResources(rs []mesos.Resource) string {
	var out []string
	for _, r := range rs {
		if r.Type == mesos.RangeSet {
			out = append(out, fmt.Sprintf("%s%v", r.Name, r.Ranges))
			continue
		}
		out = append(out, r.Name+"="+r.Scalar.String())
	}
	return strings.Join(out, " ")
}
