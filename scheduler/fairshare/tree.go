package fairshare

import (
	"fmt"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// Mode is how the queues take turns.
type Mode uint8

// The modes. The zero value is DRF.
const (
	// DRF serves the queue with the lowest weighted dominant share.
	DRF Mode = iota
	// FIFO serves by priority and order of arrival whatever the queue; limits still hold.
	FIFO
)

// String returns the name as the --fairness flag spells it.
func (m Mode) String() string {
	switch m {
	case DRF:
		return "drf"
	case FIFO:
		return "fifo"
	default:
		return ""
	}
}

// ParseMode is the inverse of String.
func ParseMode(name string) (Mode, error) {
	for m := DRF; m <= FIFO; m++ {
		if m.String() == name {
			return m, nil
		}
	}
	return 0, fmt.Errorf("unknown fairness %q; use drf or fifo", name)
}

// Config is how a Tree shares.
type Config struct {
	Mode Mode
	// Queues holds the quotas by path, such as "/prod"; others have weight 1 and no quota.
	Queues map[string]Quota
}

// Tree is the queues, what they use and what waits in them.
type Tree struct {
	mode  Mode
	root  *node
	total resource.Vector
	items map[app.ID]*Item
	// leaves remembers the leaf of a queue's path.
	leaves map[string]*node
	// rested are the nodes in whose lines something was skipped.
	rested []*node
	seq    uint64
}

// New returns a tree in which nothing waits and nothing is used.
func New(cfg Config) *Tree {
	t := &Tree{mode: cfg.Mode, root: &node{path: "/", pos: -1}, items: map[app.ID]*Item{}, leaves: map[string]*node{}}
	for path, q := range cfg.Queues {
		t.SetQuota(path, q)
	}
	return t
}

// SetQuota changes what a queue may have, from now on.
func (t *Tree) SetQuota(path string, q Quota) {
	n := t.node(path)
	n.quota = q
	t.reweigh(n)
	t.unlimit(n)
}

// SetTotal tells how large the cluster is; shares are parts of it. A resource
// of which there is nothing counts for nobody.
func (t *Tree) SetTotal(total resource.Vector) {
	if t.total == total {
		return
	}
	t.total = total
	t.reweighAll(t.root)
}

func (t *Tree) reweighAll(n *node) {
	for _, c := range n.children {
		t.reweighAll(c)
	}
	t.reweigh(n)
}

// reweigh moves a node to its place among its siblings.
func (t *Tree) reweigh(n *node) {
	n.weigh(t.total)
	if n.pos >= 0 {
		n.parent.active.fix(n)
	}
}

// node returns the queue of a path.
func (t *Tree) node(path string) *node {
	n := t.root
	for name := range strings.SplitSeq(path, "/") {
		if name != "" {
			n = n.child(name)
		}
	}
	return n
}

// own is the name of the node that holds a queue's own items.
const own = "."

// leaf returns the node that the items of a queue are charged to.
func (t *Tree) leaf(path string) *node {
	n := t.leaves[path]
	if n == nil {
		n = t.node(path).child(own)
		t.leaves[path] = n
	}
	return n
}

// Set says how many instances of an App wait, in place of what was said
// before. Zero takes it out. An App keeps its turn while its queue and priority
// stay the same.
func (t *Tree) Set(r Request, now time.Time) {
	it := t.items[r.App]
	switch {
	case it == nil && r.Count <= 0:
		return
	case it == nil:
		t.seq++
		it = &Item{Since: now, seq: t.seq}
		t.items[r.App] = it
	case r.Count <= 0:
		t.drop(it)
		return
	case it.Queue == r.Queue && it.Priority == r.Priority && it.Need == r.Need:
		it.wait(r.Count - it.Count)
		return
	default:
		t.leave(it)
		it.wait(-it.Count)
	}
	it.Request = r
	it.leaf = t.leaf(r.Queue)
	it.Count = 0
	it.wait(r.Count)
	t.enter(it)
}

// Waiting returns the item of an App, nil if none of its instances waits.
func (t *Tree) Waiting(id app.ID) *Item { return t.items[id] }

// Len is how many Apps wait.
func (t *Tree) Len() int { return len(t.items) }

// lineOf returns the node in whose line the item stands.
func (t *Tree) lineOf(it *Item) *node {
	if t.mode == FIFO {
		return t.root
	}
	return it.leaf
}

// enter makes an item ready.
func (t *Tree) enter(it *Item) {
	it.state = ready
	n := t.lineOf(it)
	n.items.enter(it)
	n.activate()
}

// leave takes an item from where it stands.
func (t *Tree) leave(it *Item) {
	switch it.state {
	case ready:
		n := t.lineOf(it)
		n.items.leave(it)
		n.retire()
	case limited:
		it.over.limited = unlist(it.over.limited, it)
		it.over = nil
	}
	it.state = 0
}

// unlist takes an item out of the list that its index is of.
func unlist(list []*Item, it *Item) []*Item {
	last := len(list) - 1
	list[it.index] = list[last]
	list[it.index].index = it.index
	list[last] = nil
	return list[:last]
}

func (t *Tree) drop(it *Item) {
	t.leave(it)
	it.wait(-it.Count)
	delete(t.items, it.App)
}

// Next returns the item whose instance is next, without taking it: say Placed
// or Skip before asking again. ok is false when nothing is ready.
func (t *Tree) Next() (it *Item, ok bool) {
	for {
		n := t.root
		for len(n.active) > 0 {
			n = n.active[0]
		}
		if it = n.items.next(); it == nil {
			return nil, false
		}
		full := t.limiting(it)
		if full == nil {
			return it, true
		}
		t.leave(it)
		it.state, it.over, it.index = limited, full, len(full.limited)
		full.limited = append(full.limited, it)
	}
}

// limiting returns the queue whose limit keeps the item out, nil if none does.
func (t *Tree) limiting(it *Item) *node {
	for n := it.leaf; n != nil; n = n.parent {
		if n.exceeds(it.Need) {
			return n
		}
	}
	return nil
}

// Placed takes one instance of the item off and charges its queue.
func (t *Tree) Placed(it *Item, now time.Time) {
	leaf, need := it.leaf, it.Need
	t.Take(it, now)
	t.charge(leaf, need, 1)
}

// Take takes one instance of the item off without charging: for who charges
// running instances by other means.
func (t *Tree) Take(it *Item, now time.Time) {
	it.wait(-1)
	it.Since = now
	if it.Count <= 0 {
		t.drop(it)
	}
}

// Skip passes over the item that Next returned until Wake: it fits nowhere, and
// those behind it may.
func (t *Tree) Skip(it *Item) {
	n := t.lineOf(it)
	n.items.skip(it)
	n.retire()
	if !n.rested {
		n.rested = true
		t.rested = append(t.rested, n)
	}
}

// Wake gives all skipped items their turn again, as when offers came.
func (t *Tree) Wake() {
	for _, n := range t.rested {
		n.rested = false
		n.items.wake()
		if n.items.next() != nil {
			n.activate()
		}
	}
	clear(t.rested)
	t.rested = t.rested[:0]
}

// Charge adds n instances that run and use so much together to what the queue
// uses; Placed does so for its own.
func (t *Tree) Charge(queue string, used resource.Vector, n int) { t.charge(t.leaf(queue), used, n) }

// Release takes off what n instances that ended used together.
func (t *Tree) Release(queue string, used resource.Vector, n int) {
	leaf := t.leaf(queue)
	t.charge(leaf, resource.Vector{}.Sub(used), -n)
	for n := leaf; n != nil; n = n.parent {
		t.unlimit(n)
	}
}

func (t *Tree) charge(n *node, used resource.Vector, count int) {
	for ; n != nil; n = n.parent {
		n.used = n.used.Add(used)
		n.count += count
		t.reweigh(n)
	}
}

// unlimit makes the items that waited for the queue's limit ready.
func (t *Tree) unlimit(n *node) {
	waiting := n.limited
	n.limited = nil
	for _, it := range waiting {
		it.over = nil
		t.enter(it)
	}
}

// Used returns what all queues use together.
func (t *Tree) Used() resource.Vector { return t.root.used }
