package zkstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/go-zookeeper/zk"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/scheduler/store"
)

// Config says where the state is and by what right it is written.
type Config struct {
	// Session to work with, the one of the leader's term. It is not closed.
	Session *zkconn.Session
	// Path below which the state lies, such as /gantry.
	Path string
	// Node is the znode of the leader's term; every write checks that it exists.
	Node string
	// Epoch of the term, for people who look at state/head.
	Epoch int64
	// Afresh deletes what is there, be it damaged or of another version.
	Afresh bool
	// Log gets lines about folds; nil means none.
	Log *zap.Logger
}

// limits are the sizes at which things happen; tests make them small.
type limits struct {
	node        int // bytes of a znode
	foldBytes   int // of the log, at least, before a fold
	foldEntries int // of the log, at most, before a fold
}

func defaultLimits() limits { return limits{node: nodeMax, foldBytes: 4 << 20, foldEntries: 4096} }

// Store is a store.Store in ZooKeeper. Make it with Open.
type Store struct {
	tree
	cfg    Config
	limits limits
	guard  []any  // the checks that every write carries
	source uint64 // random, part of the ids of transactions

	background context.Context // of folds, which outlive the calls that begin them; ends with Close
	cancel     context.CancelFunc
	folds      sync.WaitGroup

	turn chan struct{} // holds one element while an Append, Load or Close works
	fold chan struct{} // holds one element while a fold or Load works
	next uint64        // guarded by turn: number of the entry to come
	err  error         // guarded by turn: refuses all further calls

	mu    sync.Mutex
	usage usage
}

var _ store.Store = (*Store)(nil)

// usage is what the log and the base hold, as far as known.
type usage struct {
	logEntries int
	logBytes   int
	baseBytes  int
	retryAt    int // entries at which a fold that failed is tried again
}

// temporaryError marks a transaction that was not written and may be tried again.
type temporaryError struct{ error }

// Temporary returns true.
func (temporaryError) Temporary() bool { return true }

// Unwrap returns the cause.
func (e temporaryError) Unwrap() error { return e.error }

// take waits for a turn; the store's own error, such as ErrClosed, comes first.
func (s *Store) take(ctx context.Context) error {
	if ctx.Err() != nil {
		return temporaryError{context.Cause(ctx)}
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return temporaryError{context.Cause(ctx)}
	}
	if s.err != nil {
		<-s.turn
		return s.err
	}
	return nil
}

// Append writes changes as one transaction. A broken connection is waited out
// until ctx ends: until then the outcome is found out, not guessed.
func (s *Store) Append(ctx context.Context, changes []store.Change) error {
	if err := store.Check(changes); err != nil {
		return fmt.Errorf("append to %s: %w", s.paths.state, err)
	}
	if err := s.take(ctx); err != nil {
		return fmt.Errorf("append to %s: %w", s.paths.state, err)
	}
	defer func() { <-s.turn }()
	if len(changes) == 0 {
		return nil
	}
	if err := s.write(ctx, s.codec.pack(changes)); err != nil {
		err = fmt.Errorf("append %d changes to %s: %w", len(changes), s.paths.state, err)
		if !store.IsTemporary(err) {
			s.err = err
		}
		return err
	}
	s.foldIfDue()
	return nil
}

// write creates the entries of one transaction.
func (s *Store) write(ctx context.Context, payloads [][]byte) error {
	e := entry{}
	binary.BigEndian.PutUint64(e.id[:], s.source)
	binary.BigEndian.PutUint64(e.id[8:], s.next)
	written := 0
	for i, payload := range payloads {
		e.part, e.last, e.payload = i, i == len(payloads)-1, payload
		data := e.encode()
		if err := s.create(ctx, s.paths.entry(s.next+uint64(i)), data); err != nil {
			if t, ok := errors.AsType[temporaryError](err); ok && i > 0 {
				// A beginning without end is in the log; the next owner removes it.
				return fmt.Errorf("%w: %w", store.ErrUnknownOutcome, t.error)
			}
			return err
		}
		written += len(data)
	}
	s.next += uint64(len(payloads))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage.logBytes += written
	s.usage.logEntries += len(payloads)
	return nil
}

