package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// user asks for changes.
type user struct {
	w    *world
	idle bool
	cmds int
	// mixed are Apps whose deployment was cancelled or failed: they may run
	// several configurations until they are changed again.
	mixed map[app.ID]bool
	// wanted are the definitions of the last change, nil before.
	wanted map[app.ID]*app.Spec
}

var apps = []app.ID{"/plain", "/checked", "/ports", "/group/unique", "/group/needs", "/data"}

func (u *user) begin() {
	u.mixed = map[app.ID]bool{}
	u.w.after(u.w.between(time.Second, 10*time.Second), u.act)
	pause := u.w.between(5*time.Second, 3*time.Minute)
	u.w.repeat(pause, u.act)
	u.watch()
}

// watch wipes what is lost, and confirms kills that are held back for long, as an operator would.
func (u *user) watch() {
	u.w.after(20*time.Minute, func() {
		if s := u.w.sched.state; s != nil {
			if s.View().Framework.KillsGuarded > 0 {
				u.w.sched.ask(core.ConfirmKills{})
			}
			u.bury(s.View())
		}
		u.watch()
	})
}

// act asks for something at random.
func (u *user) act() {
	if u.w.sched.state == nil {
		return
	}
	id := apps[u.w.rng.IntN(len(apps))]
	force := u.w.chance(0.5)
	view := u.w.sched.state.View()
	if u.w.chance(0.25) {
		u.group(view, force)
		return
	}
	a, exists := view.App(id)
	if !exists {
		spec := u.spec(id)
		u.w.sched.ask(core.ChangeApps{Changes: []core.AppChange{{Spec: spec, Create: true}}, Force: force})
		return
	}
	switch n := u.w.rng.IntN(22); {
	case n < 5:
		spec := *a.Spec
		spec.Instances = u.size(id)
		u.change(&spec, force)
	case n < 10:
		spec := u.spec(id)
		u.change(spec, force)
	case n < 12:
		u.w.sched.ask(core.RestartApp{ID: id, Force: force})
	case n < 14:
		u.w.sched.ask(core.DeleteApps{IDs: []app.ID{id}, Force: force})
	case n < 17:
		u.kill(a, force)
	case n < 18:
		u.w.sched.ask(core.ResetDelay{ID: id})
	case n < 20:
		u.bound(view)
	case len(view.Deployments) > 0:
		d := view.Deployments[u.w.rng.IntN(len(view.Deployments))]
		u.w.sched.ask(core.CancelDeployment{ID: d.ID, Force: u.w.chance(0.3)})
	default:
		u.several(view, force)
	}
}

// several changes all Apps there are, but for those of the groups, in one deployment.
func (u *user) several(v *view.View, force bool) {
	var changes []core.AppChange
	v.Apps(func(a *view.App) bool {
		if slices.Contains(apps, a.Spec.ID) {
			changes = append(changes, core.AppChange{Spec: u.spec(a.Spec.ID)})
		}
		return true
	})
	u.w.sched.ask(core.ChangeApps{Changes: changes, Force: force})
}

func (u *user) change(spec *app.Spec, force bool) {
	u.w.sched.ask(core.ChangeApps{Changes: []core.AppChange{{Spec: spec}}, Force: force})
}

func (u *user) kill(a *view.App, force bool) {
	w := u.w
	var tasks []mesos.TaskID
	for _, i := range a.Instances {
		if i.Incarnation > 0 && w.chance(0.5) {
			tasks = append(tasks, i.TaskID())
		}
	}
	w.sched.ask(core.KillTasks{Tasks: tasks, Scale: w.chance(0.3), Wipe: w.chance(0.2), Force: force})
}

func (u *user) size(id app.ID) int {
	if id == "/group/unique" {
		return u.w.rng.IntN(3)
	}
	return u.w.rng.IntN(5)
}

