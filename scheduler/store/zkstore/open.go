package zkstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strconv"

	"github.com/go-zookeeper/zk"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/scheduler/store"
)

// schemaVersion is the layout this package writes and reads.
const schemaVersion = 1

// ErrSchema says that the state was written by another version of Gantry.
var ErrSchema = errors.New("the state in ZooKeeper has an unknown schema version")

// paths are the znodes of one state.
type paths struct{ state, head, log, base, backups string }

func pathsBelow(root string) paths {
	state := path.Join(root, "state")
	return paths{state: state, head: state + "/head", log: state + "/log", base: state + "/base", backups: path.Join(root, "backups")}
}

// entry names are hexadecimal numbers of fixed length, so that people see them in order.
func (p paths) entry(number uint64) string { return fmt.Sprintf("%s/%016x", p.log, number) }

func (p paths) bucket(b int) string { return fmt.Sprintf("%s/%02x", p.base, b) }

func (p paths) page(b int, generation uint64, page int) string {
	return fmt.Sprintf("%s/%x-%d", p.bucket(b), generation, page)
}

// owner is the content of state/head.
type owner struct {
	Version int    `json:"version"`
	Owner   string `json:"owner"` // random
	Epoch   int64  `json:"epoch"`
}

// Open takes the state over for the leader's term and makes it when missing.
// From then on no other owner's write succeeds. It fails with ErrNotLeader
// when the term is over, with ErrSchema and with ErrCorrupt.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	return open(ctx, cfg, defaultLimits())
}

func open(ctx context.Context, cfg Config, l limits) (*Store, error) {
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	c, err := newCodec(l.node)
	if err != nil {
		return nil, err
	}
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &Store{
		tree: tree{session: cfg.Session, codec: c, paths: pathsBelow(cfg.Path)}, cfg: cfg, limits: l, source: randomSource(),
		background: background, cancel: cancel,
		turn: make(chan struct{}, 1), fold: make(chan struct{}, 1),
	}
	s.guard = []any{&zk.CheckVersionRequest{Path: cfg.Node, Version: -1}}
	err = s.takeOver(ctx)
	if err == nil && cfg.Afresh {
		err = s.wipe(ctx)
	}
	if err == nil {
		err = s.findTail(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the state %s: %w", s.paths.state, err), s.Close())
	}
	return s, nil
}

// takeOver makes the layout and raises the version of state/head.
func (s *Store) takeOver(ctx context.Context) error {
	for _, p := range []string{s.paths.log, s.paths.base} {
		_, err := patiently(ctx, s.cfg.Session, func() (struct{}, error) {
			return struct{}{}, s.cfg.Session.EnsurePath(ctx, p)
		})
		if err != nil {
			return s.judge(ctx, false, err)
		}
	}
	data, err := json.Marshal(owner{Version: schemaVersion, Owner: strconv.FormatUint(s.source, 16), Epoch: s.cfg.Epoch})
	if err != nil {
		return err
	}
	for {
		version, done, err := s.replaceHead(ctx, data)
		if err != nil {
			return err
		}
		if done {
			s.guard = append(s.guard, &zk.CheckVersionRequest{Path: s.paths.head, Version: version})
			return nil
		}
	}
}

// replaceHead tries once to write data over the present head. It is done when
// the head holds data, be it from an earlier try whose answer was lost.
func (s *Store) replaceHead(ctx context.Context, data []byte) (version int32, done bool, err error) {
	var request any
	n, err := s.get(ctx, s.paths.head)
	switch {
	case errors.Is(err, zk.ErrNoNode):
		request = &zk.CreateRequest{Path: s.paths.head, Data: data, Acl: s.cfg.Session.ACL()}
	case err != nil:
		return 0, false, s.judge(ctx, false, err)
	case bytes.Equal(n.Data, data):
		return n.Stat.Version, true, nil
	default:
		if err := checkSchema(s.paths.head, n.Data); err != nil && !s.cfg.Afresh {
			return 0, false, err
		}
		request = &zk.SetDataRequest{Path: s.paths.head, Data: data, Version: n.Stat.Version}
	}
	unsure, err := s.multi(ctx, request)
	if err == nil || errors.Is(err, zk.ErrBadVersion) || errors.Is(err, zk.ErrNodeExists) {
		return 0, false, nil // the next look tells whose head it is
	}
	return 0, false, s.judge(ctx, unsure, err)
}

func checkSchema(headPath string, data []byte) error {
	var o owner
	if err := json.Unmarshal(data, &o); err != nil {
		return corrupt(headPath, err)
	}
	if o.Version != schemaVersion {
		return fmt.Errorf("%w: %s has version %d, this program reads version %d; run the version of gantry that wrote it",
			ErrSchema, headPath, o.Version, schemaVersion)
	}
	return nil
}

// wipe deletes the log and the base.
func (s *Store) wipe(ctx context.Context) error {
	for _, dir := range []string{s.paths.log, s.paths.base} {
		names, err := s.children(ctx, dir)
		if err != nil {
			return s.judge(ctx, false, err)
		}
		for _, name := range names {
			if err := s.deleteTree(ctx, dir+"/"+name); err != nil {
				return s.judge(ctx, false, err)
			}
		}
	}
	return nil
}

// deleteTree deletes a znode and its children, which have none.
func (s *Store) deleteTree(ctx context.Context, p string) error {
	names, err := s.children(ctx, p)
	if err != nil {
		return err
	}
	ops := make([]any, 0, len(names)+1)
	for _, name := range names {
		ops = append(ops, &zk.DeleteRequest{Path: p + "/" + name, Version: -1})
	}
	unsure, err := s.multi(ctx, append(ops, &zk.DeleteRequest{Path: p, Version: -1})...)
	if unsure && errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	return err
}

// findTail finds the end of the log and removes a transaction without end.
func (s *Store) findTail(ctx context.Context) error {
	numbers, err := s.entries(ctx)
	if err != nil {
		return err
	}
	for len(numbers) > 0 {
		last := numbers[len(numbers)-1]
		p := s.paths.entry(last)
		n, err := s.get(ctx, p)
		if err != nil {
			return s.judge(ctx, false, err)
		}
		e, err := decodeEntry(n.Data)
		if err != nil {
			return corrupt(p, err)
		}
		if e.last {
			break
		}
		// From the end, so that what remains is still a beginning without end.
		if unsure, err := s.multi(ctx, &zk.DeleteRequest{Path: p, Version: -1}); err != nil && (!unsure || !errors.Is(err, zk.ErrNoNode)) {
			return s.judge(ctx, unsure, err)
		}
		numbers = numbers[:len(numbers)-1]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage = usage{logEntries: len(numbers)}
	if len(numbers) > 0 {
		s.next = numbers[len(numbers)-1] + 1
	}
	return nil
}

// entries returns the numbers of all entries in the log, ascending.
func (s *Store) entries(ctx context.Context) ([]uint64, error) {
	names, err := s.children(ctx, s.paths.log)
	if err != nil {
		return nil, s.judge(ctx, false, err)
	}
	return s.numbers(names)
}

// unreadable turns the failure of a read into the store's errors.
func unreadable(err error) error {
	switch {
	case zkconn.IsSessionOver(err):
		return fmt.Errorf("%w: %w", store.ErrNotLeader, err)
	case zkconn.OutcomeOf(err) == zkconn.Refused:
		return err
	default:
		return temporaryError{err}
	}
}
