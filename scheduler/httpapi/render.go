package httpapi

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// embeds says what is written beside an App's definition.
type embeds struct {
	tasks, counts, deployments, readiness, failure, stats bool
}

// embedsOf adds what the query asks for; unknown tokens are ignored.
func embedsOf(tokens []string, e embeds) embeds {
	for _, t := range tokens {
		for _, prefix := range []string{"group.", "apps.", "app."} {
			t = strings.TrimPrefix(t, prefix)
		}
		switch t {
		case "tasks":
			e.tasks, e.deployments = true, true
		case "counts":
			e.counts = true
		case "deployments":
			e.deployments = true
		case "readiness":
			e.readiness, e.deployments = true, true
		case "lastTaskFailure":
			e.failure = true
		case "taskStats":
			e.stats = true
		case "failures":
			e.tasks, e.failure, e.deployments = true, true, true
		}
	}
	return e
}

// picture is a View as the API shows it: an App that is being deleted is gone
// from it, while its tasks still show until they have ended.
type picture struct {
	*view.View
	// now is when the answer is written.
	now time.Time
}

func newPicture(v *view.View) *picture { return &picture{View: v, now: time.Now()} }

func (p *picture) app(id app.ID) (*view.App, error) {
	a, ok := p.App(id)
	if !ok || a.Leaving {
		return nil, unknown("App", string(id))
	}
	return a, nil
}

func (p *picture) apps(yield func(*view.App) bool) {
	p.Apps(func(a *view.App) bool { return a.Leaving || yield(a) })
}

// in returns the Apps in a group, at any depth.
func (p *picture) in(id app.ID) ([]*view.App, error) {
	if err := p.has(id); err != nil {
		return nil, err
	}
	var found []*view.App
	p.AppsIn(id, func(a *view.App) bool {
		if !a.Leaving {
			found = append(found, a)
		}
		return true
	})
	return found, nil
}

// specs calls yield for the definition of each App in a group, at any depth.
func (p *picture) specs(id app.ID) func(yield func(*app.Spec) bool) {
	return func(yield func(*app.Spec) bool) {
		p.AppsIn(id, func(a *view.App) bool { return a.Leaving || yield(a.Spec) })
	}
}

// has fails if there is no such group.
func (p *picture) has(id app.ID) error {
	if p.Groups.Group(id) == nil {
		return unknown("Group", string(id))
	}
	return nil
}

// node returns a group with all that is in it, nil if there is none.
func (p *picture) node(id app.ID) *group.Node {
	g := p.Groups.Group(id)
	if g == nil {
		return nil
	}
	below := func(yield func(*group.Group) bool) { p.Groups.Below(id, yield) }
	return group.Build(*g, below, p.specs(id))
}

// state returns what an App's JSON tells beside its definition.
func (p *picture) state(a *view.App, e embeds) api.AppState {
	var out api.AppState
	if e.counts {
		c := a.Counts
		out.TasksStaged, out.TasksRunning, out.TasksHealthy, out.TasksUnhealthy = &c.Staged, &c.Running, &c.Healthy, &c.Unhealthy
	}
	if e.deployments {
		out.Deployments = make([]api.DeploymentRef, 0, len(a.Deployments))
		for _, id := range a.Deployments {
			out.Deployments = append(out.Deployments, api.DeploymentRef{ID: string(id)})
		}
	}
	if e.tasks {
		out.Tasks = tasksOf(a, p.now)
	}
	if e.readiness {
		out.ReadinessCheckResults = readinessOf(a.Instances, func(*instance.Instance) bool { return true })
	}
	if f := a.LastFailure; e.failure && f != nil {
		out.LastTaskFailure = &api.TaskFailure{
			AppID: string(f.App), Host: f.Host, Message: cut(f.Message, 10_000), State: f.State.String(), TaskID: string(f.TaskID),
			Timestamp: api.Time{Time: f.Timestamp}, Version: api.Time{Time: f.Version}, SlaveID: string(f.AgentID),
		}
	}
	if e.stats {
		out.TaskStats = stats(a, p.At)
	}
	return out
}

func cut(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "")
	}
	return s
}

func versionInfo(s *app.Spec) *api.VersionInfo {
	return &api.VersionInfo{LastScalingAt: api.Time{Time: s.LastScalingAt}, LastConfigChangeAt: api.Time{Time: s.LastConfigChangeAt}}
}

// shown reports whether the API lists an instance's task: it has been sent to
// Mesos and has not ended, nor been given up out of sight. A resident instance is
// listed as long as it has its data, by its last task.
func shown(i *instance.Instance) bool {
	return i.Incarnation > 0 && !i.GivenUp() && (i.Condition.Live() || i.Home != nil)
}

// tasksOf renders the tasks of an App as they are now.
func tasksOf(a *view.App, now time.Time) []api.Task {
	tasks := make([]api.Task, 0, len(a.Instances))
	ports := servicePorts(a.Spec)
	for _, i := range a.Instances {
		if shown(i) {
			tasks = append(tasks, renderTaskWith(a.Spec, i, ports, now))
		}
	}
	return tasks
}

