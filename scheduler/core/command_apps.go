package core

import (
	"maps"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/roster"
)

// command carries out what was asked, or changes nothing and answers with the error.
func (s *State) command(e Asked) {
	r := Reply{To: e.Reply}
	switch c := e.Command.(type) {
	case ChangeApps:
		r.Result, r.Err = s.changeApps(c)
	case ChangeGroup:
		r.Result, r.Err = s.changeGroup(c)
	case RestartApp:
		r.Result, r.Err = s.restartApp(c)
	case DeleteApps:
		r.Result, r.Err = s.deleteApps(c)
	case KillTasks:
		r.Result, r.Err = s.killTasks(c)
	case TaskGone:
		r.Err = s.taskGone(c.Task)
	case CancelDeployment:
		r.Result, r.Err = s.cancelDeployment(c)
	case ResetDelay:
		r.Err = s.resetDelay(c.ID)
	case ConfirmKills:
		s.letThrough()
		s.volumes.Confirm()
		s.framework.VolumesUnclaimed = 0
	case SetQuota:
		r.Err = s.setQuota(c)
	case LetGo:
		for _, t := range c.Tasks {
			if m := s.roster.FindTask(t); m != nil && m.Is().Draining {
				s.letGo(m)
			}
		}
	case Quiesce:
		s.quiesce()
	}
	if r.Err != nil {
		s.publishRefusal(e.Command, r.Err)
	}
	s.out.Replies = append(s.out.Replies, r)
}

func (s *State) changeApps(c ChangeApps) (Result, error) {
	changes := map[app.ID]deployment.Change{}
	version := s.peekVersion()
	for _, ch := range c.Changes {
		if _, twice := changes[ch.Spec.ID]; twice {
			return Result{}, &RepeatedError{ID: ch.Spec.ID}
		}
		change, err := s.changeOf(ch, version, c.Force)
		if err != nil {
			return Result{}, err
		}
		changes[ch.Spec.ID] = change
	}
	if err := s.ports.assign(changes); err != nil {
		return Result{}, err
	}
	r, err := s.deploy(&proposal{apps: changes}, version, override(c.Force))
	if err != nil {
		return Result{}, err
	}
	s.publishPosted(c, func(id app.ID) bool { return changes[id].Original != changes[id].Target })
	for _, ch := range c.Changes {
		r.Apps = append(r.Apps, s.app(ch.Spec.ID).Spec())
	}
	return r, nil
}

// peekVersion is what nextVersion will return, without using it up.
func (s *State) peekVersion() time.Time {
	last := s.lastVersion
	v := s.nextVersion()
	s.lastVersion = last
	return v
}

// changeOf checks a wanted definition against what is there and stamps its versions.
// One that is being deleted does not exist any more; with force its new definition
// wins and the deletion is cancelled.
func (s *State) changeOf(ch AppChange, version time.Time, force bool) (deployment.Change, error) {
	id := ch.Spec.ID
	a := s.app(id)
	deleted := a != nil && a.deleted
	if deleted && a.deployment != nil && !force {
		return deployment.Change{}, &LockedError{Deployments: []deployment.ID{a.deployment.ID}}
	}
	switch {
	case a != nil && !deleted && ch.Create:
		return deployment.Change{}, &ExistsError{ID: id}
	case !ch.Base.IsZero() && (a == nil || !a.Spec().Version.Equal(ch.Base)):
		return deployment.Change{}, &ChangedError{ID: id}
	}
	spec := *ch.Spec
	if a == nil {
		if ch.Rollback {
			s.ports.yield(&spec, nil)
		}
		spec.Version, spec.LastScalingAt, spec.LastConfigChangeAt = version, version, version
		spec.RestartedAt = time.Time{}
		return deployment.Change{Target: &spec}, nil
	}
	was := a.Spec()
	spec.RestartedAt = was.RestartedAt
	spec.Version, spec.LastScalingAt, spec.LastConfigChangeAt = version, was.LastScalingAt, was.LastConfigChangeAt
	spec = *spec.WithServicePortsOf(was)
	if ch.Rollback {
		s.ports.yield(&spec, was)
	}
	change := deployment.Change{Original: was, Target: &spec}
	switch {
	case !roster.SameConfig(&spec, was):
		spec.LastScalingAt, spec.LastConfigChangeAt = version, version
		change.Restart = true
	case spec.Instances != was.Instances:
		spec.LastScalingAt = version
	case deleted:
	default:
		change.Target = was
	}
	return change, nil
}

