package placement

import (
	"slices"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// none is the value of an agent that lacks a field.
const none int32 = -1

// field is one thing that constraints look at: the host name, region, zone or
// an attribute. Its values are numbered as they turn up.
type field struct {
	name   string
	ids    map[string]int32
	values []string
	// of is the value of each agent.
	of []int32
	// only is the agent of a value that has just one, as host names do; else it
	// is several, and members has them in ascending order.
	only    []int32
	members [][]int32
	// has is the agents that have the field.
	has bitset
	// sets are the members of large values as bitsets, nil for small ones.
	sets []bitset
}

// field returns the field of that name, with the values of all agents.
func (c *Cluster) field(name string) *field {
	if name == "@hostname" {
		name = "hostname"
	}
	f := c.fields[name]
	if f == nil {
		f = &field{name: name, ids: map[string]int32{}}
		c.fields[name] = f
		for i := range c.agents {
			f.enter(int32(i), c.agents[i].Site)
		}
	}
	return f
}

// value returns the number of the site's value, none if it lacks the field.
func (f *field) value(s *mesos.Site) int32 {
	text, has := s.Field(f.name)
	if !has {
		return none
	}
	return f.intern(text)
}

// intern returns the number of a text.
func (f *field) intern(text string) int32 {
	v, known := f.ids[text]
	if !known {
		v = int32(len(f.values))
		f.ids[text] = v
		f.values = append(f.values, text)
		f.members = append(f.members, nil)
		f.only = append(f.only, several)
		f.sets = append(f.sets, nil)
	}
	return v
}

// several marks a value that has no member or more than one.
const several int32 = -1

// sparse is how many members a value may have without a bitset: so many single
// bits are as quick to change as the words of a set.
const sparse = 64

// enter notes the value of agent i, which is new or was left before.
func (f *field) enter(i int32, s *mesos.Site) {
	for int(i) >= len(f.of) {
		f.of = append(f.of, none)
	}
	v := f.value(s)
	f.of[i] = v
	if v == none {
		return
	}
	f.has.set(i)
	switch {
	case f.only[v] == several && len(f.members[v]) == 0:
		f.only[v] = i
		return
	case f.only[v] != several:
		f.members[v] = append(f.members[v], f.only[v])
		f.only[v] = several
	}
	at, _ := slices.BinarySearch(f.members[v], i)
	f.members[v] = slices.Insert(f.members[v], at, i)
	switch {
	case f.sets[v] != nil:
		f.sets[v].set(i)
	case len(f.members[v]) > sparse:
		for _, m := range f.members[v] {
			f.sets[v].set(m)
		}
	}
}

// leave forgets the value of agent i.
func (f *field) leave(i int32) {
	v := f.of[i]
	if v == none {
		return
	}
	f.of[i] = none
	f.has.clear(i)
	if f.only[v] == i {
		f.only[v] = several
		return
	}
	if at, found := slices.BinarySearch(f.members[v], i); found {
		f.members[v] = slices.Delete(f.members[v], at, at+1)
	}
	if f.sets[v] != nil {
		f.sets[v].clear(i)
	}
}

// each calls yield for the agents of a value.
func (f *field) each(v int32, yield func(i int32)) {
	if i := f.only[v]; i != several {
		yield(i)
		return
	}
	for _, i := range f.members[v] {
		yield(i)
	}
}

// add puts the members of a value into b.
func (f *field) add(b *bitset, v int32) {
	if i := f.only[v]; i != several {
		b.set(i)
		return
	}
	if set := f.sets[v]; set != nil {
		b.grow(len(set) << 6)
		for w, bits := range set {
			(*b)[w] |= bits
		}
		return
	}
	for _, i := range f.members[v] {
		b.set(i)
	}
}

// drop takes the members of a value out of b.
func (f *field) drop(b bitset, v int32) {
	if i := f.only[v]; i != several {
		b.clear(i)
		return
	}
	if set := f.sets[v]; set != nil {
		for w := range min(len(set), len(b)) {
			b[w] &^= set[w]
		}
		return
	}
	for _, i := range f.members[v] {
		b.clear(i)
	}
}
