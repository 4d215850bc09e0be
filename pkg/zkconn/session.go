// Package zkconn holds one session with a ZooKeeper ensemble, made safe to
// build on: every call takes a context, says whether a failed write may have
// happened, and is bounded in number; the session ends by itself, for good,
// when nothing was heard for its timeout; host names are resolved at each dial.
package zkconn

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
)

const (
	// DefaultTimeout is Mesos' own session timeout (Mesos, --zk_session_timeout).
	DefaultTimeout = 10 * time.Second
	// maxInFlight bounds the calls handed to the library: enough to keep a
	// connection busy, few enough that a stuck one holds little memory.
	maxInFlight = 128
	// pingsPerTimeout is how often per session timeout a session without other
	// traffic proves that its server answers.
	pingsPerTimeout = 6
	// closeTimeout bounds each of the two waits of Close.
	closeTimeout = 2 * time.Second
)

// Config says how to reach the ensemble.
type Config struct {
	// URL names servers and credentials; the path is not used.
	URL zkurl.URL
	// Timeout of the session; ZooKeeper may grant another one. 0 means DefaultTimeout.
	Timeout time.Duration
	// Readable lets everybody read the session's own znodes, which with credentials
	// are closed to others otherwise. Mesos' masters make theirs so.
	Readable bool
	// Dial makes a connection to host:port; nil means one of package net.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Log gets debug lines about connections; nil means none.
	Log *zap.Logger
}

// Session is one ZooKeeper session. It connects in the background, survives
// short disconnects and never turns into another session: once over, it stays
// over, and Done is closed. Make it with Open and end it with Close.
type Session struct {
	conn   *zk.Conn
	log    *zap.Logger
	acl    []zk.ACL
	slots  chan struct{} // one element per call in flight
	ready  chan struct{} // closed when credentials are in place
	done   chan struct{} // closed when the session is over
	cancel context.CancelFunc
	wg     sync.WaitGroup // goroutines of the session itself
	calls  sync.WaitGroup // goroutines inside the library
	left   chan struct{}  // closed when the library's own goroutine has ended

	mu        sync.Mutex
	err       error         // why the session is over
	closing   bool          // no further calls
	id        int64         // 0 until the first handshake
	timeout   time.Duration // wished for, then granted
	link      *link         // the latest connection
	connected bool
	contact   time.Time // start of the latest round trip that succeeded
	changed   chan struct{}
}

// Status is what is known of a session at one moment.
type Status struct {
	Connected bool
	// Contact is when the latest successful round trip began; the server
	// keeps the session at least for Timeout from then on. Zero before the
	// first connection.
	Contact time.Time
	Timeout time.Duration
	// Changed is closed when Connected changes or the session is over.
	Changed <-chan struct{}
}

// Open begins a session and returns at once.
func Open(cfg Config) (*Session, error) {
	timeout := cfg.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	log, dial := cfg.Log, cfg.Dial
	if log == nil {
		log = zap.NewNop()
	}
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Session{
		log: log, timeout: timeout, cancel: cancel,
		acl:   aclOf(cfg),
		slots: make(chan struct{}, maxInFlight),
		ready: make(chan struct{}), done: make(chan struct{}), changed: make(chan struct{}), left: make(chan struct{}),
	}
	s.mu.Lock() // the library's first event must find conn set
	defer s.mu.Unlock()
	conn, events, err := zk.Connect(cfg.URL.Hosts, timeout,
		zk.WithHostProvider(&hosts{}), zk.WithDialer(s.dialer(ctx, dial, len(cfg.URL.Hosts), timeout)),
		zk.WithEventCallback(s.event), zk.WithLogInfo(false), zk.WithLogger(libraryLog{log}))
	if err != nil {
		cancel()
		return nil, fmt.Errorf("connect to %s: %w", cfg.URL, err)
	}
	s.conn = conn
	go func() {
		defer close(s.left)
		for open := true; open; { // the events come by callback, too
			_, open = <-events
		}
	}()
	if cfg.URL.User == "" {
		close(s.ready)
	} else {
		s.calls.Go(func() { s.authenticate(cfg.URL.User + ":" + cfg.URL.Password) })
	}
	s.wg.Go(s.keepAlive)
	return s, nil
}

func aclOf(cfg Config) []zk.ACL {
	switch {
	case cfg.URL.User == "":
		return zk.WorldACL(zk.PermAll)
	case cfg.Readable:
		return append(zk.AuthACL(zk.PermAll), zk.WorldACL(zk.PermRead)...)
	default:
		return zk.AuthACL(zk.PermAll)
	}
}

// Close ends the session at the server too, where that is reachable, so that
// ephemeral nodes vanish at once. It takes at most a few seconds and returns
// when all goroutines of the session are gone.
func (s *Session) Close() {
	s.mu.Lock()
	s.closing = true
	connected := s.connected
	s.mu.Unlock()
	if connected && s.callsEnd(closeTimeout) {
		s.conn.Close()
	}
	s.end(ErrClosed)
	s.wg.Wait()
	t := time.NewTimer(closeTimeout)
	defer t.Stop()
	select {
	case <-s.left:
	case <-t.C:
		// The library can block for ever while it fails the last requests.
		s.log.Warn("the ZooKeeper client did not end; it is left behind")
	}
}

// callsEnd tells whether the calls under way ended within d.
func (s *Session) callsEnd(d time.Duration) bool {
	ended := make(chan struct{})
	s.wg.Go(func() {
		defer close(ended)
		s.calls.Wait()
	})
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ended:
		return true
	case <-t.C:
		return false
	}
}

// Done is closed when the session is over; Err then says why.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err returns nil while the session lasts, then an error that is ErrExpired or ErrClosed.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// ID returns ZooKeeper's number of the session, 0 before the first handshake.
func (s *Session) ID() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

