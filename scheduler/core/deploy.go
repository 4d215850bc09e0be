package core

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// unlock fails if an active deployment locks one of the Apps; with a reason to
// override them it cancels those deployments as wholes.
func (s *State) unlock(changes map[app.ID]deployment.Change, override string) error {
	locking := s.deployments.locking(changes)
	if len(locking) > 0 && override == "" {
		e := &LockedError{}
		for _, d := range locking {
			e.Deployments = append(e.Deployments, d.ID)
		}
		return e
	}
	for _, d := range locking {
		s.end(d, deployment.Cancelled, override)
	}
	return nil
}

// affect notes on the Apps that the deployment affects them.
func (s *State) affect(d *deployment.Deployment) {
	for _, id := range d.Affected() {
		if a := s.app(id); a != nil {
			a.deployment = d
			if d.Target[id] == nil {
				a.deleted = true
			}
			s.touch(a)
		}
	}
}

// start makes d active, or ends it at once when it has nothing to do.
func (s *State) start(d *deployment.Deployment) {
	if len(d.Steps) == 0 {
		s.publishEnd(d, deployment.Succeeded, "")
		return
	}
	s.deployments.add(d)
	s.affect(d)
	s.persist(PutDeployment{Deployment: d})
	s.watchDeployment(d)
	s.publishStep(d)
}

func (s *State) watchDeployment(d *deployment.Deployment) {
	if s.cfg.ProgressDeadline > 0 {
		s.timers.set(d.Progressed.Add(s.cfg.ProgressDeadline), deploymentTimer, string(d.ID))
	}
}

// replace puts a new record of an active deployment in the place of the old one.
func (s *State) replace(old, d *deployment.Deployment) {
	s.deployments.replace(old, d)
	s.affect(d)
	s.persist(PutProgress{ID: d.ID, Current: d.Current, Progressed: d.Progressed})
	s.watchDeployment(d)
}

// end takes a deployment off the list.
func (s *State) end(d *deployment.Deployment, state deployment.State, reason string) {
	s.deployments.remove(d)
	for _, id := range d.Affected() {
		if a := s.app(id); a != nil && a.deployment != nil && a.deployment.ID == d.ID {
			a.deployment = nil
			s.touch(a)
		}
	}
	s.timers.cancel(deploymentTimer, string(d.ID))
	s.persist(DropDeployment{ID: d.ID})
	s.dropKept(d)
	s.publishEnd(d, state, reason)
}

// deploymentDue fails a deployment that has not come closer to its end in time.
func (s *State) deploymentDue(id deployment.ID) {
	d := s.deployments.find(id)
	switch {
	case d == nil:
	case s.now.Before(d.Progressed.Add(s.cfg.ProgressDeadline)):
		s.watchDeployment(d)
	default:
		s.end(d, deployment.Failed, fmt.Sprintf("no progress for %v: %s", s.cfg.ProgressDeadline, s.stuck(d)))
	}
}

// stuck says what a deployment waits for.
func (s *State) stuck(d *deployment.Deployment) string {
	for _, act := range d.Steps[d.Current] {
		a := s.app(act.App)
		if a == nil || s.next(act, a).Done {
			continue
		}
		text := fmt.Sprintf("%v %s has %d of %d instances ready", act.Kind, act.App, a.Tally().OldReady+a.Tally().FreshReady, a.Spec().Instances)
		text += s.unready(a)
		if f := a.trouble.Failure; f != nil {
			text += fmt.Sprintf("; last failure: %v %s", f.State, f.Message)
		}
		if home := s.missedHome(&a.App.App); home != nil {
			text += "; " + home.Words()
		}
		return text
	}
	return "all actions are done"
}

// unready says what running instances of an App still have to pass, "" if nothing.
func (s *State) unready(a *appState) string {
	health, readiness := 0, 0
	for i := range a.Instances {
		switch {
		case i.Condition != instance.Running || i.Goal != instance.GoalRunning || a.Ready(i):
		case !i.Report().Ready(len(a.Ran(i).Readiness)):
			readiness++
		default:
			health++
		}
	}
	text := ""
	if health > 0 {
		text += fmt.Sprintf("; %d running but not healthy", health)
	}
	if readiness > 0 {
		text += fmt.Sprintf("; %d running but not passed by the readiness check", readiness)
	}
	return text
}

