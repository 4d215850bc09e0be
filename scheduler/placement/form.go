package placement

import (
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// form is how an instance without ports and volumes was cut out of an agent.
// Of an agent that offers the same kinds of resources the next one is cut alike,
// and its resource objects are the same.
type form struct {
	parts               []part
	resources, executor []mesos.Resource
	takes               []take
}

// part is what a form takes of one piece, the executor's amount included.
type part struct {
	piece  int
	stamp  *stamp
	amount resource.Scalar
}

// newForm keeps how a was cut out of s, nil if not every agent like it is cut so:
// where a kind of resource is in several pieces, their order matters.
func newForm(s *slot, a *Assignment) *form {
	if s.split() {
		return nil
	}
	f := &form{resources: a.Resources, executor: a.Executor, takes: a.takes}
	for _, t := range a.takes {
		known := false
		for n := range f.parts {
			if f.parts[n].piece == int(t.piece) {
				f.parts[n].amount += t.amount
				known = true
			}
		}
		if !known {
			f.parts = append(f.parts, part{int(t.piece), s.pieces[t.piece].stamp, t.amount})
		}
	}
	return f
}

// cut takes an instance out of the slot; ok is false, and nothing is taken, if
// the agent offers other kinds of resources.
func (f *form) cut(s *slot, a *Assignment) (ok bool) {
	if s.split() {
		return false
	}
	for n := range f.parts {
		p := &f.parts[n]
		if p.piece >= len(s.pieces) || s.pieces[p.piece].stamp != p.stamp || s.pieces[p.piece].left < p.amount {
			return false
		}
	}
	for n := range f.parts {
		p := &f.parts[n]
		s.pieces[p.piece].left -= p.amount
		s.account(&s.pieces[p.piece], -p.amount, 0)
	}
	a.Resources, a.Executor, a.takes = f.resources, f.executor, f.takes
	return true
}

// split reports whether a kind of resource is in several pieces.
func (s *slot) split() bool {
	var seen [volume + 1]bool
	for i := range s.pieces {
		k := s.pieces[i].kind
		if seen[k] {
			return true
		}
		seen[k] = true
	}
	return false
}