// Status returns what is known at this moment.
func (s *Session) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Status{Connected: s.connected, Contact: s.contact, Timeout: s.timeout, Changed: s.changed}
}

// WaitConnected returns when the session is connected and authenticated, the
// context ended, or the session is over.
func (s *Session) WaitConnected(ctx context.Context) error {
	for {
		st := s.Status()
		if st.Connected {
			return s.wait(ctx, s.ready)
		}
		if err := s.wait(ctx, st.Changed); err != nil {
			return err
		}
	}
}

// wait returns nil once ch is closed, unless context or session end first.
func (s *Session) wait(ctx context.Context, ch <-chan struct{}) error {
	select {
	case <-s.done:
		return s.Err()
	default:
	}
	select {
	case <-ch:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.done:
		return s.Err()
	}
}

func (s *Session) dialer(ctx context.Context, dial func(context.Context, string, string) (net.Conn, error), servers int, timeout time.Duration) zk.Dialer {
	// As the Java client: the ensemble is to be tried through within one session timeout.
	patience := max(timeout/time.Duration(servers), time.Second)
	return func(network, address string, _ time.Duration) (net.Conn, error) {
		start := time.Now()
		dialCtx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		conn, err := dial(dialCtx, network, address)
		if err != nil {
			return nil, err
		}
		l := &link{Conn: conn, dialled: start, patience: patience}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.link != nil {
			_ = s.link.Close() // the library forgets the old one on expiry
		}
		s.link = l
		if s.err != nil {
			_ = l.Close()
			return nil, s.err
		}
		return l, nil
	}
}

// event is called by the library at each change; it must not block.
func (s *Session) event(e zk.Event) {
	if e.Type != zk.EventSession {
		return
	}
	switch e.State { //nolint:exhaustive // the other states announce one of these
	case zk.StateHasSession:
		s.established()
	case zk.StateExpired:
		s.end(ErrExpired)
	case zk.StateDisconnected:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.setConnected(false)
	}
}

func (s *Session) established() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.id = s.conn.SessionID()
	s.link.established.Store(true)
	if granted := s.link.timeout(); granted > 0 {
		s.timeout = granted
	}
	if s.link.dialled.After(s.contact) {
		s.contact = s.link.dialled
	}
	s.log.Debug("connected to ZooKeeper", logfield.Address(s.link.RemoteAddr().String()))
	s.setConnected(true)
}

// setConnected needs s.mu.
func (s *Session) setConnected(connected bool) {
	if s.connected == connected || s.err != nil {
		return
	}
	s.connected = connected
	close(s.changed)
	s.changed = make(chan struct{})
}

// end makes the session over. The library is cut off from the servers, because
// it would begin another session by itself.
func (s *Session) end(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err, s.connected = cause, false
	close(s.done)
	close(s.changed)
	s.cancel()
	if s.link != nil {
		_ = s.link.Close()
	}
	// A request that fails while the library is being closed can get more
	// answers than there is room for, which blocks the library for ever. So its
	// requests end first: without a server they fail at once.
	s.wg.Go(func() {
		s.calls.Wait()
		s.conn.Close()
	})
}

// spawn runs f, which calls the library, in a goroutine that Close waits for.
// It does nothing but return an error once the session is over.
func (s *Session) spawn(f func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return s.err
	case s.closing:
		return ErrClosed
	}
	s.calls.Go(f)
	return nil
}

// touch notes a round trip that began at start.
func (s *Session) touch(start time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if start.After(s.contact) {
		s.contact = start
	}
}

// keepAlive asks the server for a sign of life in regular intervals and ends
// the session when there was none for its timeout.
func (s *Session) keepAlive() {
	var pong chan struct{} // of the ping under way
	for {
		st := s.Status()
		expired, due := deadlines(st)
		if expired <= 0 {
			s.log.Debug("no answer from ZooKeeper for the whole session timeout", logfield.Elapsed(time.Since(st.Contact)))
			s.end(ErrExpired)
			return
		}
		wait := expired
		switch {
		case !st.Connected || pong != nil:
		case due > 0:
			wait = min(wait, due)
		default:
			answer := make(chan struct{})
			pong = answer
			_ = s.spawn(func() { s.ping(answer) }) // fails at the end only
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-st.Changed:
		case <-pong:
			pong = nil
		case <-s.done:
		}
		t.Stop()
		if s.Err() != nil {
			return
		}
	}
}

// deadlines returns how long the session may last without contact, and in
// how long the next ping is due.
func deadlines(st Status) (expired, due time.Duration) {
	if st.Contact.IsZero() {
		return st.Timeout, 0 // a session that never began cannot expire
	}
	silent := time.Since(st.Contact)
	return st.Timeout - silent, st.Timeout/pingsPerTimeout - silent
}

func (s *Session) ping(pong chan<- struct{}) {
	defer close(pong)
	start := time.Now()
	if _, _, err := s.conn.Exists("/"); answered(err) {
		s.touch(start)
	}
}

// authenticate hands over the credentials. The library repeats them after each
// reconnect, but only once they were accepted.
func (s *Session) authenticate(credentials string) {
	for {
		if err := s.conn.AddAuth("digest", []byte(credentials)); err == nil {
			close(s.ready)
			return
		}
		t := time.NewTimer(100 * time.Millisecond)
		select {
		case <-t.C:
		case <-s.done:
			t.Stop()
			return
		}
	}
}

// libraryLog brings the library's lines into the program's log.
type libraryLog struct{ log *zap.Logger }

// Printf logs one line of the library.
func (l libraryLog) Printf(format string, args ...any) {
	l.log.Debug("ZooKeeper client", logfield.Reason(fmt.Sprintf(format, args...)))
}
