package link

import (
	"sync"
	"time"
)

// Conn is one end of a connection. It is safe for concurrent use.
type Conn struct {
	pair          *pair
	local, remote string
	in            *queue // what travels to this end
	peer          *Conn
}

// Local returns the address of this end.
func (c *Conn) Local() string { return c.local }

// Remote returns the address of the other end.
func (c *Conn) Remote() string { return c.remote }

// Send queues m for the other end and returns at once. If the connection has ended the message is lost.
func (c *Conn) Send(m Message) {
	delay, ok := c.pair.network.admit(c.local, c.remote, m)
	if !ok {
		return
	}
	c.peer.in.put(item{message: m}, delay)
}

// Close ends the connection. What was sent before still arrives; then the other end sees it closed. This end's
// receiver sees it closed, too.
func (c *Conn) Close() {
	c.peer.in.put(item{closed: true}, 0)
	c.in.put(item{closed: true}, 0)
	c.pair.network.forget(c.pair)
}

// pair is a connection with its two ends.
type pair struct {
	network           *Network
	dialler, listener *Conn
	gone              bool // closed or aborted; guarded by network.mu
}

func newPair(n *Network, from, to string) *pair {
	p := &pair{network: n}
	p.dialler = &Conn{pair: p, local: from, remote: to}
	p.listener = &Conn{pair: p, local: to, remote: from}
	p.dialler.peer, p.listener.peer = p.listener, p.dialler
	p.dialler.in = newQueue(p.dialler)
	p.listener.in = newQueue(p.listener)
	return p
}

func (p *pair) has(addr string) bool { return p.dialler.local == addr || p.listener.local == addr }

func (p *pair) abort() {
	p.dialler.in.abort()
	p.listener.in.abort()
	p.network.forget(p)
}

type item struct {
	message Message
	closed  bool
	due     time.Time // zero: at once
}

// queue delivers items to one end in order. A goroutine runs only while there is something to deliver, so that
// thousands of idle connections cost nothing.
type queue struct {
	conn     *Conn
	receiver Receiver

	mu      sync.Mutex
	items   []item
	ended   bool // no more items are taken
	running bool
	told    bool // the receiver was told Closed
}

func newQueue(c *Conn) *queue { return &queue{conn: c} }

func (q *queue) put(it item, delay time.Duration) {
	q.mu.Lock()
	if q.ended {
		q.mu.Unlock()
		return
	}
	if delay > 0 {
		it.due = time.Now().Add(delay)
	}
	q.ended = it.closed
	q.items = append(q.items, it)
	q.mu.Unlock()
	q.run()
}

func (q *queue) abort() {
	q.mu.Lock()
	if q.told {
		q.mu.Unlock()
		return
	}
	q.items = append(q.items[:0:0], item{closed: true})
	q.ended = true
	q.mu.Unlock()
	q.run()
}

// run starts the delivering goroutine if there is work and none runs.
func (q *queue) run() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running || len(q.items) == 0 || q.conn.pair.network.blocked(q.conn.local, q.conn.remote) {
		return
	}
	q.running = true
	go q.deliver()
}

func (q *queue) deliver() {
	for {
		it, wait, ok := q.next()
		switch {
		case !ok:
			return
		case wait > 0:
			time.Sleep(wait)
		case it.closed:
			q.receiver.Closed(q.conn)
			return
		default:
			q.receiver.Receive(q.conn, it.message)
		}
	}
}

// next takes the first item if it is due, else it says how long to wait. It is not ok when there is nothing to
// deliver now, and then the goroutine ends.
func (q *queue) next() (it item, wait time.Duration, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 || q.conn.pair.network.blocked(q.conn.local, q.conn.remote) {
		q.running = false
		return item{}, 0, false
	}
	it = q.items[0]
	if !it.due.IsZero() {
		if wait = time.Until(it.due); wait > 0 {
			return item{}, wait, true
		}
	}
	q.items = q.items[1:]
	if it.closed {
		q.told = true // running stays set: nothing is delivered any more
	}
	return it, 0, true
}
