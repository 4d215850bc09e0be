// Package transporttest connects HTTP clients and servers without sockets, for
// tests on virtual time.
package transporttest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
)

// Network connects HTTP clients and servers in memory, so that tests can run on
// virtual time. An address without a server refuses connections. Make one with New.
type Network struct {
	mu    sync.Mutex
	hosts map[string]chan net.Conn
	dials map[string]int
}

// New makes a network without servers.
func New() *Network {
	return &Network{hosts: map[string]chan net.Conn{}, dials: map[string]int{}}
}

// Transport makes a transport, as httptransport does, whose connections stay in
// the network. They are closed when the test ends.
func (n *Network) Transport(tb testing.TB) *http.Transport {
	tb.Helper()
	out, err := httptransport.New(httptransport.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	out.DialContext = n.dial
	tb.Cleanup(out.CloseIdleConnections)
	return out
}

// Dials returns how many connections to addr were tried.
func (n *Network) Dials(addr string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dials[addr]
}

func (n *Network) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	n.dials[addr]++
	conns := n.hosts[addr]
	n.mu.Unlock()
	if conns == nil {
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	}
	here, there := net.Pipe()
	select {
	case conns <- there:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Serve starts a server at addr; stop ends it and its connections.
func (n *Network) Serve(addr string, h http.Handler) (stop func()) {
	l := &listener{conns: make(chan net.Conn), closed: make(chan struct{})}
	n.mu.Lock()
	n.hosts[addr] = l.conns
	n.mu.Unlock()
	server := &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l)
	}()
	return func() {
		n.mu.Lock()
		delete(n.hosts, addr)
		n.mu.Unlock()
		_ = server.Close()
		<-ended
	}
}

// headerTimeout bounds how long a client may take for the head of a request.
const headerTimeout = time.Minute

type listener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }
