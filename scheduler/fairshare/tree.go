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
	// items are of all Apps that ever waited, lined is how many wait now.
	items map[app.ID]*Item
	lined int
	// leaves remembers the leaf of a queue's path.
	leaves map[string]*node
	// listed are the queues by path, without the nodes of their own items.
	listed []*node
	// rested are the nodes in whose lines something was skipped, limited the items
	// that were because of a limit, and nLimited how many still wait for that.
	rested   []*node
	limited  []*Item
	nLimited int
	seq      uint64
}

// New returns a tree in which nothing waits and nothing is used.
func New(cfg Config) *Tree {
	t := &Tree{mode: cfg.Mode, root: &node{path: "/", pos: -1}, items: map[app.ID]*Item{}, leaves: map[string]*node{}}
	t.listed = []*node{t.root}
	for path, q := range cfg.Queues {
		t.SetQuota(path, q)
	}
	return t
}

// SetQuota changes what a queue may have, from now on. What waits because of a
// limit gets its turn with the next Wake.
func (t *Tree) SetQuota(path string, q Quota) {
	n := t.node(path)
	n.quota = q
	t.settle(n)
}

// SetTotal tells how large the cluster is; shares are parts of it. A resource
// of which there is nothing counts for nobody.
func (t *Tree) SetTotal(total resource.Vector) {
	if t.total == total {
		return
	}
	t.total = total
	if t.mode == DRF {
		t.weighAll(t.root)
	}
}

func (t *Tree) weighAll(n *node) {
	for _, c := range n.children {
		t.weighAll(c)
		c.weigh(t.total, false)
	}
	n.active.rebuild()
}

// settle puts a node, and those above it, where they belong among their
// siblings, after something has changed in it.
func (t *Tree) settle(n *node) {
	if t.mode == FIFO {
		return
	}
	for ; n.parent != nil; n = n.parent {
		active := &n.parent.active
		n.weigh(t.total, active.only(n))
		switch {
		case n.pos >= 0 && n.head != nil:
			active.fix(n)
		case n.pos >= 0:
			active.remove(n)
		case n.head != nil:
			if len(*active) == 1 {
				active.company(t.total)
			}
			active.push(n)
		}
	}
}

// node returns the queue of a path.
func (t *Tree) node(path string) *node {
	n := t.root
	for name := range strings.SplitSeq(path, "/") {
		if name != "" {
			n = t.child(n, name)
		}
	}
	return n
}

// leaf returns the node that the items of a queue are charged to.
func (t *Tree) leaf(path string) *node {
	n := t.leaves[path]
	if n == nil {
		n = t.child(t.node(path), own)
		t.leaves[path] = n
	}
	return n
}

