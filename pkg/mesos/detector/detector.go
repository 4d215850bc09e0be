// Package detector finds the leading Mesos master and follows it when the
// leadership moves: through ZooKeeper, where masters announce themselves, or
// in a fixed list of addresses.
package detector

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/backoff"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
)

// Master is the leading master as the detector found it.
type Master struct {
	ID       string // Mesos' id of this run of the master; empty in fixed lists
	Hostname string // as the master names itself, or as configured
	Address  string // "host:port" to connect to
	Scheme   string // "http" or "https"
	// Seen numbers the findings of one Detector, from 1. The same master found
	// again, after it was lost or suspected, has a higher number.
	Seen uint64
}

// URL returns the base URL of the master's HTTP API, without a final slash.
func (m Master) URL() string { return m.Scheme + "://" + m.Address }

// Options tune New; the zero value is ready for production.
type Options struct {
	// Scheme of masters whose address does not say: "http", the default, or
	// "https". With https the host name that a master announces is preferred
	// to its IP address, because certificates name hosts.
	Scheme string
	// SessionTimeout of the ZooKeeper session; 0 means Mesos' own 10 s. A
	// leader counts as lost when ZooKeeper was silent for that long.
	SessionTimeout time.Duration
	// Backoff between ZooKeeper sessions; the zero value is fine.
	Backoff backoff.Policy
	// Log gets a line for each leader found or lost; nil means none.
	Log *zap.Logger
}

// source is where a Detector looks for masters.
type source interface {
	// run follows the leader until ctx ends.
	run(ctx context.Context) error
	// suspect makes the source publish again, after a second look, if m is the
	// latest finding.
	suspect(m Master)
	// redirected is suspect with the address that m gave as the leader's.
	redirected(m, leader Master)
}

// Detector follows the leading master. Its methods may be called from several
// goroutines; make it with New and keep Run running.
type Detector struct {
	board  *board
	source source
}

// New returns a detector for a target of one of the forms
// zk://[user:password@]h1:2181,h2:2181/mesos, http(s)://host:port, host:port,
// or several of the latter two separated by commas.
func New(target string, o Options) (*Detector, error) {
	if o.Scheme == "" {
		o.Scheme = "http"
	}
	if o.Scheme != "http" && o.Scheme != "https" {
		return nil, fmt.Errorf("scheme %q of Mesos masters: expected http or https", o.Scheme)
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	b := &board{changed: make(chan struct{})}
	if zkurl.Is(target) {
		u, err := zkurl.Parse(target)
		if err != nil {
			return nil, fmt.Errorf("Mesos master: %w", err)
		}
		return &Detector{board: b, source: newZooKeeper(u, o, b)}, nil
	}
	masters, err := parseList(target, o.Scheme)
	if err != nil {
		return nil, fmt.Errorf("Mesos master %q: %w; expected zk://host:2181/mesos, http://host:5050 or host:5050", target, err)
	}
	return &Detector{board: b, source: newList(masters, b)}, nil
}

// Elected reports whether findings are what the masters have elected, as ZooKeeper
// tells; those of a list are guesses until one was asked.
func (d *Detector) Elected() bool {
	_, ok := d.source.(*zookeeper)
	return ok
}

// Run follows the leader until ctx ends and then returns nil. Losing ZooKeeper
// is no reason to return: it tries again for ever.
func (d *Detector) Run(ctx context.Context) error { return d.source.run(ctx) }

// Leader returns the leading master, waiting for a finding later than
// previous: another master, or the same one after it was lost or suspected.
// The zero Master takes any. It fails only when ctx ends.
func (d *Detector) Leader(ctx context.Context, previous Master) (Master, error) {
	for {
		m, ok, changed := d.board.read()
		if ok && m.Seen > previous.Seen {
			return m, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Master{}, fmt.Errorf("wait for a leading Mesos master: %w", context.Cause(ctx))
		}
	}
}

// Suspect says that m did not behave like the leading master: it could not be
// reached, or said that it does not lead. The detector looks again and Leader
// returns what it finds, perhaps the same master; the caller backs off.
// Suspicions of findings that are not the latest are ignored.
func (d *Detector) Suspect(m Master) {
	d.source.suspect(m)
}

// Redirected says that m answered with a redirection to location, the value of
// the Location header (Mesos, 307 from masters that do not lead). A detector
// with a fixed list goes there next; one with ZooKeeper looks again.
func (d *Detector) Redirected(m Master, location string) error {
	leader, err := parseLocation(location, m)
	if err != nil {
		return fmt.Errorf("redirection by %s to %q: %w", m.Address, location, err)
	}
	d.source.redirected(m, leader)
	return nil
}

// board shows the latest finding.
type board struct {
	mu      sync.Mutex
	current Master
	ok      bool
	seen    uint64
	changed chan struct{} // closed at the next change
}

func (b *board) read() (m Master, ok bool, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.current, b.ok, b.changed
}

func (b *board) isLatest(m Master) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ok && m.Seen == b.seen
}

// publish shows m as a new finding.
func (b *board) publish(m Master) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen++
	m.Seen = b.seen
	b.current, b.ok = m, true
	b.signal()
}

// repeat shows the present finding, if there is one, as a new one.
func (b *board) repeat() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ok {
		b.seen++
		b.current.Seen = b.seen
		b.signal()
	}
}

// lose shows that there is no leader; it returns false if there was none.
func (b *board) lose() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.ok
	b.current, b.ok = Master{}, false
	if was {
		b.signal()
	}
	return was
}

func (b *board) signal() {
	close(b.changed)
	b.changed = make(chan struct{})
}
