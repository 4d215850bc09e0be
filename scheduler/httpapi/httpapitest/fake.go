// Package httpapitest holds a Scheduler for tests of the API and of its
// clients: it keeps Apps in memory and pretends to run their instances, one
// step at a time, without Mesos.
package httpapitest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/roster"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// Scheduler is a pretended scheduler. The zero value is not useful; see New.
type Scheduler struct {
	mu          sync.Mutex
	now         time.Time
	version     time.Time
	ids         int
	servicePort int
	apps        map[app.ID]*view.App
	deployments []*deployment.Deployment
	lively      bool
	stuck       map[app.ID]cause
	held        int
	quotas      map[string]fairshare.Quota
	heldAgents  []view.Held
	intercept   func(core.Command) error
}

// New returns a Scheduler without Apps whose clock stands at now. A lively one
// makes one step of progress whenever it is looked at; otherwise see Advance.
func New(now time.Time, lively bool) *Scheduler {
	return &Scheduler{now: now, version: now, servicePort: 10000, apps: map[app.ID]*view.App{}, lively: lively, stuck: map[app.ID]cause{}}
}

// Stick makes instances of an App wait for ever, for the reason given; "" lets them go on.
func (s *Scheduler) Stick(id app.ID, explanation string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stuck[id] = cause(explanation); explanation == "" {
		delete(s.stuck, id)
	}
}

// cause is why instances wait, in the words of a test.
type cause string

// Words implements why.Cause.
func (c cause) Words() string { return string(c) }

// Hold makes the Scheduler hold back so many kills until they are confirmed.
func (s *Scheduler) Hold(kills int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = kills
}

// Intercept calls f before every command; an error of f is the command's.
func (s *Scheduler) Intercept(f func(core.Command) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intercept = f
}

// Leader says that this scheduler leads, at an address of no meaning.
func (s *Scheduler) Leader() (self bool, address string) { return true, "leader.example:8080" }

// View returns the present picture.
func (s *Scheduler) View() *view.View {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lively {
		s.advance()
	}
	apps := make([]*view.App, 0, len(s.apps))
	for _, id := range slices.Sorted(maps.Keys(s.apps)) {
		apps = append(apps, s.snapshot(s.apps[id]))
	}
	fw := view.Framework{ID: "fake-framework", Subscribed: true, KillsHeld: s.held}
	v := view.New(s.now, fw, apps, slices.Clone(s.deployments))
	v.Sharing = s.sharing(apps)
	return v
}

func (s *Scheduler) snapshot(a *view.App) *view.App {
	v := *a
	v.Instances = slices.Clone(a.Instances)
	for _, d := range s.deployments {
		if slices.Contains(d.Affected(), a.Spec.ID) {
			v.Deployments = append(v.Deployments, d.ID)
			v.Leaving = d.Target[a.Spec.ID] == nil
		}
	}
	for _, i := range v.Instances {
		v.Counts.Running++
		if i.Healthy != nil && *i.Healthy {
			v.Counts.Healthy++
		}
	}
	if missing := a.Spec.Instances - len(v.Instances); missing > 0 {
		v.Queue = view.Queue{Waiting: missing, Since: s.now}
		if c, stuck := s.stuck[a.Spec.ID]; stuck {
			v.Queue.Cause = c
		}
	}
	return &v
}

// Do carries out a command at once.
func (s *Scheduler) Do(_ context.Context, cmd core.Command) (core.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.intercept != nil {
		if err := s.intercept(cmd); err != nil {
			return core.Result{}, err
		}
	}
	switch c := cmd.(type) {
	case core.ChangeApps:
		return s.changeApps(c)
	case core.RestartApp:
		return s.restartApp(c)
	case core.DeleteApps:
		return s.deleteApps(c)
	case core.KillTasks:
		return s.killTasks(c), nil
	case core.CancelDeployment:
		return s.cancel(c)
	case core.ResetDelay:
		return core.Result{}, nil
	case core.SetQuota:
		return core.Result{}, s.setQuota(c)
	case core.ConfirmKills:
		s.held = 0
		return core.Result{}, nil
	default:
		return core.Result{}, fmt.Errorf("the fake knows no command %T", cmd)
	}
}

