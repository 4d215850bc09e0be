package link

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrRefused is returned by [Network.Dial] when nobody listens at the address, the address is unreachable or frozen.
var ErrRefused = errors.New("connection refused")

// Rule decides about one message before it is queued: true drops it silently.
type Rule func(from, to string, m Message) bool

// Network connects the masters and agents of one mini cluster. It is safe for concurrent use.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*listener
	conns     map[*pair]struct{}
	frozen    map[string]bool
	parted    map[[2]string]bool
	delays    map[[2]string]time.Duration
	rules     map[int]Rule
	nextRule  int
}

type listener struct {
	accept func(c *Conn) Receiver
}

// NewNetwork returns a network without listeners and without faults.
func NewNetwork() *Network {
	return &Network{
		listeners: make(map[string]*listener),
		conns:     make(map[*pair]struct{}),
		frozen:    make(map[string]bool),
		parted:    make(map[[2]string]bool),
		delays:    make(map[[2]string]time.Duration),
		rules:     make(map[int]Rule),
	}
}

// Listen makes addr reachable. For each connection accept is called with the listening side's end and returns who
// receives its messages; it must not block. The returned function ends listening and leaves connections alone; to
// cut these too call [Network.Break]. It fails if addr is taken.
func (n *Network) Listen(addr string, accept func(c *Conn) Receiver) (stop func(), err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, taken := n.listeners[addr]; taken {
		return nil, fmt.Errorf("listen on %s: address already in use", addr)
	}
	l := &listener{accept: accept}
	n.listeners[addr] = l
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.listeners[addr] == l {
			delete(n.listeners, addr)
		}
	}, nil
}

// Dial connects from one address to another and returns the dialling side's end, whose messages go to r. It fails
// with [ErrRefused].
func (n *Network) Dial(from, to string, r Receiver) (*Conn, error) {
	n.mu.Lock()
	l, ok := n.listeners[to]
	if !ok || n.frozen[from] || n.frozen[to] || n.parted[key(from, to)] {
		n.mu.Unlock()
		return nil, fmt.Errorf("dial %s from %s: %w", to, from, ErrRefused)
	}
	n.mu.Unlock()
	p := newPair(n, from, to)
	p.dialler.in.receiver = r
	p.listener.in.receiver = l.accept(p.listener)
	n.mu.Lock()
	defer n.mu.Unlock()
	if !p.gone {
		n.conns[p] = struct{}{}
	}
	return p.dialler, nil
}

// Break ends every connection of addr at once, as if the process had died: both ends see it closed and what was
// under way is lost. Listening is not affected.
func (n *Network) Break(addr string) {
	n.each(func(p *pair) bool { return p.has(addr) }, (*pair).abort)
}

// BreakBetween ends the connections between two addresses.
func (n *Network) BreakBetween(a, b string) {
	n.each(func(p *pair) bool { return p.has(a) && p.has(b) }, (*pair).abort)
}

// Freeze stops all delivery to and from addr; connections stay open and messages are kept until [Network.Thaw]. It
// is what the others see of a process that got SIGSTOP.
func (n *Network) Freeze(addr string) {
	n.mu.Lock()
	n.frozen[addr] = true
	n.mu.Unlock()
}

// Thaw undoes [Network.Freeze].
func (n *Network) Thaw(addr string) {
	n.mu.Lock()
	delete(n.frozen, addr)
	n.mu.Unlock()
	n.wake()
}

// Partition keeps two addresses from reaching each other: connections stay open, messages are kept and new
// connections are refused until [Network.Heal].
func (n *Network) Partition(a, b string) {
	n.mu.Lock()
	n.parted[key(a, b)] = true
	n.mu.Unlock()
}

// Heal undoes [Network.Partition].
func (n *Network) Heal(a, b string) {
	n.mu.Lock()
	delete(n.parted, key(a, b))
	n.mu.Unlock()
	n.wake()
}

// Delay makes each message between two addresses take d at least; 0 removes the delay.
func (n *Network) Delay(a, b string, d time.Duration) {
	n.mu.Lock()
	if d <= 0 {
		delete(n.delays, key(a, b))
	} else {
		n.delays[key(a, b)] = d
	}
	n.mu.Unlock()
}

// Drop installs a rule that is asked for each message when it is sent. The returned function removes it.
func (n *Network) Drop(r Rule) (remove func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	id := n.nextRule
	n.nextRule++
	n.rules[id] = r
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.rules, id)
	}
}

// DropClass returns a rule that drops messages of one class between two addresses, in both directions. An empty
// address stands for any.
func DropClass(c Class, a, b string) Rule {
	match := func(pattern, addr string) bool { return pattern == "" || pattern == addr }
	return func(from, to string, m Message) bool {
		return m.Class() == c && (match(a, from) && match(b, to) || match(a, to) && match(b, from))
	}
}

// each calls f for the pairs that pass, outside the lock.
func (n *Network) each(pass func(*pair) bool, f func(*pair)) {
	n.mu.Lock()
	var found []*pair
	for p := range n.conns {
		if pass(p) {
			found = append(found, p)
		}
	}
	n.mu.Unlock()
	for _, p := range found {
		f(p)
	}
}

func (n *Network) wake() {
	n.each(func(*pair) bool { return true }, func(p *pair) {
		p.dialler.in.run()
		p.listener.in.run()
	})
}

// admit says whether m may be queued and how long it takes.
func (n *Network) admit(from, to string, m Message) (delay time.Duration, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, r := range n.rules {
		if r(from, to, m) {
			return 0, false
		}
	}
	return n.delays[key(from, to)], true
}

func (n *Network) blocked(a, b string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.frozen[a] || n.frozen[b] || n.parted[key(a, b)]
}

func (n *Network) forget(p *pair) {
	n.mu.Lock()
	p.gone = true
	delete(n.conns, p)
	n.mu.Unlock()
}

func key(a, b string) [2]string {
	if a > b {
		a, b = b, a
	}
	return [2]string{a, b}
}