// next asks what an action does now.
func (s *State) next(act deployment.Action, a *appState) deployment.Next {
	return deployment.Advance(act.Kind, a.Spec(), a.Tally())
}

// settle starts and ends instances until nothing more follows from what is known.
func (s *State) settle() {
	for len(s.toSettle) > 0 {
		round := s.toSettle
		s.toSettle = nil
		slices.SortFunc(round, func(a, b *appState) int { return cmp.Compare(a.Spec().ID, b.Spec().ID) })
		for _, a := range round {
			a.settling = false
			if !a.gone {
				s.settleApp(a)
			}
		}
	}
}

// settleApp brings one App closer to what is wanted: by its action in the step
// that its deployment is at, or else by keeping the number of instances.
func (s *State) settleApp(a *appState) {
	d := a.deployment
	if d == nil {
		if a.deleted {
			s.act(a, deployment.Advance(deployment.StopApplication, a.Spec(), a.Tally()))
			s.forgetApp(a)
			return
		}
		s.act(a, deployment.Advance(deployment.ScaleApplication, a.Spec(), a.Tally()))
		return
	}
	if kind, its := s.deployments.step(d).kinds[a.Spec().ID]; its {
		act := deployment.Action{Kind: kind, App: a.Spec().ID}
		s.act(a, s.next(act, a))
		s.giveUp(act, a)
	}
	s.advance(d)
}

// act carries out what an action or the keeping of numbers asks for.
func (s *State) act(a *appState, n deployment.Next) {
	s.create(a, s.resume(a, n.Start))
	s.retire(a, n.EndAny, func(*instance.Instance) bool { return true })
	s.retire(a, n.EndOld, func(i *instance.Instance) bool { return i.Condition != instance.UnreachableInactive && a.Outdated(i) })
	s.retire(a, n.EndFresh, func(i *instance.Instance) bool { return i.Condition != instance.UnreachableInactive && !a.Outdated(i) })
}

// create adds n instances to an App, which wait to be launched.
func (s *State) create(a *appState, n int) {
	created := make([]*instance.Instance, n)
	for k := range created {
		created[k] = &instance.Instance{
			ID: instance.NewID(a.Spec().ID, newUUID(s.cfg.Rand)), App: a.Spec().ID, Version: a.Spec().Version,
			Goal: instance.GoalRunning, Condition: instance.Scheduled, Since: s.now,
		}
	}
	s.roster.Join(&a.App.App, created...)
}

// giveUp lets a restart end the outdated instances that are out of sight, too:
// one that came back later would take the place of a new one.
func (s *State) giveUp(act deployment.Action, a *appState) {
	if act.Kind != deployment.RestartApplication {
		return
	}
	for _, m := range a.Members() {
		if i := m.Is(); i.Condition == instance.UnreachableInactive && i.Goal == instance.GoalRunning && a.Outdated(i) {
			s.decommission(m, false)
		}
	}
}

// retire decommissions n of the instances that keep allows.
func (s *State) retire(a *appState, n int, keep func(*instance.Instance) bool) {
	if n == 0 {
		return
	}
	for _, id := range deployment.Victims(a.Spec(), a.Copies(keep), n) {
		s.decommission(a.Member(id), false)
	}
}

// advance moves a deployment to its next step once all actions of this one are done.
func (s *State) advance(d *deployment.Deployment) {
	acts, t := d.Steps[d.Current], s.deployments.step(d)
	for n := range acts {
		at := (t.blocker + n) % len(acts)
		if a := s.app(acts[at].App); a != nil && !s.next(acts[at], a).Done {
			t.blocker = at
			return
		}
	}
	next := *d
	next.Current++
	next.Progressed = s.now
	s.publishStepDone(d)
	for _, act := range d.Steps[d.Current] {
		if act.Kind == deployment.StopApplication {
			if a := s.app(act.App); a != nil {
				s.forgetApp(a)
			}
		}
	}
	if next.Current == len(next.Steps) {
		s.end(&next, deployment.Succeeded, "")
		return
	}
	s.replace(d, &next)
	s.publishStep(&next)
}

