package election

import (
	"context"
	"net"
	"sync"
)

// Gate freezes what a process does with the group, as SIGSTOP would. The zero value is open.
type Gate struct {
	mu   sync.Mutex
	open chan struct{} // nil while open, closed when it opens again
}

// Freeze closes the gate: nothing is sent, received or noticed until Thaw.
func (g *Gate) Freeze() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open == nil {
		g.open = make(chan struct{})
	}
}

// Thaw opens the gate.
func (g *Gate) Thaw() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open != nil {
		close(g.open)
		g.open = nil
	}
}

// Wait returns once the gate is open or ctx is done.
func (g *Gate) Wait(ctx context.Context) error {
	for {
		g.mu.Lock()
		open := g.open
		g.mu.Unlock()
		if open == nil {
			return ctx.Err()
		}
		select {
		case <-open:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// dialer returns what connects once the gate is open; a connection stands still while it is closed, until ctx is done.
func (g *Gate) dialer(ctx context.Context) func(context.Context, string, string) (net.Conn, error) {
	return func(dial context.Context, network, addr string) (net.Conn, error) {
		if err := g.Wait(dial); err != nil {
			return nil, err
		}
		conn, err := (&net.Dialer{}).DialContext(dial, network, addr)
		if err != nil {
			return nil, err
		}
		return g.Conn(ctx, conn), nil
	}
}

// Conn makes a connection stand still while the gate is closed: nothing that arrives is read and nothing is written.
// When ctx is done it fails instead of waiting.
func (g *Gate) Conn(ctx context.Context, conn net.Conn) net.Conn {
	return &gatedConn{Conn: conn, ctx: ctx, gate: g}
}

type gatedConn struct {
	net.Conn
	ctx  context.Context
	gate *Gate
}

func (c *gatedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if waitErr := c.gate.Wait(c.ctx); waitErr != nil {
		return 0, waitErr
	}
	return n, err
}

func (c *gatedConn) Write(p []byte) (int, error) {
	if err := c.gate.Wait(c.ctx); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