// Spec returns an App's current definition, nil if there is none.
func (s *State) Spec(id app.ID) *app.Spec {
	if a := s.app(id); a != nil && !a.deleted {
		return a.Spec()
	}
	return nil
}

// Below lists the Apps below a group at any depth, in the order of ids.
func (s *State) Below(group app.ID) []app.ID { return s.roster.Below(group) }

// override is the reason that deployments in the way of a change are told, "" if
// the change has to wait for them.
func override(force bool) string {
	if force {
		return "replaced by a change with force=true"
	}
	return ""
}

// deploy starts a deployment of what is proposed, in place of those in its way if
// there is a reason to end them; nothing has changed when it fails.
func (s *State) deploy(p *proposal, version time.Time, override string) (Result, error) {
	steps, err := s.possible(p)
	if err != nil {
		return Result{}, err
	}
	if err := s.unlock(p.apps, override); err != nil {
		return Result{}, err
	}
	s.lastVersion = later(s.lastVersion, version)
	d := &deployment.Deployment{
		ID: deployment.ID(newUUID(s.cfg.Rand)), Version: version, Steps: steps, Started: s.now, Progressed: s.now,
		State: deployment.Active, Original: map[app.ID]*app.Spec{}, Target: map[app.ID]*app.Spec{},
	}
	s.publish(&event.GroupChanged{GroupID: p.at(), Version: event.Time{Time: version}})
	s.edit(p, version)
	for _, id := range slices.Sorted(maps.Keys(p.apps)) {
		s.apply(d, id, p.apps[id])
	}
	s.start(d)
	return Result{Deployment: d.ID, Version: version}, nil
}

// possible completes what is proposed and returns its steps, or why it cannot be.
func (s *State) possible(p *proposal) ([]deployment.Step, error) {
	s.carryOn(p.apps)
	s.complete(p)
	if err := s.distinct(p); err != nil {
		return nil, err
	}
	if err := s.storable(p.apps); err != nil {
		return nil, err
	}
	return s.plan(p)
}

// carryOn lets a change that replaces a deployment replace the outdated
// instances, too, which that one has not come to.
func (s *State) carryOn(changes map[app.ID]deployment.Change) {
	for id, c := range changes {
		if a := s.app(id); c.Original != nil && c.Target != nil && a.deployment != nil && a.Tally().Old > 0 {
			c.Restart = true
			changes[id] = c
		}
	}
}

// plan makes the steps; Apps that a change leaves as they are have no part in it.
func (s *State) plan(p *proposal) ([]deployment.Step, error) {
	moving := maps.Clone(p.apps)
	maps.DeleteFunc(moving, func(_ app.ID, c deployment.Change) bool { return c.Original == c.Target && !c.Restart })
	return deployment.Plan(moving, p.needs(), s)
}

// apply stores one App's new definition, or marks it as deleted.
func (s *State) apply(d *deployment.Deployment, id app.ID, c deployment.Change) {
	if c.Original != nil {
		d.Original[id] = c.Original
	}
	if c.Target == nil {
		s.app(id).deleted = true
		s.touch(s.app(id))
		return
	}
	d.Target[id] = c.Target
	if c.Original == c.Target {
		return
	}
	a := s.setSpec(c.Target)
	a.deleted = false
	s.persist(PutApp{Spec: c.Target})
	s.publishChecks(c.Original, c.Target)
	s.trimVersions(a, c.Original)
	if c.Restart {
		s.clearDelay(a)
	}
	s.reschedule(a)
}

// reschedule lets instances that still wait take the current definition.
func (s *State) reschedule(a *appState) {
	for _, m := range a.Members() {
		if m.Waits() && !m.Is().Version.Equal(a.Spec().Version) {
			next := *m.Is()
			next.Version = a.Spec().Version
			s.roster.Put(m, &next)
		}
	}
}

