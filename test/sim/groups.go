package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/view"
)

// The groups that are changed as a whole: some Apps that run, and hundreds.
const shop, many app.ID = "/shop", "/many"

// group asks for a change of a group at random.
func (u *user) group(v *view.View, force bool) {
	w := u.w
	id := shop
	if w.chance(0.3) {
		id = many
	}
	is := v.Groups.Group(id)
	c := core.ChangeGroup{ID: id, Force: force, DryRun: w.chance(0.1)}
	versions := v.Groups.Versions(id)
	scale := []float64{0, 0.4, 2}[w.rng.IntN(3)]
	v.AppsIn(id, func(a *view.App) bool {
		if a.Spec.Instances > 1 { // the cluster has room for two
			scale = min(scale, 1)
		}
		return true
	})
	switch n := w.rng.IntN(10); {
	case n < 2 && is != nil: // it is removed
	case n < 4 && len(versions) > 0:
		c.Target, c.Rollback = v.Groups.At(id, versions[w.rng.IntN(len(versions))], specsIn(v, id)), true
		if c.Target == nil {
			w.fail("%s has no version of those that it lists", id)
		}
	case n < 5 && is != nil:
		c.Target = v.Groups.At(id, is.Version, specsIn(v, id)).Scaled(scale)
	case id == many:
		c.Target = u.hundreds()
	default:
		c.Target = u.shop()
	}
	if is != nil {
		c.Base = is.Version
	}
	w.sched.ask(c)
}

// specsIn are the Apps in a group.
func specsIn(v *view.View, id app.ID) func(yield func(*app.Spec) bool) {
	return func(yield func(*app.Spec) bool) {
		v.AppsIn(id, func(a *view.App) bool { return a.Leaving || yield(a.Spec) })
	}
}

// shop makes up a group with groups that depend on each other, sometimes in a circle.
func (u *user) shop() *group.Node {
	w := u.w
	names := []app.ID{"/shop/web", "/shop/db/one", "/shop/db/two", "/shop/cache/a", "/shop/cache/sub/b"}
	groups := []*group.Group{{ID: "/shop/db"}, {ID: "/shop/cache"}, {ID: "/shop/empty"}}
	ids := append(slices.Clone(names), "/shop/db", "/shop/cache", "/plain", "/nowhere")
	for _, g := range groups {
		if w.chance(0.3) {
			g.Dependencies = []app.ID{ids[w.rng.IntN(len(ids))]}
		}
	}
	var apps []*app.Spec
	for _, id := range names {
		if w.chance(0.7) {
			spec := u.small(id)
			if w.chance(0.4) {
				spec.Dependencies = []app.ID{ids[w.rng.IntN(len(ids))]}
			}
			apps = append(apps, spec)
		}
	}
	kept := slices.DeleteFunc(groups, func(*group.Group) bool { return w.chance(0.2) })
	return group.Build(group.Group{ID: shop}, slices.Values(kept), slices.Values(apps))
}

// hundreds makes up a group of hundreds of Apps, of which few run.
func (u *user) hundreds() *group.Node {
	var apps []*app.Spec
	for n := range 100 + u.w.rng.IntN(200) {
		spec := u.small(app.ID(fmt.Sprintf("/many/g%d/app%d", n%17, n)))
		spec.Cmd = fmt.Sprintf("m%d", u.w.rng.IntN(2))
		if spec.Instances = 0; n%150 == 0 {
			spec.Instances = 1
		}
		apps = append(apps, spec)
	}
	return group.Build(group.Group{ID: many}, slices.Values([]*group.Group{}), slices.Values(apps))
}

// small makes up a definition of an App that needs next to nothing.
func (u *user) small(id app.ID) *app.Spec {
	spec := u.spec(id)
	spec.Instances = u.w.rng.IntN(2)
	spec.Resources.CPUs, spec.Resources.Mem = resource.FromFloat(0.01), resource.Units(1)
	return spec
}