// spec makes up a definition of an App.
func (u *user) spec(id app.ID) *app.Spec {
	w := u.w
	u.cmds++
	if w.chance(0.2) {
		u.cmds--
	}
	share := []float64{0, 0.5, 1}
	inactive := []time.Duration{0, 30 * time.Second, 5 * time.Minute}[w.rng.IntN(3)]
	spec := &app.Spec{
		ID:          id,
		Instances:   u.size(id),
		Backoff:     app.Backoff{Initial: time.Second, Factor: 1.5, Max: time.Minute},
		Upgrade:     app.UpgradeStrategy{MinimumHealthCapacity: share[w.rng.IntN(3)], MaximumOverCapacity: share[w.rng.IntN(3)]},
		KillSelect:  app.KillSelection(1 + w.rng.IntN(2)),
		Unreachable: app.UnreachableStrategy{InactiveAfter: inactive, ExpungeAfter: inactive * time.Duration(1+w.rng.IntN(2))},
		Run: runspec.Run{
			Cmd:       fmt.Sprintf("c%d", u.cmds),
			Resources: resource.Vector{CPUs: resource.FromFloat(0.3), Mem: resource.Units(64)},
			Networks:  []app.Network{{Mode: app.Host}},
		},
	}
	switch id {
	case "/checked":
		spec.HealthChecks = []app.HealthCheck{{Protocol: app.HealthMesosHTTP, MaxConsecutiveFailures: w.rng.IntN(4)}}
		spec.Readiness = []app.ReadinessCheck{{Name: "ready"}}
		spec.Ports = []app.Port{{HostPort: new(int)}}
	case "/ports":
		free := 0
		spec.Ports = []app.Port{{HostPort: &free}, {HostPort: &free}}
	case "/group/unique":
		spec.Constraints = []constraint.Constraint{{Field: "hostname", Operator: constraint.Unique}}
	case "/group/needs":
		spec.Dependencies = []app.ID{"/plain"}
	case "/data":
		free := 0
		spec.Ports = []app.Port{{HostPort: &free}}
		spec.Upgrade.MaximumOverCapacity, spec.Unreachable = 0, app.UnreachableStrategy{Disabled: true}
		spec.Container = &app.Container{Volumes: []app.Volume{
			{ContainerPath: "data", Persistent: &app.PersistentVolume{Type: "root", Size: resource.Units(100)}},
			{ContainerPath: "logs", Persistent: &app.PersistentVolume{Type: "root", Size: resource.Units(50)}},
		}}
	}
	return spec
}

// note remembers whose deployment ended without success, even if it is not
// stored yet.
func (u *user) note(e core.Effects) {
	for _, c := range e.Persist {
		if d, ok := c.(core.DropDeployment); ok {
			u.ended(d.ID, e)
		}
	}
}

// noteStored forgets the past of Apps with a new deployment.
func (u *user) noteStored(c core.Change) {
	if p, ok := c.(core.PutDeployment); ok && p.Deployment.Current == 0 {
		u.begun(p.Deployment)
	}
}

// begun forgets the past of Apps whose instances are all replaced or ended now.
func (u *user) begun(d *deployment.Deployment) {
	for _, s := range d.Steps {
		for _, act := range s {
			if act.Kind != deployment.ScaleApplication || d.Target[act.App].Instances == 0 {
				delete(u.mixed, act.App)
			}
		}
	}
}

func (u *user) ended(id deployment.ID, e core.Effects) {
	for _, p := range e.Publish {
		if failed, ok := p.(*event.DeploymentFailed); ok && failed.ID == string(id) {
			for _, s := range failed.Plan.Steps {
				for _, act := range s.Actions {
					u.mixed[act.App] = true
				}
			}
		}
	}
}

// tidy changes every App for a last time.
func (u *user) tidy() {
	u.w.logf("tidy")
	u.wanted = map[app.ID]*app.Spec{}
	var changes []core.AppChange
	for _, id := range apps {
		spec := u.spec(id)
		spec.Cmd = "last"
		u.wanted[id] = spec
		changes = append(changes, core.AppChange{Spec: spec})
	}
	clear(u.mixed)
	u.w.sched.ask(core.ChangeApps{Changes: changes, Force: true})
	u.tidyGroups()
}

// owner is the App of a task, "" if its id says none.
func owner(t mesos.TaskID) app.ID {
	_, id, _ := instance.OfTask(t)
	return id
}
