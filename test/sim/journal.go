package sim

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
)

// journalMax is how many of the last events are kept.
const journalMax = 150

// journal keeps the last events for people, with short names for UUIDs.
type journal struct {
	lines []string
	names map[string]string
}

var uuidForm = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

func (j *journal) add(line string) {
	line = uuidForm.ReplaceAllStringFunc(line, func(u string) string {
		if j.names == nil {
			j.names = map[string]string{}
		}
		if j.names[u] == "" {
			j.names[u] = strconv.Itoa(len(j.names) + 1)
		}
		return j.names[u]
	})
	line = strings.ReplaceAll(strings.ReplaceAll(line, ".instance-", "."), "._app.", "/")
	if j.lines = append(j.lines, line); len(j.lines) > journalMax {
		j.lines = j.lines[1:]
	}
}

func describeEvent(ev core.Event) string {
	switch e := ev.(type) {
	case core.Asked:
		return "asked " + describeCommand(e.Command)
	case core.Tick:
		return "tick"
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

func describeChange(c core.Change) string {
	switch c := c.(type) {
	case core.PutApp:
		return fmt.Sprintf("app %s %s instances=%d cmd=%s", c.Spec.ID, c.Spec.Version.Format("15:04:05.000"), c.Spec.Instances, c.Spec.Cmd)
	case core.PutInstance:
		i := c.Instance
		return fmt.Sprintf("instance %s %v/%v task %d on %s", i.ID, i.Goal, i.Condition, i.Incarnation, i.AgentID)
	case core.DropInstance:
		return "drop instance " + string(c.ID)
	case core.PutDeployment:
		d := c.Deployment
		return fmt.Sprintf("deployment %s step %d of %v", d.ID, d.Current+1, d.Steps)
	case core.PutProgress:
		return fmt.Sprintf("progress %s step %d", c.ID, c.Current+1)
	case core.DropDeployment:
		return "drop deployment " + string(c.ID)
	case core.PutTrouble:
		return fmt.Sprintf("trouble %s delay %v", c.App, c.Trouble.Delay)
	case core.PutRelease:
		return fmt.Sprintf("release %s at %s", c.ID, c.Release.Agent)
	case core.DropRelease:
		return "drop release " + string(c.ID)
	default:
		return fmt.Sprintf("%T", c)
	}
}

func describeCall(c core.Call) string {
	switch c := c.(type) {
	case *core.Launch:
		var text strings.Builder
		fmt.Fprintf(&text, "accept %v launch", c.OfferIDs)
		for _, t := range c.Tasks {
			fmt.Fprintf(&text, " %s%v", t.Instance.TaskID(), t.Instance.HostPorts)
		}
		return text.String()
	case core.MesosCall:
		switch m := c.SchedulerCall.(type) {
		case mesos.Acknowledge:
			return fmt.Sprintf("acknowledge %s %s", m.TaskID, m.UUID)
		case mesos.Kill:
			return "kill " + string(m.TaskID)
		case mesos.Accept:
			return fmt.Sprintf("accept %v %v", m.OfferIDs, m.Operations)
		case mesos.Decline:
			return fmt.Sprintf("decline %v for %v", m.OfferIDs, m.Refuse)
		case mesos.Reconcile:
			return fmt.Sprintf("reconcile %v", m.Tasks)
		default:
			return fmt.Sprintf("%T", m)
		}
	default:
		return fmt.Sprintf("%T", c)
	}
}
