package group

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// Root is the group that holds all others.
const Root app.ID = "/"

// Group is what a group says of itself. It is immutable: a change makes a new one.
type Group struct {
	ID app.ID
	// Version is the time of the last accepted change of anything in it, in whole
	// milliseconds, UTC.
	Version time.Time
	// Dependencies are Apps and groups that everything in this group waits for.
	Dependencies []app.ID
	// EnforceRole has new Apps in this group, which is at the top, use its name as role.
	EnforceRole bool
}

// Same reports whether both say the same, whenever they said it.
func (g *Group) Same(o *Group) bool {
	if g == nil || o == nil {
		return g == o
	}
	return g.EnforceRole == o.EnforceRole && slices.Equal(g.Dependencies, o.Dependencies)
}

// Top reports whether id is that of a group directly below the root.
func Top(id app.ID) bool { return id != Root && id.Parent() == Root }

// Above lists the groups that hold what has this id, the nearest first and the root last.
func Above(id app.ID) iter.Seq[app.ID] {
	return func(yield func(app.ID) bool) {
		for id != Root {
			if id = id.Parent(); !yield(id) {
				return
			}
		}
	}
}

// Node is a group with all that is in it. It is immutable: a change makes a new
// one, which shares what is as before.
type Node struct {
	Group
	// Apps and Groups are those directly in it, by id.
	Apps   []*app.Spec
	Groups []*Node
}

// Build makes the tree of a group: all that is in it, at any depth, in any order.
// Groups that hold something and are not listed say nothing of themselves.
func Build(of Group, groups iter.Seq[*Group], apps iter.Seq[*app.Spec]) *Node {
	nodes := map[app.ID]*Node{of.ID: {Group: of}}
	var node func(id app.ID) *Node
	node = func(id app.ID) *Node {
		n := nodes[id]
		if n == nil {
			n = &Node{Group: Group{ID: id}}
			nodes[id] = n
			above := node(id.Parent())
			above.Groups = append(above.Groups, n)
		}
		return n
	}
	for g := range groups {
		if g.ID.Within(of.ID) && g.ID != of.ID {
			node(g.ID).Group = *g
		}
	}
	for a := range apps {
		n := node(a.ID.Parent())
		n.Apps = append(n.Apps, a)
	}
	for _, n := range nodes {
		n.sort()
	}
	return nodes[of.ID]
}

func (n *Node) sort() {
	slices.SortFunc(n.Apps, func(a, b *app.Spec) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(n.Groups, func(a, b *Node) int { return cmp.Compare(a.ID, b.ID) })
}

// All calls yield for the group and each group in it, at any depth.
func (n *Node) All(yield func(*Node) bool) { n.all(yield) }

func (n *Node) all(yield func(*Node) bool) bool {
	if !yield(n) {
		return false
	}
	for _, g := range n.Groups {
		if !g.all(yield) {
			return false
		}
	}
	return true
}

// Specs calls yield for each App in the group, at any depth.
func (n *Node) Specs(yield func(*app.Spec) bool) {
	for g := range n.All {
		for _, a := range g.Apps {
			if !yield(a) {
				return
			}
		}
	}
}

// Scaled returns the group with the instances of all its Apps multiplied, rounded
// up. The bound of instances is the caller's to check.
func (n *Node) Scaled(by float64) *Node {
	out := *n
	out.Apps = make([]*app.Spec, len(n.Apps))
	for i, a := range n.Apps {
		scaled := *a
		scaled.Instances = int(min(math.Ceil(float64(a.Instances)*by-rounding), math.MaxInt32))
		if out.Apps[i] = &scaled; scaled.Instances == a.Instances {
			out.Apps[i] = a
		}
	}
	out.Groups = make([]*Node, len(n.Groups))
	for i, g := range n.Groups {
		out.Groups[i] = g.Scaled(by)
	}
	return &out
}

// rounding keeps products such as 10*1.1 from passing a whole number by an ulp.
const rounding = 1e-9
