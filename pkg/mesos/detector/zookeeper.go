package detector

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/go-zookeeper/zk"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/backoff"
	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/pause"
	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
)

// callTimeout bounds one question to ZooKeeper; what is slower is asked again.
const callTimeout = 5 * time.Second

// recheckTimeout bounds the second look at a suspected leader: after it the
// known leader is named again, for ZooKeeper may be away while Mesos is not.
const recheckTimeout = 2 * time.Second

// zookeeper is the source that watches the znodes of masters.
type zookeeper struct {
	url     zkurl.URL
	options Options
	log     *zap.Logger
	board   *board
	recheck chan struct{} // holds one element while a second look is wanted
	rand    *rand.Rand    // used by run only
	leader  string        // znode of the published leader; used by run only
}

func newZooKeeper(u zkurl.URL, o Options, b *board) *zookeeper {
	return &zookeeper{
		url: u, options: o, log: o.Log, board: b,
		recheck: make(chan struct{}, 1),
		rand:    rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
	}
}

func (z *zookeeper) suspect(m Master) {
	if !z.board.isLatest(m) {
		return
	}
	select {
	case z.recheck <- struct{}{}:
	default: // one is waiting already
	}
}

func (z *zookeeper) redirected(m, _ Master) { z.suspect(m) }

// run opens one session after another.
func (z *zookeeper) run(ctx context.Context) error {
	retries := backoff.NewSeries(z.options.Backoff, z.rand)
	for {
		err := z.session(ctx, retries.Reset)
		z.lost("the ZooKeeper session is over")
		wait := retries.Next()
		if ctx.Err() == nil {
			z.log.Warn("ZooKeeper session ended", zap.Error(err), logfield.Address(z.url.String()),
				logfield.Attempt(retries.Attempt()), logfield.RetryIn(wait))
		}
		if !pause.For(ctx, wait) {
			return nil
		}
	}
}

// session follows the leader until the ZooKeeper session is over.
func (z *zookeeper) session(ctx context.Context, connected func()) error {
	s, err := zkconn.Open(zkconn.Config{URL: z.url, Timeout: z.options.SessionTimeout, Log: z.log})
	if err != nil {
		return err
	}
	defer s.Close()
	retries := backoff.NewSeries(z.options.Backoff, z.rand)
	for {
		if err := z.wait(ctx, s, nil); err != nil {
			return err
		}
		var members []string
		var changes <-chan zk.Event
		err := z.retry(ctx, retries, func() (err error) {
			members, changes, err = z.members(ctx, s)
			return err
		})
		if err == nil {
			connected()
			err = z.retry(ctx, retries, func() error { return z.follow(ctx, s, members, false) })
		}
		if err == nil {
			err = z.wait(ctx, s, changes)
		}
		if err != nil {
			return err
		}
	}
}

// retry repeats f until it succeeds or the session or ctx is over.
func (z *zookeeper) retry(ctx context.Context, retries *backoff.Series, f func() error) error {
	for {
		err := f()
		if err == nil {
			retries.Reset()
			return nil
		}
		if ctx.Err() != nil || zkconn.IsSessionOver(err) {
			return err
		}
		wait := retries.Next()
		z.log.Debug("ZooKeeper does not answer", zap.Error(err), logfield.RetryIn(wait))
		if !pause.For(ctx, wait) {
			return ctx.Err()
		}
	}
}

// members lists the masters' nodes and watches for changes. The path itself
// may not exist yet: then its creation is the next change.
func (z *zookeeper) members(ctx context.Context, s *zkconn.Session) ([]string, <-chan zk.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for {
		names, changes, err := s.ChildrenW(ctx, z.url.Path)
		if !errors.Is(err, zk.ErrNoNode) {
			return names, changes, err
		}
		exists, created, err := s.ExistsW(ctx, z.url.Path)
		if err != nil || !exists {
			return nil, created, err
		}
	}
}

// wait returns when changes has an event or, without changes, when the session
// is connected. It takes care of suspicions meanwhile.
func (z *zookeeper) wait(ctx context.Context, s *zkconn.Session, changes <-chan zk.Event) error {
	for {
		st := s.Status()
		if changes == nil && st.Connected {
			return nil
		}
		select {
		case <-changes:
			return s.Err()
		case <-z.recheck:
			if err := z.lookAgain(ctx, s); err != nil {
				return err
			}
		case <-st.Changed:
		case <-s.Done():
			return s.Err()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lookAgain reads the members without another watch and publishes the leader
// even if it is the same.
func (z *zookeeper) lookAgain(ctx context.Context, s *zkconn.Session) error {
	if !s.Status().Connected {
		z.board.repeat()
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, recheckTimeout)
	defer cancel()
	members, err := s.Children(limited, z.url.Path)
	if err == nil || errors.Is(err, zk.ErrNoNode) {
		err = z.follow(limited, s, members, true)
	}
	if err != nil && ctx.Err() == nil && !zkconn.IsSessionOver(err) {
		z.board.repeat()
		return nil
	}
	return err
}

// follow publishes the leader among members if it is another one than before,
// or in any case when again is set.
func (z *zookeeper) follow(ctx context.Context, s *zkconn.Session, members []string, again bool) error {
	name, ok := lowest(members)
	if !ok {
		z.lost("no master is registered in ZooKeeper")
		return nil
	}
	if name == z.leader && !again {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	n, err := s.Get(ctx, z.url.Join(name))
	if errors.Is(err, zk.ErrNoNode) {
		z.lost("the leading master's node vanished") // the list of members changes, too
		return nil
	}
	if err != nil {
		return err
	}
	m, err := parseMaster(name, n.Data, z.options.Scheme)
	if err != nil {
		z.lost(err.Error())
		return nil
	}
	if name != z.leader {
		z.log.Info("leading master found", logfield.Address(m.Address), logfield.Path(z.url.Join(name)))
	}
	z.leader = name
	z.board.publish(m)
	return nil
}

func (z *zookeeper) lost(reason string) {
	z.leader = ""
	if z.board.lose() {
		z.log.Warn("leading master lost", logfield.Reason(reason))
	}
}
