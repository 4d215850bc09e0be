package zkstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-zookeeper/zk"

	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/scheduler/store"
)

// readTries is how often a Reader begins again because its owner folded the log
// meanwhile, which takes a moment and happens every some thousand transactions.
const readTries = 20

// ErrNoState says that there is no state below the path.
var ErrNoState = errors.New("there is no state in ZooKeeper")

// Reader reads a state that it does not own, be it while its owner writes.
type Reader struct{ tree tree }

// NewReader returns a reader of the state below path.
func NewReader(session *zkconn.Session, path string) (*Reader, error) {
	c, err := newCodec(nodeMax)
	if err != nil {
		return nil, err
	}
	return &Reader{tree{session: session, codec: c, paths: pathsBelow(path)}}, nil
}

// Close gives up the reader, not its session.
func (r *Reader) Close() error {
	r.tree.codec.close()
	return nil
}

// Examine implements store.Examiner, with a state of whole transactions only. It
// fails with ErrNoState and ErrSchema.
func (r *Reader) Examine(ctx context.Context, fn func(key string, value []byte, damage error) error) error {
	t := &r.tree
	head, err := t.get(ctx, t.paths.head)
	if errors.Is(err, zk.ErrNoNode) {
		return fmt.Errorf("%w below %s: is the path of --zk right?", ErrNoState, t.paths.state)
	}
	if err == nil {
		err = checkSchema(t.paths.head, head.Data)
	}
	for range readTries {
		if err != nil {
			return fmt.Errorf("read %s: %w", t.paths.state, err)
		}
		var (
			d       damages
			records []store.Change
			torn    bool
		)
		records, torn, err = t.glimpse(ctx, &d)
		if err == nil && !torn {
			return examine(ctx, records, &d, fn)
		}
	}
	return fmt.Errorf("read %s: its owner folds the log too often; try again", t.paths.state)
}

// glimpse reads all records once. The base may hold parts of what was written while
// it was read. All of that is in the log, too, unless entries were deleted from there
// meanwhile: then the picture is torn.
func (t *tree) glimpse(ctx context.Context, d *damages) (records []store.Change, torn bool, err error) {
	before, err := t.list(ctx)
	if err != nil {
		return nil, false, err
	}
	base, _, err := t.readBase(ctx, d)
	if err != nil {
		return nil, false, err
	}
	after, err := t.list(ctx)
	if err != nil {
		return nil, false, err
	}
	if deleted(before, after) {
		return nil, true, nil
	}
	numbers, err := t.numbers(after.Names)
	if err != nil {
		return nil, false, err
	}
	changes, _, err := t.readLog(ctx, numbers, d)
	if errors.Is(err, zk.ErrNoNode) {
		return nil, true, nil
	}
	return merge(base, changes), false, err
}

// list returns the names of the log's entries.
func (t *tree) list(ctx context.Context) (zkconn.List, error) {
	return patiently(ctx, t.session, func() (zkconn.List, error) { return t.session.List(ctx, t.paths.log) })
}

// deleted tells whether children were deleted between two lists: the version of the
// list counts those that came and those that went.
func deleted(before, after zkconn.List) bool {
	return int(after.Stat.Cversion-before.Stat.Cversion) != len(after.Names)-len(before.Names)
}