// trimVersions forgets the oldest definitions beyond those kept and in use: the
// current one, the one before it, which the deployment under way goes back to
// when it is undone, and those of instances and of history.
func (s *State) trimVersions(a *appState, before *app.Spec) {
	if len(a.Versions()) <= s.cfg.VersionsMax {
		return
	}
	used := map[int64]bool{a.Spec().Version.UnixMilli(): true}
	if before != nil {
		used[before.Version.UnixMilli()] = true
	}
	for i := range a.Instances {
		used[i.Version.UnixMilli()] = true
	}
	kept := slices.Clone(a.Versions()[:s.cfg.VersionsMax])
	for _, v := range a.Versions()[s.cfg.VersionsMax:] {
		if used[v.Version.UnixMilli()] || s.book.Refers(v) {
			kept = append(kept, v)
			continue
		}
		s.persist(DropApp{ID: v.ID, Version: v.Version})
	}
	a.Keep(kept)
}

func (s *State) restartApp(c RestartApp) (Result, error) {
	was := s.Spec(c.ID)
	if was == nil {
		return Result{}, &NotFoundError{Kind: "App", ID: string(c.ID)}
	}
	version := s.peekVersion()
	spec := *was
	spec.Version, spec.LastConfigChangeAt, spec.RestartedAt = version, version, version
	change := deployment.Change{Original: was, Target: &spec, Restart: true}
	return s.deploy(&proposal{apps: map[app.ID]deployment.Change{c.ID: change}}, version, override(c.Force))
}

func (s *State) deleteApps(c DeleteApps) (Result, error) {
	changes := map[app.ID]deployment.Change{}
	for _, id := range c.IDs {
		was := s.Spec(id)
		if was == nil {
			return Result{}, &NotFoundError{Kind: "App", ID: string(id)}
		}
		changes[id] = deployment.Change{Original: was}
	}
	return s.deploy(&proposal{apps: changes}, s.peekVersion(), override(c.Force))
}

// killTasks ends tasks; with Scale their Apps want as many fewer, as a deployment.
func (s *State) killTasks(c KillTasks) (Result, error) {
	var victims []*roster.Member
	shrink := map[app.ID]int{}
	named := map[mesos.TaskID]bool{}
	var hurried []*roster.Member
	for _, t := range c.Tasks {
		m := s.roster.FindTask(t)
		if named[t] {
			continue
		}
		named[t] = true
		if m != nil && m.Is().Draining && (c.Force || c.Wipe) {
			hurried = append(hurried, m)
		}
		if m == nil || m.Is().Goal == instance.GoalDecommissioned || !c.Wipe && keeps(m.Is(), c.Scale) {
			continue
		}
		victims = append(victims, m)
		if !ownerOf(m).deleted {
			shrink[m.App().Spec().ID]++
		}
	}
	var r Result
	if c.Scale {
		version := s.peekVersion()
		changes := map[app.ID]deployment.Change{}
		for id, n := range shrink {
			was := s.app(id).Spec()
			spec := *was
			spec.Instances = max(0, spec.Instances-n)
			spec.Version, spec.LastScalingAt = version, version
			changes[id] = deployment.Change{Original: was, Target: &spec}
		}
		var err error
		if r, err = s.deploy(&proposal{apps: changes}, version, override(c.Force)); err != nil {
			return Result{}, err
		}
	}
	for _, m := range victims {
		task := m.Is().TaskID()
		r.Tasks = append(r.Tasks, task)
		if c.Scale || c.Wipe || m.Is().Home == nil && m.Is().Condition.OutOfSight() {
			s.decommission(m, c.Wipe)
			continue
		}
		s.drain(m, m.Is(), false)
	}
	for _, m := range hurried {
		s.hurry(m, &r)
	}
	return r, nil
}

func (s *State) resetDelay(id app.ID) error {
	a := s.app(id)
	if a == nil {
		return &NotFoundError{Kind: "App", ID: string(id)}
	}
	s.clearDelay(a)
	s.market.Again()
	return nil
}