func (s *Scheduler) changeApps(c core.ChangeApps) (core.Result, error) {
	for _, ch := range c.Changes {
		a, exists := s.apps[ch.Spec.ID]
		switch {
		case exists && ch.Create:
			return core.Result{}, &core.ExistsError{ID: ch.Spec.ID}
		case !ch.Base.IsZero() && (!exists || !a.Spec.Version.Equal(ch.Base)):
			return core.Result{}, &core.ChangedError{ID: ch.Spec.ID}
		}
	}
	d := s.plan()
	step := deployment.Step{}
	for _, ch := range c.Changes {
		step = append(step, deployment.Action{Kind: deployment.ScaleApplication, App: ch.Spec.ID})
	}
	d.Steps = []deployment.Step{step}
	if err := s.start(d, c.Force); err != nil {
		return core.Result{}, err
	}
	result := core.Result{Deployment: d.ID, Version: d.Version}
	for _, ch := range c.Changes {
		if a, exists := s.apps[ch.Spec.ID]; exists && same(a.Spec, ch.Spec) {
			d.Original[ch.Spec.ID], d.Target[ch.Spec.ID] = a.Spec, a.Spec
			result.Apps = append(result.Apps, a.Spec)
			continue
		}
		result.Apps = append(result.Apps, s.put(d, ch.Spec))
	}
	return result, nil
}

// put stores a definition under the deployment's version.
func (s *Scheduler) put(d *deployment.Deployment, wanted *app.Spec) *app.Spec {
	spec := *wanted
	spec.Version, spec.LastScalingAt, spec.LastConfigChangeAt = d.Version, d.Version, d.Version
	spec.Ports = slices.Clone(spec.Ports)
	a, exists := s.apps[spec.ID]
	if !exists {
		a = &view.App{}
		s.apps[spec.ID] = a
	} else {
		d.Original[spec.ID] = a.Spec
		spec = *spec.WithServicePortsOf(a.Spec)
		if spec.Instances != a.Spec.Instances && roster.SameConfig(&spec, a.Spec) {
			spec.LastConfigChangeAt = a.Spec.LastConfigChangeAt
		}
	}
	for i := range spec.Ports {
		if spec.Ports[i].ServicePort == 0 {
			spec.Ports[i].ServicePort = s.servicePort
			s.servicePort++
		}
	}
	d.Target[spec.ID] = &spec
	a.Spec = &spec
	a.Versions = append([]*app.Spec{&spec}, a.Versions...)
	return &spec
}

// same reports whether two definitions say the same, whatever their versions.
func same(a, b *app.Spec) bool {
	texts := make([]string, 0, 2)
	for _, spec := range []*app.Spec{a, b} {
		shown := api.FromSpec(spec)
		shown.Version, shown.VersionInfo = api.Time{}, nil
		data, err := api.Marshal(shown)
		if err != nil {
			panic(err)
		}
		texts = append(texts, string(data))
	}
	return texts[0] == texts[1]
}

func (s *Scheduler) restartApp(c core.RestartApp) (core.Result, error) {
	a, ok := s.apps[c.ID]
	if !ok {
		return core.Result{}, &core.NotFoundError{Kind: "App", ID: string(c.ID)}
	}
	d := s.plan()
	d.Steps = []deployment.Step{{{Kind: deployment.RestartApplication, App: c.ID}}}
	if err := s.start(d, c.Force); err != nil {
		return core.Result{}, err
	}
	s.put(d, a.Spec)
	return core.Result{Deployment: d.ID, Version: d.Version}, nil
}

func (s *Scheduler) deleteApps(c core.DeleteApps) (core.Result, error) {
	d := s.plan()
	for _, id := range c.IDs {
		a, ok := s.apps[id]
		if !ok {
			return core.Result{}, &core.NotFoundError{Kind: "App", ID: string(id)}
		}
		d.Steps = append(d.Steps, deployment.Step{{Kind: deployment.StopApplication, App: id}})
		d.Original[id] = a.Spec
	}
	if err := s.start(d, c.Force); err != nil {
		return core.Result{}, err
	}
	return core.Result{Deployment: d.ID, Version: d.Version}, nil
}

func (s *Scheduler) killTasks(c core.KillTasks) core.Result {
	var result core.Result
	d := s.plan()
	for _, t := range c.Tasks {
		id, appID, _ := instance.OfTask(t)
		a := s.apps[appID]
		if a == nil {
			continue
		}
		a.Instances = slices.DeleteFunc(slices.Clone(a.Instances), func(i *instance.Instance) bool { return i.ID == id })
		result.Tasks = append(result.Tasks, t)
		if c.Scale {
			spec := *a.Spec
			spec.Instances--
			s.put(d, &spec)
			d.Steps = []deployment.Step{{{Kind: deployment.ScaleApplication, App: appID}}}
		}
	}
	if c.Scale {
		s.deployments = append(s.deployments, d)
		result.Deployment, result.Version = d.ID, d.Version
	}
	return result
}