// create makes a znode that must not exist.
func (s *Store) create(ctx context.Context, path string, data []byte) error {
	unsure, err := s.multi(ctx, &zk.CreateRequest{Path: path, Data: data, Acl: s.cfg.Session.ACL()})
	if err == nil {
		return nil
	}
	if unsure && errors.Is(err, zk.ErrNodeExists) {
		n, readErr := s.get(ctx, path)
		switch {
		case readErr != nil:
			err = readErr
		case bytes.Equal(n.Data, data):
			return nil
		}
	}
	return s.judge(ctx, unsure, err)
}

// multi runs ops under the guard, again and again while its answer is lost. It
// returns nil, ZooKeeper's refusal, or the error of the last try when context
// or session ended; unsure tells whether the outcome of any try is unknown.
func (s *Store) multi(ctx context.Context, ops ...any) (unsure bool, err error) {
	all := append(append(make([]any, 0, len(s.guard)+len(ops)), s.guard...), ops...)
	for {
		err = s.cfg.Session.Multi(ctx, s.paths.state, all...)
		if err == nil {
			return unsure, nil
		}
		switch zkconn.OutcomeOf(err) {
		case zkconn.Refused:
			return unsure, err
		case zkconn.Unknown:
			unsure = true
		case zkconn.NotSent:
		}
		if ctx.Err() != nil {
			return unsure, err
		}
		if over := s.cfg.Session.WaitConnected(ctx); over != nil {
			return unsure, fmt.Errorf("%w: %w", over, err)
		}
	}
}

// judge finds out what the failure of a guarded write means for this owner.
func (s *Store) judge(ctx context.Context, unsure bool, err error) error {
	switch {
	case zkconn.IsSessionOver(err):
		return fmt.Errorf("%w: %w", store.ErrNotLeader, err)
	case errors.Is(err, zk.ErrBadVersion), errors.Is(err, zk.ErrNodeExists):
		return fmt.Errorf("%w: another one has opened the state", store.ErrNotLeader)
	case errors.Is(err, zk.ErrNoNode):
		return s.judgeMissing(ctx, err)
	case zkconn.OutcomeOf(err) == zkconn.Refused:
		return err
	case unsure:
		return fmt.Errorf("%w: %w", store.ErrUnknownOutcome, err)
	default:
		return temporaryError{err}
	}
}

// judgeMissing tells a deposed leader from a state tree that was deleted.
func (s *Store) judgeMissing(ctx context.Context, cause error) error {
	for {
		ok, err := s.cfg.Session.Exists(ctx, s.cfg.Node)
		switch {
		case err == nil && ok:
			return fmt.Errorf("znodes of the state were deleted by somebody else: %w", cause)
		case err == nil:
			return fmt.Errorf("%w: the node %s of its term is gone", store.ErrNotLeader, s.cfg.Node)
		case ctx.Err() != nil || s.cfg.Session.WaitConnected(ctx) != nil:
			return fmt.Errorf("%w: %w", store.ErrNotLeader, cause)
		}
	}
}

// patiently repeats a call that changes nothing while its answer is lost.
func patiently[T any](ctx context.Context, session *zkconn.Session, f func() (T, error)) (T, error) {
	for {
		v, err := f()
		if err == nil || zkconn.OutcomeOf(err) == zkconn.Refused || ctx.Err() != nil {
			return v, err
		}
		if over := session.WaitConnected(ctx); over != nil {
			return v, fmt.Errorf("%w: %w", over, err)
		}
	}
}

// Close ends a fold, which the next owner repeats, and refuses all further
// calls. Session and term go on.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if errors.Is(s.err, store.ErrClosed) {
		return nil
	}
	s.err = store.ErrClosed
	s.cancel()
	s.folds.Wait()
	s.codec.close()
	return nil
}

func randomSource() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.BigEndian.Uint64(b[:])
}
