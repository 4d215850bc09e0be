// Package faultproxy is a TCP proxy for tests that breaks connections on
// demand, the way networks do.
package faultproxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
)

// mode is what happens to bytes and to new connections.
type mode int

const (
	pass mode = iota
	refuse
	stall
	dropReplies
)

// Proxy passes connections on to a target. It ends with its test.
type Proxy struct {
	listener net.Listener
	wg       sync.WaitGroup

	mu      sync.Mutex
	changed *sync.Cond
	mode    mode
	target  string
	pairs   map[*pair]struct{}
	closed  bool
	dropped int // bytes of replies thrown away
	budget  int // bytes of requests until all is reset and refused; negative: no limit
}

// pair is one connection through the proxy.
type pair struct {
	client, server net.Conn
	torn           bool // bytes were dropped, the stream makes no sense any more
}

// Start runs a proxy to target, "host:port", which need not listen yet.
func Start(tb testing.TB, target string) *Proxy {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("listen: %v", err)
	}
	p := &Proxy{listener: l, target: target, pairs: map[*pair]struct{}{}, budget: -1}
	p.changed = sync.NewCond(&p.mu)
	p.wg.Go(p.accept)
	tb.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		p.closed = true
		p.cut()
		p.changed.Broadcast()
		p.mu.Unlock()
		p.wg.Wait()
	})
	return p
}

// Addr is where the proxy listens, "127.0.0.1:port".
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Retarget sends connections made from now on to another target.
func (p *Proxy) Retarget(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// Cut resets all connections; new ones go on as before.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut()
}

// Refuse resets all connections and every new one at once.
func (p *Proxy) Refuse() {
	p.set(refuse)
	p.Cut()
}

// Stall makes a black hole: connections stay open and new ones are accepted,
// but no byte passes until Heal, which delivers what was held up.
func (p *Proxy) Stall() { p.set(stall) }

// DropReplies lets requests through and throws the replies away. The
// connections concerned are reset by Heal.
func (p *Proxy) DropReplies() {
	p.mu.Lock()
	p.dropped = 0
	p.mu.Unlock()
	p.set(dropReplies)
}

// CutAfter lets n more bytes of requests through and then resets and refuses
// everything, as the end of the machine would.
func (p *Proxy) CutAfter(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.budget = n
}

// AwaitDropped returns once a reply has been thrown away since DropReplies.
func (p *Proxy) AwaitDropped() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.dropped == 0 && !p.closed {
		p.changed.Wait()
	}
}

// Heal lets everything pass again.
func (p *Proxy) Heal() {
	p.mu.Lock()
	for c := range p.pairs {
		if c.torn {
			c.reset()
		}
	}
	p.mu.Unlock()
	p.set(pass)
}

func (p *Proxy) set(m mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = m
	p.changed.Broadcast()
}

// cut needs p.mu.
func (p *Proxy) cut() {
	for c := range p.pairs {
		c.reset()
	}
}

func (c *pair) reset() {
	reset(c.client)
	reset(c.server)
}

// reset closes conn so that its peer gets an error, not an end of file.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	p.mu.Lock()
	target, refused := p.target, p.mode == refuse || p.closed
	p.mu.Unlock()
	if refused {
		reset(client)
		return
	}
	server, err := net.Dial("tcp", target)
	if err != nil {
		reset(client)
		return
	}
	c := &pair{client: client, server: server}
	p.mu.Lock()
	p.pairs[c] = struct{}{}
	if p.closed || p.mode == refuse {
		c.reset()
	}
	p.mu.Unlock()
	var wg sync.WaitGroup
	wg.Go(func() { p.copy(c, server, client, false) })
	wg.Go(func() { p.copy(c, client, server, true) })
	wg.Wait()
	p.mu.Lock()
	delete(p.pairs, c)
	p.mu.Unlock()
}

// copy moves bytes until one side ends, then ends the other.
func (p *Proxy) copy(c *pair, dst io.Writer, src io.Reader, reply bool) {
	defer c.reset()
	buf := make([]byte, 64<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 && p.admit(c, n, reply) {
			if _, werr := dst.Write(buf[:n]); werr != nil {
				return
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				p.admit(c, 0, reply) // a stalled network hides the end, too
			}
			return
		}
	}
}

// admit waits while the network is stalled and tells whether n bytes may pass.
func (p *Proxy) admit(c *pair, n int, reply bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.mode == stall && !p.closed {
		p.changed.Wait()
	}
	if !reply && p.budget >= 0 {
		p.budget -= n
		if p.budget < 0 {
			p.budget = 0
			p.mode = refuse
			p.cut()
			return false
		}
	}
	if reply && p.mode == dropReplies || c.torn {
		c.torn = true
		p.dropped += n
		p.changed.Broadcast()
		return false
	}
	return true
}
