package httpapitest

import (
	"maps"

	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// total is the size of the cluster that shares are parts of.
var total = resource.Vector{CPUs: resource.Units(100), Mem: resource.Units(100_000)}

// setQuota keeps a quota as the real scheduler does, without storing it.
func (s *Scheduler) setQuota(c core.SetQuota) error {
	next := maps.Clone(s.quotas)
	if next == nil {
		next = map[string]fairshare.Quota{}
	}
	if c.Quota == nil {
		delete(next, c.Queue)
	} else {
		next[c.Queue] = *c.Quota
	}
	if err := fairshare.CheckQuotas(next); err != nil {
		return &core.InvalidQuotaError{Queue: c.Queue, Err: err}
	}
	s.quotas = next
	return nil
}

// HoldAgent shows an agent as held for an App.
func (s *Scheduler) HoldAgent(h view.Held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heldAgents = append(s.heldAgents, h)
}

// sharing works out the shares of the pretended instances.
func (s *Scheduler) sharing(apps []*view.App) view.Sharing {
	tree := fairshare.New(fairshare.Config{Queues: s.quotas})
	tree.SetTotal(total)
	for _, a := range apps {
		n := len(a.Instances)
		tree.Charge(a.Spec.Queue(), a.Spec.Resources.Scale(int64(n)), n)
		tree.Set(fairshare.Request{App: a.Spec.ID, Queue: a.Spec.Queue(), Need: a.Spec.Resources, Count: a.Queue.Waiting}, s.now)
	}
	for it, ok := tree.Next(); ok; it, ok = tree.Next() {
		tree.Skip(it)
	}
	sh := view.Sharing{Total: total, Queues: tree.Shares(), Set: map[string]bool{}, Held: s.heldAgents}
	for path := range s.quotas {
		sh.Set[path] = true
	}
	return sh
}
