package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
	"github.com/gantry-mesos/gantry/scheduler/election"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
	"github.com/gantry-mesos/gantry/scheduler/store/zkstore"
)

// electionWait is how long a place waits for ZooKeeper, and for the leadership that
// nobody else has.
const electionWait = 30 * time.Second

// ErrLed says that a scheduler works on the state, so that nobody else may change it.
var ErrLed = errors.New("a scheduler leads on this state")

// Place says where a state is; one of its fields is set.
type Place struct {
	// Dir is a directory, as of --state-dir.
	Dir string
	// ZK is a URL, as of --zk.
	ZK string
}

// Source is a state to read.
type Source interface {
	store.Examiner
	// Kept returns a copy that was kept beside the state.
	Kept(ctx context.Context, name string) ([]byte, error)
	Close() error
}

// Read opens the state for reading. In ZooKeeper a scheduler may lead meanwhile; a
// directory is locked by the scheduler that runs there (boltstore.ErrLocked).
func (p Place) Read(ctx context.Context) (Source, error) {
	if p.Dir != "" {
		if _, err := os.Stat(filepath.Join(p.Dir, boltstore.FileName)); err != nil {
			return nil, fmt.Errorf("there is no state in --state-dir: %w", err)
		}
		return boltstore.Open(ctx, p.Dir, boltstore.Options{})
	}
	url, err := zkurl.Parse(p.ZK)
	if err != nil {
		return nil, fmt.Errorf("--zk: %w", err)
	}
	session, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	r, err := zkstore.NewReader(session, url.Path)
	if err != nil {
		session.Close()
		return nil, err
	}
	return &remote{r, session}, nil
}

// remote is a reader with its session.
type remote struct {
	*zkstore.Reader
	session *zkconn.Session
}

// Close implements Source.
func (r *remote) Close() error {
	defer r.session.Close()
	return r.Reader.Close()
}

// connect opens a session, and fails when no server answers.
func connect(ctx context.Context, url zkurl.URL) (*zkconn.Session, error) {
	session, err := zkconn.Open(zkconn.Config{URL: url})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, electionWait, errNoQuorum)
	defer cancel()
	if err := session.WaitConnected(ctx); err != nil {
		session.Close()
		return nil, fmt.Errorf("connect to %s: %w", url, err)
	}
	return session, nil
}

// errNoQuorum is why ZooKeeper may not answer.
var errNoQuorum = fmt.Errorf("no server of ZooKeeper serves within %v; are more than half of them up, and the addresses right?", electionWait)

// Own opens the state for work while no scheduler leads, and keeps schedulers from
// leading until work returns. With afresh it is empty then. It fails with ErrLed, or
// boltstore.ErrLocked.
func (p Place) Own(ctx context.Context, afresh bool, work func(context.Context, store.Store) error) error {
	if p.Dir != "" {
		if afresh {
			if err := putAside(ctx, p.Dir); err != nil {
				return err
			}
		}
		s, err := boltstore.Open(ctx, p.Dir, boltstore.Options{})
		if err != nil {
			return err
		}
		return errors.Join(work(ctx, s), s.Close())
	}
	url, err := zkurl.Parse(p.ZK)
	if err != nil {
		return fmt.Errorf("--zk: %w", err)
	}
	return campaign(ctx, url, func(ctx context.Context, t election.Term) error {
		s, err := zkstore.Open(ctx, zkstore.Config{Session: t.Session, Path: url.Path, Node: t.Node, Epoch: t.Epoch, Afresh: afresh})
		if err != nil {
			return err
		}
		return errors.Join(work(ctx, s), s.Close())
	})
}

// putAside gives the file of a state, be it damaged, another name.
func putAside(ctx context.Context, dir string) error {
	file := filepath.Join(dir, boltstore.FileName)
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	s, err := boltstore.Open(ctx, dir, boltstore.Options{})
	if err != nil && !errors.Is(err, boltstore.ErrCorrupt) && !errors.Is(err, boltstore.ErrSchema) {
		return err
	}
	if err == nil {
		defer s.Close()
	}
	return os.Rename(file, file+".replaced-"+time.Now().UTC().Format("20060102T150405"))
}

// campaign has work done in a term of its own, unless somebody else leads.
func campaign(ctx context.Context, url zkurl.URL, work func(context.Context, election.Term) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	self := election.Leader{ID: uuid.NewString(), Address: "gantry state"}
	done := make(chan error, 1)
	candidate, err := election.New(election.Config{URL: url, Self: self, Log: zap.NewNop()}, func(ctx context.Context, t election.Term) error {
		done <- work(ctx, t)
		cancel(nil)
		return nil
	})
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- candidate.Run(ctx) }()
	limit := time.NewTimer(electionWait)
	defer limit.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			select {
			case worked := <-done:
				return worked
			default:
			}
			return errors.Join(context.Cause(ctx), err)
		case <-limit.C:
			if l, known := candidate.Leader(); !known || l != self {
				cancel(errNoQuorum)
			}
		case <-look.C:
			if l, known := candidate.Leader(); known && l != self {
				cancel(fmt.Errorf("%w: %s; stop all schedulers of this state first", ErrLed, l.Address))
			}
		}
	}
}