func (s *Scheduler) cancel(c core.CancelDeployment) (core.Result, error) {
	for i, d := range s.deployments {
		if d.ID != c.ID {
			continue
		}
		s.deployments = slices.Delete(slices.Clone(s.deployments), i, i+1)
		if c.Force {
			return core.Result{}, nil
		}
		undo := s.plan()
		for _, id := range d.Affected() {
			if was := d.Original[id]; was != nil {
				undo.Steps = append(undo.Steps, deployment.Step{{Kind: deployment.RestartApplication, App: id}})
				s.put(undo, was)
				continue
			}
			undo.Steps = append(undo.Steps, deployment.Step{{Kind: deployment.StopApplication, App: id}})
			undo.Original[id] = s.apps[id].Spec
		}
		s.deployments = append(s.deployments, undo)
		return core.Result{Deployment: undo.ID, Version: undo.Version}, nil
	}
	return core.Result{}, &core.NotFoundError{Kind: "Deployment", ID: string(c.ID)}
}

func (s *Scheduler) uuid() string {
	s.ids++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", s.ids)
}

func (s *Scheduler) plan() *deployment.Deployment {
	s.version = s.version.Add(time.Millisecond)
	return &deployment.Deployment{
		ID: deployment.ID(s.uuid()), Version: s.version, State: deployment.Active, Started: s.now, Progressed: s.now,
		Original: map[app.ID]*app.Spec{}, Target: map[app.ID]*app.Spec{},
	}
}

// start adds a deployment unless others hold its Apps.
func (s *Scheduler) start(d *deployment.Deployment, force bool) error {
	var locks []deployment.ID
	s.deployments = slices.DeleteFunc(slices.Clone(s.deployments), func(other *deployment.Deployment) bool {
		shares := slices.ContainsFunc(other.Affected(), func(id app.ID) bool { return slices.Contains(d.Affected(), id) })
		if shares && !force {
			locks = append(locks, other.ID)
		}
		return shares && force
	})
	if locks != nil {
		return &core.LockedError{Deployments: locks}
	}
	s.deployments = append(s.deployments, d)
	return nil
}

// Advance makes one step of progress: in each App with a deployment one
// instance starts or ends. Deployments that have reached their goal vanish.
func (s *Scheduler) Advance() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
}

// Settle advances until nothing is left to do.
func (s *Scheduler) Settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range 10_000 {
		s.advance()
		if len(s.deployments) == 0 {
			return
		}
	}
	panic("httpapitest: deployments do not end; is an app stuck?")
}

func (s *Scheduler) advance() {
	s.deployments = slices.DeleteFunc(slices.Clone(s.deployments), func(d *deployment.Deployment) bool {
		busy := false
		for _, id := range d.Affected() {
			_, stays := d.Target[id]
			busy = s.step(id, stays) || busy
		}
		return !busy
	})
}

// step moves one App closer to its goal and reports whether it was not there yet.
func (s *Scheduler) step(id app.ID, stays bool) bool {
	a := s.apps[id]
	if a == nil {
		return false
	}
	wanted := a.Spec.Instances
	if !stays {
		wanted = 0
	}
	outdated := slices.IndexFunc(a.Instances, func(i *instance.Instance) bool { return i.Version.Before(a.Spec.LastConfigChangeAt) })
	switch n := len(a.Instances); {
	case n > wanted:
		a.Instances = slices.Clone(a.Instances[:n-1])
	case n < wanted && s.stuck[id] != "":
	case n < wanted:
		a.Instances = append(slices.Clone(a.Instances), s.launch(a.Spec))
	case outdated >= 0:
		a.Instances = append(slices.Delete(slices.Clone(a.Instances), outdated, outdated+1), s.launch(a.Spec))
	default:
		if !stays {
			delete(s.apps, id)
		}
		return false
	}
	return true
}

func (s *Scheduler) launch(spec *app.Spec) *instance.Instance {
	i := &instance.Instance{
		ID: instance.NewID(spec.ID, s.uuid()), App: spec.ID, Version: spec.Version, Goal: instance.GoalRunning, Condition: instance.Running,
		Since: s.now, Incarnation: 1, Site: mesos.Site{AgentID: "agent-1", Hostname: "host-1.example"}, Resources: spec.Resources, Role: spec.Role,
		IPAddresses: []string{"10.0.0.1"}, StagedAt: s.now, StartedAt: s.now,
	}
	for n, p := range spec.Ports {
		if p.HostPort != nil {
			i.HostPorts = append(i.HostPorts, uint32(31000+s.ids*10+n))
		}
	}
	if len(spec.HealthChecks) > 0 {
		healthy := true
		i.Healthy = &healthy
	}
	return i
}

// Fail notes an abnormal end as the App's last, for readers.
func (s *Scheduler) Fail(id app.ID, state mesos.TaskState, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.apps[id]
	a.LastFailure = &instance.TaskFailure{
		App: id, TaskID: instance.NewID(id, s.uuid()).TaskID(1), AgentID: "agent-1", Host: "host-1.example", State: state,
		Message: message, Version: a.Spec.Version, Timestamp: s.now,
	}
}