// tidyGroups has the groups be something known.
func (u *user) tidyGroups() {
	v := u.w.sched.state.View()
	for _, id := range []app.ID{shop, many} {
		is := v.Groups.Group(id)
		c := core.ChangeGroup{ID: id, Force: true}
		if is != nil {
			c.Base = is.Version
		}
		if id == shop {
			web, db := u.small("/shop/web"), u.small("/shop/db/one")
			web.Cmd, db.Cmd, web.Dependencies = "last", "last", []app.ID{"/shop/db"}
			u.wanted[web.ID], u.wanted[db.ID] = web, db
			c.Target = group.Build(group.Group{ID: shop}, slices.Values([]*group.Group{}), slices.Values([]*app.Spec{web, db}))
		} else if is == nil {
			continue
		}
		u.w.sched.ask(c)
	}
}

// history checks that what is stored of groups is what the state has, that all
// that it refers to is stored, and that each listed version is one.
func (c *checker) history(when string, v *view.View) {
	w := c.w
	here := map[app.ID]bool{group.Root: true}
	v.Groups.Below(group.Root, func(g *group.Group) bool {
		here[g.ID] = true
		if w.store.Groups[g.ID] != g {
			w.fail("%s: group %s is not stored as it is", when, g.ID)
		}
		return true
	})
	if len(w.store.Groups) != len(here) {
		w.fail("%s: %d groups are stored and there are %d", when, len(w.store.Groups), len(here))
	}
	v.Apps(func(a *view.App) bool {
		for above := range group.Above(a.Spec.ID) {
			if !here[above] {
				w.fail("%s: app %s is in no group %s", when, a.Spec.ID, above)
			}
		}
		if here[a.Spec.ID] {
			w.fail("%s: %s is an app and a group", when, a.Spec.ID)
		}
		return true
	})
	for _, id := range []app.ID{group.Root, shop, many, "/group"} {
		for _, version := range v.Groups.Versions(id) {
			if v.Groups.At(id, version, specsIn(v, id)) == nil {
				w.fail("%s: %s was nothing at %v", when, id, version)
			}
		}
	}
	c.references(when)
}

// references: what is stored refers to what is stored, and nothing of the past is
// kept for nobody.
func (c *checker) references(when string) {
	w := c.w
	alive, wanted := map[*app.Spec]bool{}, map[*app.Spec]bool{}
	for _, versions := range w.store.Versions {
		for _, s := range versions {
			alive[s] = true
		}
	}
	refer := func(s *app.Spec) {
		if wanted[s] = true; s != nil && !alive[s] && !w.store.Past[s] {
			w.fail("%s: version %v of %s is referred to and not stored", when, s.Version, s.ID)
		}
	}
	for _, version := range slices.SortedFunc(maps.Keys(w.store.Edits), time.Time.Compare) {
		for _, a := range w.store.Edits[version].Apps {
			refer(a.Was)
			refer(a.Is)
		}
	}
	for _, d := range w.store.Deployments {
		for _, s := range d.Original {
			refer(s)
		}
	}
	for s := range w.store.Past {
		if alive[s] || !wanted[s] {
			w.fail("%s: version %v of %s is kept for nobody, or twice", when, s.Version, s.ID)
		}
	}
}

func describeGroup(c core.ChangeGroup) string {
	var text strings.Builder
	fmt.Fprintf(&text, "group %s base=%s force=%t rollback=%t dryrun=%t", c.ID, c.Base.Format("15:04:05.000"), c.Force, c.Rollback, c.DryRun)
	if c.Target == nil {
		return text.String() + " goes"
	}
	n := 0
	for a := range c.Target.Specs {
		if n++; n <= 10 {
			fmt.Fprintf(&text, " %s:%s*%d", a.ID, a.Cmd, a.Instances)
		}
	}
	fmt.Fprintf(&text, " (%d apps)", n)
	return text.String()
}
