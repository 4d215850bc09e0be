package announce

import (
	"maps"
	"slices"

	"github.com/gantry-mesos/gantry/pkg/endpoint"
)

// tree is what is known to be written, and what follows from that.
type tree struct {
	layout *layout
	// dirs have the members by key. Those that a former leader wrote twice are in
	// spare, to be removed.
	dirs  map[string]map[string]node
	spare []string
	// wanted are the members of each App, made anew when its endpoints change.
	wanted map[string]want
}

// node is a member as it is written.
type node struct{ name, data string }

// want is what an App is to have, made from these.
type want struct {
	app       *endpoint.App
	endpoints []*endpoint.Endpoint
	dirs      []string
	members   []member
}

func newTree(l *layout) *tree {
	return &tree{layout: l, dirs: map[string]map[string]node{}, wanted: map[string]want{}}
}

// unit are changes that belong together: a member that is made, one that is removed,
// or one in the place of another.
type unit struct {
	dir    string
	key    string
	create *member
	// remove is the name of the node to be removed, "" for none.
	remove string
}

// size is about how many bytes it takes.
func (u *unit) size() int {
	n := 200 + len(u.dir)
	if u.create != nil {
		n += len(u.create.data)
	}
	return n
}

// plan returns what is to be done so that the tree shows these Apps: directories to
// make, changes of members, those that only remove last, and directories to remove.
func (t *tree) plan(services []endpoint.Service) (makes []string, units []unit, removes []string) {
	wanted := make(map[string]want, len(services))
	dirs := map[string]bool{}
	members := map[string]map[string]*member{}
	for n := range services {
		s := &services[n]
		w := t.wanted[string(s.ID)]
		if w.app != s.App || !slices.Equal(w.endpoints, s.Endpoints) {
			w = want{s.App, s.Endpoints, t.layout.dirs(s.App), t.layout.members(s)}
		}
		wanted[string(s.ID)] = w
		for _, dir := range w.dirs {
			dirs[dir] = true
		}
		for n := range w.members {
			m := &w.members[n]
			if members[m.dir] == nil {
				members[m.dir] = map[string]*member{}
			}
			members[m.dir][m.key] = m
		}
	}
	t.wanted = wanted
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		if t.dirs[dir] == nil {
			makes = append(makes, dir)
		}
		for _, key := range slices.Sorted(maps.Keys(members[dir])) {
			m := members[dir][key]
			if is, there := t.dirs[dir][key]; !there || is.data != m.data {
				units = append(units, unit{dir: dir, key: key, create: m, remove: is.name})
			}
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(t.dirs)) {
		for _, key := range slices.Sorted(maps.Keys(t.dirs[dir])) {
			if members[dir][key] == nil {
				units = append(units, unit{dir: dir, key: key, remove: t.dirs[dir][key].name})
			}
		}
		if !dirs[dir] {
			removes = append(removes, dir)
		}
	}
	return makes, units, removes
}

// done notes that a unit was carried out, with the name that its new member got.
func (t *tree) done(u *unit, name string) {
	if u.create == nil {
		delete(t.dirs[u.dir], u.key)
		return
	}
	if t.dirs[u.dir] == nil {
		t.dirs[u.dir] = map[string]node{}
	}
	t.dirs[u.dir][u.key] = node{name, u.create.data}
}

// orphans are how many members would go for no App that is known has them, and how
// many there are.
func (t *tree) orphans(units []unit) (gone, all int) {
	for _, members := range t.dirs {
		all += len(members)
	}
	for n := range units {
		if units[n].create == nil {
			gone++
		}
	}
	return gone, all
}
