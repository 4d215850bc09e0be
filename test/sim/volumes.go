package sim

import (
	"maps"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// volumeOwner is the instance that a volume is named after.
func volumeOwner(volume string) instance.ID {
	id, _, _ := strings.Cut(volume, "#")
	return instance.ID(id)
}

// freed: only what was released is destroyed, and nothing beyond the offers.
func (c *checker) freed(m mesos.Accept) {
	have := coretest.Stock{}
	for _, id := range m.OfferIDs {
		have = have.With(c.offers[id].uses)
	}
	for _, op := range m.Operations {
		after, ok := have.Operate(op)
		if !ok {
			c.w.fail("%T of %v in the accept of %v", op, op, have)
		}
		have = after
		if d, ok := op.(mesos.Destroy); ok {
			for _, v := range d.Volumes {
				id := volumeOwner(v.Disk.PersistenceID)
				if _, released := c.w.store.Releases[id]; !released || c.w.store.Instances[id] != nil {
					c.w.fail("volume %s is destroyed and was not released", v.Disk.PersistenceID)
				}
			}
		}
	}
}

// destroyed: no data of an instance that is known are lost.
func (c *checker) destroyed(a *agent, volume string) {
	if c.w.store.Instances[volumeOwner(volume)] != nil {
		c.w.fail("volume %s is destroyed on %s while its instance is known", volume, a.id)
	}
	c.w.stats.Destroyed++
}

// writes notes that a task has data in its volumes now.
func (c *checker) writes(a *agent, t *task) {
	for _, v := range t.uses.Volumes() {
		a.data[v] = true
		c.wrote[t.owner] = true
	}
}

// atHome: a task has its own instance's volumes, nobody else's, with what
// earlier tasks wrote.
func (c *checker) atHome(a *agent, t *task) {
	volumes := t.uses.Volumes()
	if t.spec.HasPersistentVolumes() != (len(volumes) > 0) {
		c.w.fail("%s starts with volumes %v", t.id, volumes)
	}
	if len(volumes) > 0 && c.wrote[t.owner] {
		c.w.stats.Returns++
	}
	for _, v := range volumes {
		if volumeOwner(v) != t.owner {
			c.w.fail("%s starts with volume %s", t.id, v)
		}
		if c.wrote[t.owner] && !a.data[v] {
			c.w.fail("%s starts with an empty volume on %s", t.id, a.id)
		}
		for _, o := range a.tasks {
			if o != t && o.live && slices.Contains(o.uses.Volumes(), v) {
				c.w.fail("%s and %s both use volume %s", t.id, o.id, v)
			}
		}
	}
}

// reserved: agents hold nothing for instances that nobody knows, and nothing is
// to be destroyed but on agents that are gone.
func (c *checker) reserved(when string) {
	w := c.w
	living := map[mesos.AgentID]bool{}
	for _, a := range w.agents {
		if a.dead {
			continue
		}
		living[a.id] = true
		for _, owner := range slices.Sorted(maps.Keys(a.total)) {
			if owner != "" && w.store.Instances[instance.ID(owner)] == nil {
				w.fail("%s: %s still holds %+v for %s", when, a.id, a.total[owner], owner)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.store.Releases)) {
		if r := w.store.Releases[id]; living[r.Agent] {
			w.fail("%s: the release of %s on %s is left over", when, id, r.Agent)
		}
	}
}

// bury wipes instances whose data are gone with their agent, as an operator
// would who knows that.
func (u *user) bury(v *view.View) {
	there := map[string]bool{}
	for _, a := range u.w.agents {
		if a.dead {
			continue
		}
		there[string(a.id)] = true
		for _, volume := range a.total.Volumes() {
			there[volume] = true
		}
	}
	var tasks []mesos.TaskID
	v.Apps(func(a *view.App) bool {
		for _, i := range a.Instances {
			if h := i.Home; h != nil && !there[string(h.AgentID)] && !there[h.Volumes[0].PersistenceID] {
				tasks = append(tasks, i.TaskID())
			}
		}
		return true
	})
	if len(tasks) > 0 {
		u.w.sched.ask(core.KillTasks{Tasks: tasks, Wipe: true, Force: true})
	}
}
