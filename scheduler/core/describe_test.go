package core

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/volumes"
)

// names gives UUIDs short names in the order of their first appearance.
type names struct {
	short, long map[string]string
}

func newNames() names { return names{map[string]string{}, map[string]string{}} }

var uuid = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// shorten replaces every UUID in text: web.instance-<uuid>._app.2 becomes web.1/2.
func (n names) shorten(text string) string {
	text = uuid.ReplaceAllStringFunc(text, func(u string) string {
		if n.short[u] == "" {
			name := strconv.Itoa(len(n.short) + 1)
			n.short[u], n.long[name] = name, u
		}
		return n.short[u]
	})
	return strings.ReplaceAll(strings.ReplaceAll(text, ".instance-", "."), "._app.", "/")
}

func (n names) full(name string) string {
	if u, ok := n.long[name]; ok {
		return u
	}
	return name
}

// task is the inverse of shorten for a task: web.1/2; another text is taken as it is.
func (n names) task(name string) mesos.TaskID {
	id, run, ok := strings.Cut(name, "/")
	if !ok {
		return mesos.TaskID(name)
	}
	path, num, _ := strings.Cut(id, ".")
	return mesos.TaskID(path + ".instance-" + n.full(num) + "._app." + run)
}

func (n names) describe(e Effects) []string {
	var out []string
	for _, c := range e.Persist {
		out = append(out, "persist "+n.shorten(describeChange(c)))
	}
	for _, c := range e.Calls {
		out = append(out, "call "+n.shorten(describeCall(c)))
	}
	for _, p := range e.Publish {
		out = append(out, strings.TrimSpace(n.shorten("publish "+p.Type()+" "+describeEvent(event.Final(p)))))
	}
	for _, r := range e.Replies {
		if r.Err != nil {
			out = append(out, n.shorten(fmt.Sprintf("reply %d error: %v", r.To, r.Err)))
			continue
		}
		out = append(out, n.shorten(fmt.Sprintf("reply %d deployment %s", r.To, r.Result.Deployment)))
	}
	return out
}

func describeChange(c Change) string {
	switch c := c.(type) {
	case PutFramework:
		return "framework " + string(c.ID)
	case PutApp:
		var ports strings.Builder
		for _, p := range c.Spec.Ports {
			fmt.Fprintf(&ports, " :%d", p.ServicePort)
		}
		return fmt.Sprintf("app %s %s instances=%d%s", c.Spec.ID, c.Spec.Version.Format("04:05.000"), c.Spec.Instances, ports.String())
	case DropApp:
		return fmt.Sprintf("drop app %s %s", c.ID, c.Version.Format("04:05.000"))
	case PutInstance:
		i := c.Instance
		text := fmt.Sprintf("instance %s %v/%v", i.ID, i.Goal, i.Condition)
		if i.Condition.Live() {
			text += fmt.Sprintf(" task %d on %s", i.Incarnation, i.AgentID)
		}
		if i.Draining {
			text += " draining"
		}
		if i.Home != nil {
			text += " home " + string(i.Home.AgentID)
			if !i.Home.Made {
				text += " unconfirmed"
			}
		}
		return text
	case DropInstance:
		return "drop instance " + string(c.ID)
	case PutDeployment:
		return fmt.Sprintf("deployment %s step %d of %d %v", c.Deployment.ID, c.Deployment.Current+1, len(c.Deployment.Steps), c.Deployment.Steps[c.Deployment.Current])
	case PutProgress:
		return fmt.Sprintf("progress %s step %d", c.ID, c.Current+1)
	case DropDeployment:
		return "drop deployment " + string(c.ID)
	case PutTrouble:
		return fmt.Sprintf("trouble %s delay %v", c.App, c.Trouble.Delay)
	case DropTrouble:
		return "drop trouble " + string(c.App)
	case PutRelease:
		return fmt.Sprintf("release %s at %s", c.ID, c.Release.Agent)
	case DropRelease:
		return "drop release " + string(c.ID)
	case PutQuota:
		return fmt.Sprintf("quota %s:%s", c.Queue, c.Quota.String())
	case DropQuota:
		return "drop quota " + c.Queue
	default:
		return fmt.Sprintf("%T", c)
	}
}

func describeCall(c Call) string {
	switch c := c.(type) {
	case *Launch:
		var tasks []string
		for _, t := range c.Tasks {
			tasks = append(tasks, fmt.Sprintf("%s%v", t.Instance.TaskID(), ports(t.Instance.HostPorts)))
		}
		return fmt.Sprintf("accept %v %slaunch %s refuse %v", c.OfferIDs, operations(c.Prepare), strings.Join(tasks, " "), c.Refuse)
	case MesosCall:
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

// memory plays the store.
type memory struct {
	framework   mesos.FrameworkID
	versions    []*app.Spec
	instances   map[instance.ID]*instance.Instance
	deployments map[deployment.ID]*deployment.Deployment
	troubles    map[app.ID]Trouble
	releases    map[instance.ID]volumes.Release
	quotas      map[string]fairshare.Quota
}

func newMemory() *memory {
	return &memory{
		instances: map[instance.ID]*instance.Instance{}, deployments: map[deployment.ID]*deployment.Deployment{},
		troubles: map[app.ID]Trouble{}, releases: map[instance.ID]volumes.Release{}, quotas: map[string]fairshare.Quota{},
	}
}

func (m *memory) apply(c Change) {
	switch c := c.(type) {
	case PutFramework:
		m.framework = c.ID
	case PutApp:
		m.versions = append(m.versions, c.Spec)
	case DropApp:
		m.versions = slices.DeleteFunc(m.versions, func(s *app.Spec) bool { return s.ID == c.ID && s.Version.Equal(c.Version) })
	case PutInstance:
		m.instances[c.Instance.ID] = c.Instance
	case DropInstance:
		delete(m.instances, c.ID)
	case PutDeployment:
		m.deployments[c.Deployment.ID] = c.Deployment
	case PutProgress:
		d := *m.deployments[c.ID]
		d.Current, d.Progressed = c.Current, c.Progressed
		m.deployments[c.ID] = &d
	case DropDeployment:
		delete(m.deployments, c.ID)
	case PutTrouble:
		m.troubles[c.App] = c.Trouble
	case DropTrouble:
		delete(m.troubles, c.App)
	case PutRelease:
		m.releases[c.ID] = c.Release
	case DropRelease:
		delete(m.releases, c.ID)
	case PutQuota:
		m.quotas[c.Queue] = c.Quota
	case DropQuota:
		delete(m.quotas, c.Queue)
	}
}

func (m *memory) stored() Stored {
	st := Stored{
		Framework: m.framework, Versions: slices.Clone(m.versions), Troubles: map[app.ID]Trouble{},
		Releases: maps.Clone(m.releases), Quotas: maps.Clone(m.quotas),
	}
	for _, i := range m.instances {
		st.Instances = append(st.Instances, i)
	}
	for _, d := range m.deployments {
		st.Deployments = append(st.Deployments, d)
	}
	maps.Copy(st.Troubles, m.troubles)
	return st
}