func renderTask(s *app.Spec, i *instance.Instance) api.Task {
	return renderTaskWith(s, i, servicePorts(s), time.Now())
}

// renderTaskWith also takes the service ports, which all tasks of an App share.
func renderTaskWith(s *app.Spec, i *instance.Instance, servicePorts []int, now time.Time) api.Task {
	t := api.Task{
		ID: string(i.TaskID()), AppID: string(i.App), Host: i.Hostname, SlaveID: string(i.AgentID),
		Region: i.Domain.Region, Zone: i.Domain.Zone, State: i.Condition.TaskState().String(), Role: i.Role,
		Ports: make([]int, 0, len(i.HostPorts)), ServicePorts: servicePorts, IPAddresses: make([]api.IPAddress, 0, len(i.IPAddresses)),
		StagedAt: api.Time{Time: i.StagedAt}, StartedAt: api.Time{Time: i.StartedAt}, Version: api.Time{Time: i.Version},
		HealthCheckResults: []api.HealthCheckResult{},
	}
	if t.Role == "" {
		t.Role = s.Role
	}
	for _, port := range i.HostPorts {
		t.Ports = append(t.Ports, int(port))
	}
	for _, ip := range i.IPAddresses {
		protocol := "IPv4"
		if strings.Contains(ip, ":") {
			protocol = "IPv6"
		}
		t.IPAddresses = append(t.IPAddresses, api.IPAddress{IPAddress: ip, Protocol: protocol})
	}
	addChecks(&t, i, now)
	if i.Home != nil {
		addHome(&t, i)
	}
	return t
}

// addHome adds the volumes of a resident instance and, while it has no task,
// the agent that holds them. Without a task it is TASK_STAGING when it waits for
// that agent and TASK_KILLED when it is stopped: clients know no other names.
func addHome(t *api.Task, i *instance.Instance) {
	_, unique, _ := strings.Cut(string(i.ID), ".instance-")
	for _, v := range i.Home.Volumes {
		t.LocalVolumes = append(t.LocalVolumes, api.LocalVolume{
			RunSpecID: string(i.App), ContainerPath: v.ContainerPath, UUID: unique, PersistenceID: v.PersistenceID,
		})
	}
	if i.Condition.Live() {
		return
	}
	h := i.Home
	t.Host, t.SlaveID, t.Region, t.Zone, t.Role = h.Hostname, string(h.AgentID), h.Domain.Region, h.Domain.Zone, h.Role
	t.State, t.Version = mesos.TaskStaging.String(), api.Time{}
	if i.Goal == instance.GoalStopped {
		t.State = mesos.TaskKilled.String()
	}
}

func servicePorts(s *app.Spec) []int {
	ports := make([]int, 0, len(s.Ports))
	for _, p := range s.Ports {
		ports = append(ports, p.ServicePort)
	}
	return ports
}

// stats groups an App's tasks ("Marathon, taskStats"); groups without tasks are absent.
func stats(a *view.App, now time.Time) map[string]api.StatsGroup {
	groups := map[string]func(*instance.Instance) bool{
		"startedAfterLastScaling": func(i *instance.Instance) bool { return !i.StagedAt.Before(a.Spec.LastScalingAt) },
		"withLatestConfig":        func(i *instance.Instance) bool { return !i.Version.Before(a.Spec.LastConfigChangeAt) },
		"withOutdatedConfig":      func(i *instance.Instance) bool { return i.Version.Before(a.Spec.LastConfigChangeAt) },
		"totalSummary":            func(*instance.Instance) bool { return true },
	}
	out := map[string]api.StatsGroup{}
	for name, belongs := range groups {
		var s api.Stats
		var lives []float64
		for _, i := range a.Instances {
			if i.Condition.Live() && shown(i) && belongs(i) {
				lives = count(&s.Counts, lives, i, now)
			}
		}
		if s.Counts == (api.StatsCounts{}) {
			continue
		}
		if len(lives) > 0 {
			s.LifeTime = lifeTime(lives)
		}
		out[name] = api.StatsGroup{Stats: s}
	}
	return out
}

func count(c *api.StatsCounts, lives []float64, i *instance.Instance, now time.Time) []float64 {
	switch {
	case i.Condition == instance.Running:
		c.Running++
		lives = append(lives, now.Sub(i.StartedAt).Seconds())
	case i.Condition < instance.Running:
		c.Staged++
	}
	if i.Healthy != nil {
		if *i.Healthy {
			c.Healthy++
		} else {
			c.Unhealthy++
		}
	}
	return lives
}

func lifeTime(lives []float64) *api.LifeTime {
	slices.SortFunc(lives, cmp.Compare)
	sum := 0.0
	for _, l := range lives {
		sum += l
	}
	return &api.LifeTime{AverageSeconds: sum / float64(len(lives)), MedianSeconds: lives[len(lives)/2]}
}