// progressGrain is how finely progress is noted: deadlines are minutes, and a
// large deployment is touched as a whole.
const progressGrain = time.Second

// progressed notes that an App came closer to its goal, for the deadline.
func (s *State) progressed(a *appState) {
	if d := a.deployment; d != nil && s.now.Sub(d.Progressed) >= progressGrain {
		moved := *d
		moved.Progressed = s.now
		s.deployments.replace(d, &moved)
		s.affect(&moved)
		s.watchDeployment(&moved)
	}
}

// forgetApp removes a deleted App once nothing of it can live any more.
func (s *State) forgetApp(a *appState) {
	if !a.deleted || a.Tally().Old+a.Tally().Fresh+a.Tally().Outgoing+a.Tally().Inactive > 0 {
		return
	}
	id := a.Spec().ID
	for _, v := range a.Versions() {
		if s.book.Refers(v) || a.undoable(v) {
			s.persist(PutPast{Spec: v})
		}
		s.persist(DropApp{ID: id, Version: v.Version})
	}
	for _, m := range a.Members() {
		s.roster.Drop(m)
	}
	s.persist(DropTrouble{App: id})
	s.ports.count(a.Spec(), -1)
	a.gone = true
	s.roster.Remove(&a.App.App)
	s.market.Remove(&a.App)
	s.pictures.Removed(&a.page)
	s.publishChecks(a.Spec(), nil)
	s.publish(&event.AppTerminated{AppID: id})
}

// undoable reports whether the App's deployment needs a definition to undo what it did.
func (a *appState) undoable(v *app.Spec) bool {
	if a.deployment == nil {
		return false
	}
	was := a.deployment.Original[a.Spec().ID]
	return was != nil && was.Version.Equal(v.Version)
}

// dropKept forgets the definitions that were kept only for a deployment, those of
// Apps that it has deleted.
func (s *State) dropKept(d *deployment.Deployment) {
	for _, id := range deleted(d, len(d.Steps)) {
		if was := d.Original[id]; was != nil && s.app(id) == nil && !s.book.Refers(was) {
			s.persist(DropPast{ID: id, Version: was.Version})
			s.persist(DropApp{ID: id, Version: was.Version}) // where older versions of Gantry kept it
		}
	}
}

// deleted lists the Apps that a deployment deletes in its first n steps.
func deleted(d *deployment.Deployment, n int) []app.ID {
	var ids []app.ID
	for _, step := range d.Steps[:min(n, len(d.Steps))] {
		for _, act := range step {
			if act.Kind == deployment.StopApplication {
				ids = append(ids, act.App)
			}
		}
	}
	return ids
}

// cancelDeployment stops a deployment, and unless forced starts another one
// that undoes its changes.
func (s *State) cancelDeployment(c CancelDeployment) (Result, error) {
	d := s.deployments.find(c.ID)
	if d == nil {
		return Result{}, &NotFoundError{Kind: "DeploymentPlan", ID: string(c.ID)}
	}
	if c.Force {
		s.end(d, deployment.Cancelled, "cancelled by a user")
		return Result{}, nil
	}
	version := s.peekVersion()
	changes := map[app.ID]deployment.Change{}
	for _, id := range d.Affected() {
		if change, ok := s.undo(d, id, version); ok {
			changes[id] = change
		}
	}
	if err := s.ports.assign(changes); err != nil {
		return Result{}, err
	}
	return s.deploy(&proposal{apps: changes, groups: s.undoGroups(d, changes)}, version, "cancelled by a user, who has its changes undone")
}

// undo returns the change that brings an App back to what it was before d, false
// if there is nothing to do. Instances that still have that configuration are
// kept; an App that d has deleted by now is made again.
func (s *State) undo(d *deployment.Deployment, id app.ID, version time.Time) (deployment.Change, bool) {
	was, now := d.Original[id], s.app(id)
	if was == nil {
		if now == nil {
			return deployment.Change{}, false
		}
		return deployment.Change{Original: now.Spec()}, true
	}
	back := *was
	back.Version = version
	if now == nil {
		s.ports.yield(&back, nil)
		return deployment.Change{Target: &back}, true
	}
	s.ports.yield(&back, now.Spec())
	return deployment.Change{Original: now.Spec(), Target: &back, Restart: true}, true
}
