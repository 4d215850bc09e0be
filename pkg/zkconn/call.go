package zkconn

import (
	"context"
	"errors"
	"path"
	"time"

	"github.com/go-zookeeper/zk"
)

// Node is what a read gives: content and version of a znode.
type Node struct {
	Data []byte
	Stat zk.Stat
}

// call runs f in a goroutine of its own and waits for it, the context and the
// session. f goes on when the caller has left; its slot stays taken till then.
func call[T any](ctx context.Context, s *Session, op, p string, f func() (T, error)) (T, error) {
	var zero T
	if err := s.acquire(ctx); err != nil {
		return zero, &OpError{Op: op, Path: p, Outcome: NotSent, Err: err}
	}
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	err := s.spawn(func() {
		defer func() { <-s.slots }()
		start := time.Now()
		v, err := f()
		if answered(err) {
			s.touch(start)
		}
		answers <- answer{v, err}
	})
	if err != nil {
		<-s.slots
		return zero, &OpError{Op: op, Path: p, Outcome: NotSent, Err: err}
	}
	select {
	case a := <-answers:
		if a.err == nil {
			return a.value, nil
		}
		outcome := outcomeOf(a.err)
		if over := s.Err(); over != nil && outcome != Refused {
			a.err = errors.Join(over, a.err)
		}
		return zero, &OpError{Op: op, Path: p, Outcome: outcome, Err: a.err}
	case <-ctx.Done():
		return zero, &OpError{Op: op, Path: p, Outcome: Unknown, Err: context.Cause(ctx)}
	case <-s.done:
		return zero, &OpError{Op: op, Path: p, Outcome: Unknown, Err: s.Err()}
	}
}

func (s *Session) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if err := s.wait(ctx, s.ready); err != nil {
		return err
	}
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.done:
		return s.Err()
	}
}

// Get reads a znode.
func (s *Session) Get(ctx context.Context, p string) (Node, error) {
	return call(ctx, s, "get", p, func() (Node, error) { return node(s.conn.Get(p)) })
}

func node(data []byte, stat *zk.Stat, err error) (Node, error) {
	if err != nil {
		return Node{}, err
	}
	return Node{Data: data, Stat: *stat}, nil
}

// watched is a result with the watch set by the same call.
type watched[T any] struct {
	value  T
	events <-chan zk.Event
}

// GetW reads a znode and watches it. The channel gets one event, then closes;
// a node that does not exist leaves no watch behind.
func (s *Session) GetW(ctx context.Context, p string) (Node, <-chan zk.Event, error) {
	w, err := call(ctx, s, "get", p, func() (watched[Node], error) {
		data, stat, events, err := s.conn.GetW(p)
		n, err := node(data, stat, err)
		return watched[Node]{n, events}, err
	})
	return w.value, w.events, err
}

// Exists tells whether a znode exists.
func (s *Session) Exists(ctx context.Context, p string) (bool, error) {
	return call(ctx, s, "exists", p, func() (bool, error) {
		ok, _, err := s.conn.Exists(p)
		return ok, err
	})
}

// ExistsW tells whether a znode exists and watches for its creation, change
// and deletion.
func (s *Session) ExistsW(ctx context.Context, p string) (bool, <-chan zk.Event, error) {
	w, err := call(ctx, s, "exists", p, func() (watched[bool], error) {
		ok, _, events, err := s.conn.ExistsW(p)
		return watched[bool]{ok, events}, err
	})
	return w.value, w.events, err
}

// Children returns the names of a znode's children in no particular order.
func (s *Session) Children(ctx context.Context, p string) ([]string, error) {
	return call(ctx, s, "children", p, func() ([]string, error) {
		names, _, err := s.conn.Children(p)
		return names, err
	})
}

// List is what a list of children gives: their names and the parent's own version.
type List struct {
	Names []string
	Stat  zk.Stat
}

// List returns the names of a znode's children, with the state of the znode at the
// same moment.
func (s *Session) List(ctx context.Context, p string) (List, error) {
	return call(ctx, s, "children", p, func() (List, error) {
		names, stat, err := s.conn.Children(p)
		if err != nil {
			return List{}, err
		}
		return List{Names: names, Stat: *stat}, nil
	})
}

// ChildrenW returns the names of a znode's children and watches for changes of
// the list.
func (s *Session) ChildrenW(ctx context.Context, p string) ([]string, <-chan zk.Event, error) {
	w, err := call(ctx, s, "children", p, func() (watched[[]string], error) {
		names, _, events, err := s.conn.ChildrenW(p)
		return watched[[]string]{names, events}, err
	})
	return w.value, w.events, err
}

// Create makes a znode with the session's access list and returns its path,
// which ends with a number for zk.FlagSequence.
func (s *Session) Create(ctx context.Context, p string, data []byte, flags int32) (string, error) {
	return call(ctx, s, "create", p, func() (string, error) { return s.conn.Create(p, data, flags, s.acl) })
}

// Delete removes a znode of the given version; -1 means any.
func (s *Session) Delete(ctx context.Context, p string, version int32) error {
	_, err := call(ctx, s, "delete", p, func() (struct{}, error) { return struct{}{}, s.conn.Delete(p, version) })
	return err
}

// Multi runs all ops, pointers to requests of package zk, or none of them. The
// path names the call in errors. On failure nothing tells which op failed.
func (s *Session) Multi(ctx context.Context, p string, ops ...any) error {
	_, err := call(ctx, s, "multi", p, func() (struct{}, error) {
		_, err := s.conn.Multi(ops...)
		return struct{}{}, err
	})
	return err
}

// ACL returns the access list of the session's own znodes: everything to its
// user (and reading to the world, if they are to be readable), or to the world
// when it has no credentials. Do not change it.
func (s *Session) ACL() []zk.ACL { return s.acl }

// EnsurePath makes the persistent znode p, and its parents, where missing.
func (s *Session) EnsurePath(ctx context.Context, p string) error {
	ok, err := s.Exists(ctx, p)
	if err != nil || ok {
		return err
	}
	if parent := path.Dir(p); parent != "/" {
		if err := s.EnsurePath(ctx, parent); err != nil {
			return err
		}
	}
	if _, err := s.Create(ctx, p, nil, 0); err != nil && !errors.Is(err, zk.ErrNodeExists) {
		return err
	}
	return nil
}
