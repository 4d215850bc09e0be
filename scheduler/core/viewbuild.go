package core

import (
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// View returns the picture of the State as it is now. Its cost grows with what
// changed since the last one, not with the whole.
func (s *State) View() *View {
	v := &View{
		At: s.now, Framework: s.framework, Deployments: slices.Clone(s.deployments),
		apps: s.view.apps.Clone(), agents: s.view.agents.Clone(), tasks: s.view.tasks,
	}
	for id := range s.changed {
		old, had := v.apps.Get(&AppView{Spec: &app.Spec{ID: id}})
		if had {
			v.tasks = v.tasks.add(old.Counts.negative())
		}
		a := s.apps[id]
		if a == nil {
			if had {
				v.apps.Delete(old)
			}
			continue
		}
		is := a.view(s.now)
		v.tasks = v.tasks.add(is.Counts)
		v.apps.ReplaceOrInsert(is)
	}
	for id := range s.agentsChanged {
		v.agents.ReplaceOrInsert(s.agents[id])
	}
	clear(s.changed)
	clear(s.agentsChanged)
	s.view = v
	return v
}

func (c Counts) negative() Counts { return Counts{-c.Staged, -c.Running, -c.Healthy, -c.Unhealthy} }

func (a *appState) view(now time.Time) *AppView {
	v := &AppView{
		Spec: a.spec, Versions: slices.Clone(a.versions), Instances: slices.Clone(a.instances),
		LastFailure: a.trouble.Failure, Counts: a.counts, Queue: a.queue,
	}
	if a.deployment != nil {
		v.Deployments = []deployment.ID{a.deployment.ID}
	}
	v.Queue.Waiting = a.nWaiting
	if a.trouble.DelayUntil.After(now) {
		v.Queue.DelayUntil = a.trouble.DelayUntil
	}
	return v
}

// noteAttempt keeps for readers what came of the last try to place an App.
func (s *State) noteAttempt(a *appState, d *placement.Demand) {
	s.changed[a.spec.ID] = true
	if a.nWaiting == 0 {
		a.queue = QueueView{}
		return
	}
	a.queue.Processed += len(s.offers)
	a.queue.Unused += len(s.offers)
	a.queue.LastUnused = s.now
}