// Set says how many instances of an App wait, in place of what was said
// before. Zero takes it out. An App keeps its turn while its queue and priority
// stay the same.
func (t *Tree) Set(r Request, now time.Time) {
	it := t.items[r.App]
	switch waits := it != nil && it.lined; {
	case r.Count <= 0:
		if waits {
			t.drop(it)
		}
		return
	case it == nil:
		it = &Item{}
		t.items[r.App] = it
		fallthrough
	case !waits:
		t.seq++
		it.Since, it.seq = now, t.seq
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
func (t *Tree) Waiting(id app.ID) *Item {
	if it := t.items[id]; it != nil && it.lined {
		return it
	}
	return nil
}

// Len is how many Apps wait.
func (t *Tree) Len() int { return t.lined }

// Forget takes an App out for good.
func (t *Tree) Forget(id app.ID) {
	if it := t.Waiting(id); it != nil {
		t.drop(it)
	}
	delete(t.items, id)
}

// Limited is how many of the waiting Apps Next passed over because of a limit
// since the last Wake.
func (t *Tree) Limited() int { return t.nLimited }

// lineOf returns the node in whose line the item stands.
func (t *Tree) lineOf(it *Item) *node {
	if t.mode == FIFO {
		return t.root
	}
	return it.leaf
}

// enter puts an item in its line.
func (t *Tree) enter(it *Item) {
	n := t.lineOf(it)
	n.items.enter(it)
	it.lined = true
	t.lined++
	t.settle(n)
}

// leave takes an item out of its line.
func (t *Tree) leave(it *Item) {
	t.unlimit(it)
	n := t.lineOf(it)
	n.items.leave(it)
	it.lined = false
	t.lined--
	t.settle(n)
}

func (t *Tree) drop(it *Item) {
	t.leave(it)
	it.wait(-it.Count)
}

// Next returns the item whose instance is next, without taking it: say Placed
// or Skip before asking again. Items that a limit keeps out are passed over until
// Wake. ok is false when nothing is ready.
func (t *Tree) Next() (it *Item, ok bool) {
	for {
		it = t.first()
		if it == nil {
			return nil, false
		}
		full := t.limiting(it)
		if full == nil {
			return it, true
		}
		it.over = full
		full.limited++
		t.nLimited++
		t.limited = append(t.limited, it)
		t.Skip(it)
	}
}

func (t *Tree) first() *Item {
	if len(t.root.active) > 0 {
		return t.root.active[0].node.head
	}
	return t.root.items.next()
}

// unlimit forgets that a limit kept the item out.
func (t *Tree) unlimit(it *Item) {
	if it.over != nil {
		it.over.limited--
		t.nLimited--
		it.over = nil
	}
}

// limiting returns the queue whose limit keeps the item out, nil if none does.
func (t *Tree) limiting(it *Item) *node {
	for n := it.leaf; n != nil; n = n.parent {
		if n.quota.exceeds(n.used, it.Need) {
			return n
		}
	}
	return nil
}

// Placed takes one instance of the item off and charges its queue.
func (t *Tree) Placed(it *Item, now time.Time) {
	leaf := it.leaf
	it.Since = now
	t.lineOf(it).recent = it
	it.Count--
	for n := leaf; n != nil; n = n.parent {
		n.waiting--
		n.used = n.used.Add(it.Need)
		n.count++
	}
	if it.Count <= 0 {
		t.drop(it)
	} else {
		t.settle(leaf)
	}
}

// Overtaken reports whether another App of the same line and no higher priority
// got on since this one did, by instances that need less of something: as long
// as such keep coming they may take all that becomes free.
func (t *Tree) Overtaken(it *Item) bool {
	r := t.lineOf(it).recent
	return r != nil && r != it && r.Since.After(it.Since) && r.Priority <= it.Priority && !it.Need.Fits(r.Need)
}

// Skip passes over the item that Next returned until Wake: it fits nowhere, and
// those behind it may.
func (t *Tree) Skip(it *Item) {
	n := t.lineOf(it)
	n.items.skip(it)
	if !n.rested {
		n.rested = true
		t.rested = append(t.rested, n)
	}
	t.settle(n)
}

// Wake gives all items that were passed over their turn again, as when offers
// came or something became free.
func (t *Tree) Wake() {
	for _, it := range t.limited {
		t.unlimit(it)
	}
	clear(t.limited)
	t.limited = t.limited[:0]
	for _, n := range t.rested {
		n.rested = false
		n.items.wake()
		t.settle(n)
	}
	clear(t.rested)
	t.rested = t.rested[:0]
}

// Charge adds n instances that run and use so much together to what the queue
// uses; Placed does so for its own.
func (t *Tree) Charge(queue string, used resource.Vector, n int) { t.charge(t.leaf(queue), used, n) }

// Refund takes off what n instances that ended used together.
func (t *Tree) Refund(queue string, used resource.Vector, n int) {
	t.charge(t.leaf(queue), resource.Vector{}.Sub(used), -n)
}

func (t *Tree) charge(leaf *node, used resource.Vector, count int) {
	for n := leaf; n != nil; n = n.parent {
		n.used = n.used.Add(used)
		n.count += count
	}
	t.settle(leaf)
}

// Used returns what all queues use together.
func (t *Tree) Used() resource.Vector { return t.root.used }
