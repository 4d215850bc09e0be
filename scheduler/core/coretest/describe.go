package coretest

import (
	"fmt"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// Describe says what a step wants done, a line for each effect, in their order.
func (n Names) Describe(e core.Effects) []string {
	var out []string
	for _, c := range e.Persist {
		out = append(out, "persist "+n.Shorten(DescribeChange(c)))
	}
	for _, c := range e.Calls {
		out = append(out, "call "+n.Shorten(DescribeCall(c)))
	}
	for _, p := range e.Publish {
		out = append(out, strings.TrimSpace(n.Shorten("publish "+p.Type()+" "+DescribeEvent(event.Final(p)))))
	}
	for _, r := range e.Replies {
		if r.Err != nil {
			out = append(out, n.Shorten(fmt.Sprintf("reply %d error: %v", r.To, r.Err)))
			continue
		}
		if r.Result.Deployment == "" && r.Result.Steps != nil {
			out = append(out, fmt.Sprintf("reply %d would be %v", r.To, r.Result.Steps))
			continue
		}
		out = append(out, n.Shorten(fmt.Sprintf("reply %d deployment %s", r.To, r.Result.Deployment)))
	}
	return out
}

// DescribeChange says in a line what is stored or forgotten.
func DescribeChange(c core.Change) string {
	switch c := c.(type) {
	case core.PutFramework:
		return "framework " + string(c.ID)
	case core.PutApp:
		var ports strings.Builder
		for _, p := range c.Spec.Ports {
			fmt.Fprintf(&ports, " :%d", p.ServicePort)
		}
		return fmt.Sprintf("app %s %s instances=%d%s", c.Spec.ID, c.Spec.Version.Format("04:05.000"), c.Spec.Instances, ports.String())
	case core.DropApp:
		return fmt.Sprintf("drop app %s %s", c.ID, c.Version.Format("04:05.000"))
	case core.PutPast:
		return fmt.Sprintf("past %s %s", c.Spec.ID, c.Spec.Version.Format("04:05.000"))
	case core.DropPast:
		return fmt.Sprintf("drop past %s %s", c.ID, c.Version.Format("04:05.000"))
	case core.PutInstance:
		return describeInstance(c.Instance)
	case core.DropInstance:
		return "drop instance " + string(c.ID)
	case core.PutDeployment:
		return fmt.Sprintf("deployment %s step %d of %d %v", c.Deployment.ID, c.Deployment.Current+1, len(c.Deployment.Steps), c.Deployment.Steps[c.Deployment.Current])
	case core.PutProgress:
		return fmt.Sprintf("progress %s step %d", c.ID, c.Current+1)
	case core.DropDeployment:
		return "drop deployment " + string(c.ID)
	case core.PutTrouble:
		return fmt.Sprintf("trouble %s delay %v", c.App, c.Trouble.Delay)
	case core.DropTrouble:
		return "drop trouble " + string(c.App)
	case core.PutRelease:
		return fmt.Sprintf("release %s at %s", c.ID, c.Release.Agent)
	case core.DropRelease:
		return "drop release " + string(c.ID)
	case core.PutQuota:
		return fmt.Sprintf("quota %s:%s", c.Queue, c.Quota.String())
	case core.DropQuota:
		return "drop quota " + c.Queue
	default:
		return describeTreeChange(c)
	}
}

func describeTreeChange(c core.Change) string {
	switch c := c.(type) {
	case core.PutGroup:
		text := fmt.Sprintf("group %s %s", c.Group.ID, c.Group.Version.Format("04:05.000"))
		if c.Group.Dependencies != nil {
			text += fmt.Sprintf(" needs %v", c.Group.Dependencies)
		}
		if c.Group.EnforceRole {
			text += " enforces its role"
		}
		return text
	case core.DropGroup:
		return "drop group " + string(c.ID)
	case core.PutEdit:
		var words []string
		for _, a := range c.Edit.Apps {
			words = append(words, sign(a.Was == nil, a.Is == nil)+string(a.ID))
		}
		for _, g := range c.Edit.Groups {
			words = append(words, sign(g.Was == nil, g.Is == nil)+string(g.ID)+"/")
		}
		return fmt.Sprintf("edit %s of %s: %s", c.Edit.Version.Format("04:05.000"), c.Edit.Home, strings.Join(words, " "))
	case core.DropEdit:
		return "drop edit " + c.Version.Format("04:05.000")
	default:
		return fmt.Sprintf("%T", c)
	}
}

// sign says whether something was made, removed or changed.
func sign(made, removed bool) string {
	switch {
	case made:
		return "+"
	case removed:
		return "-"
	default:
		return "~"
	}
}

func describeInstance(i *instance.Instance) string {
	text := fmt.Sprintf("instance %s %v/%v", i.ID, i.Goal, i.Condition)
	if i.Condition.Live() {
		text += fmt.Sprintf(" task %d on %s", i.Incarnation, i.AgentID)
	}
	if i.Home != nil {
		text += " home " + string(i.Home.AgentID)
		if !i.Home.Made {
			text += " unconfirmed"
		}
	}
	if i.Draining {
		text += " draining"
	}
	return text
}

// DescribeCall says in a line what is asked of Mesos.
func DescribeCall(c core.Call) string {
	switch c := c.(type) {
	case *core.Launch:
		var tasks []string
		for _, t := range c.Tasks {
			tasks = append(tasks, fmt.Sprintf("%s%v", t.Instance.TaskID(), ports(t.Instance.HostPorts)))
		}
		return fmt.Sprintf("accept %v %slaunch %s refuse %v", c.OfferIDs, operations(c.Prepare), strings.Join(tasks, " "), c.Refuse)
	case core.MesosCall:
		switch m := c.SchedulerCall.(type) {
		case mesos.Accept:
			return fmt.Sprintf("accept %v %s", m.OfferIDs, operations(m.Operations))
		case mesos.Acknowledge:
			return fmt.Sprintf("acknowledge %s %s", m.TaskID, m.UUID)
		case mesos.Kill:
			return fmt.Sprintf("kill %s", m.TaskID)
		case mesos.Decline:
			return fmt.Sprintf("decline %v for %v", m.OfferIDs, m.Refuse)
		case mesos.Reconcile:
			var tasks []string
			for _, t := range m.Tasks {
				tasks = append(tasks, fmt.Sprintf("%s@%s", t.TaskID, t.AgentID))
			}
			return "reconcile " + strings.Join(tasks, " ")
		case mesos.Revive:
			return "revive"
		case mesos.Suppress:
			return "suppress"
		default:
			return fmt.Sprintf("%T %v", m, m)
		}
	default:
		return fmt.Sprintf("%T", c)
	}
}

// operations says what happens to which resources, volumes by their names.
func operations(ops []mesos.Operation) string {
	var b strings.Builder
	list := func(verb string, rs []mesos.Resource) {
		names := make([]string, len(rs))
		for n, r := range rs {
			names[n] = r.Name
			if r.Disk != nil {
				names[n] = r.Disk.PersistenceID
			}
		}
		fmt.Fprintf(&b, "%s %v ", verb, names)
	}
	for _, op := range ops {
		switch op := op.(type) {
		case mesos.Reserve:
			list("reserve", op.Resources)
		case mesos.Create:
			list("create", op.Volumes)
		case mesos.Destroy:
			list("destroy", op.Volumes)
		case mesos.Unreserve:
			list("unreserve", op.Resources)
		default:
			fmt.Fprintf(&b, "%T ", op)
		}
	}
	return b.String()
}

func ports(p []uint32) string {
	if len(p) == 0 {
		return ""
	}
	return fmt.Sprint(p)
}
