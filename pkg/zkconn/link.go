package zkconn

import (
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// hosts hands the servers to the client library in turn, by name: the names
// are resolved at each dial, so that one that is unknown today, or moves
// tomorrow, does no harm.
type hosts struct {
	mu        sync.Mutex
	list      []string
	next      int
	tried     int // since the last connection
	connected time.Time
}

// Init stores the servers, which the library has shuffled.
func (h *hosts) Init(servers []string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = servers
	return nil
}

// Len returns the number of servers.
func (h *hosts) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.list)
}

// Next returns the next server; retryStart makes the library pause a second
// and fail the calls that wait, once all servers were tried in vain or the
// last connection broke at once.
func (h *hosts) Next() (server string, retryStart bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	server = h.list[h.next%len(h.list)]
	h.next++
	if h.tried > 0 && h.tried%len(h.list) == 0 {
		retryStart = true
	}
	if !h.connected.IsZero() && time.Since(h.connected) < time.Second {
		retryStart = true
	}
	h.connected = time.Time{}
	h.tried++
	return server, retryStart
}

// Connected notes that the last server accepted the session.
func (h *hosts) Connected() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tried, h.connected = 0, time.Now()
}

// connectResponseHead is how much of the handshake's answer holds the session
// timeout: length, protocol version and timeout, four bytes each (ZooKeeper,
// zookeeper.jute, ConnectResponse).
const connectResponseHead = 12

// link is one TCP connection. It shortens the library's deadlines during the
// handshake, which are several session timeouts long, and reads the session
// timeout that the server granted, which the library keeps to itself.
type link struct {
	net.Conn
	dialled     time.Time
	patience    time.Duration // bound of the handshake
	established atomic.Bool

	head    []byte // of the handshake's answer; used by the reading goroutine only
	granted atomic.Int32
}

// Read keeps the first bytes of the stream.
func (l *link) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if len(l.head) < connectResponseHead {
		l.head = append(l.head, p[:min(n, connectResponseHead-len(l.head))]...)
		if len(l.head) == connectResponseHead {
			l.granted.Store(int32(binary.BigEndian.Uint32(l.head[8:])))
		}
	}
	return n, err
}

// SetReadDeadline bounds the handshake by the link's patience.
func (l *link) SetReadDeadline(t time.Time) error {
	return l.Conn.SetReadDeadline(l.bounded(t))
}

// SetWriteDeadline bounds the handshake by the link's patience.
func (l *link) SetWriteDeadline(t time.Time) error {
	return l.Conn.SetWriteDeadline(l.bounded(t))
}

func (l *link) bounded(t time.Time) time.Time {
	if l.established.Load() {
		return t
	}
	limit := l.dialled.Add(l.patience)
	if t.IsZero() || t.After(limit) {
		return limit
	}
	return t
}

// timeout returns the session timeout that the server granted; 0 if unknown.
func (l *link) timeout() time.Duration {
	return time.Duration(l.granted.Load()) * time.Millisecond
}
