package zkstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/scheduler/store"
)

// readers is how many znodes are asked for at a time: ZooKeeper answers the
// questions of one connection in order, without pause when many wait.
const readers = 64

// tree reads the znodes of one state.
type tree struct {
	session *zkconn.Session
	codec   *codec
	paths   paths
}

// damages are what was found damaged where reading goes on nevertheless; nil ends
// it at the first one.
type damages struct {
	mu   sync.Mutex
	list []error
}

// tolerate takes damage, and hands back any other error.
func (d *damages) tolerate(err error) error {
	if d == nil || !errors.Is(err, ErrCorrupt) {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, err)
	return nil
}

// examine hands out what was read and what was damaged.
func examine(ctx context.Context, records []store.Change, d *damages, fn func(key string, value []byte, damage error) error) error {
	for _, err := range d.list {
		at := ""
		if c, ok := errors.AsType[*corruptError](err); ok {
			at = c.path
		}
		if err := fn(at, nil, err); err != nil {
			return err
		}
	}
	for i := range records {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := fn(records[i].Key, records[i].Value, nil); err != nil {
			return fmt.Errorf("load record %q: %w", records[i].Key, err)
		}
	}
	return nil
}

// get reads a znode; a broken connection is waited out.
func (t *tree) get(ctx context.Context, path string) (zkconn.Node, error) {
	return patiently(ctx, t.session, func() (zkconn.Node, error) { return t.session.Get(ctx, path) })
}

func (t *tree) children(ctx context.Context, path string) ([]string, error) {
	return patiently(ctx, t.session, func() ([]string, error) { return t.session.Children(ctx, path) })
}

// numbers are those of the log's entries, ascending.
func (t *tree) numbers(names []string) ([]uint64, error) {
	numbers := make([]uint64, 0, len(names))
	for _, name := range names {
		n, err := strconv.ParseUint(name, 16, 64)
		if err != nil {
			return nil, corrupt(t.paths.log+"/"+name, errors.New("its name is no number"))
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers, nil
}

// readBase returns the records of all buckets and their size in ZooKeeper.
func (t *tree) readBase(ctx context.Context, d *damages) (records []store.Change, size int, err error) {
	names, err := t.children(ctx, t.paths.base)
	if err != nil {
		return nil, 0, unreadable(err)
	}
	parts := make([]bucket, len(names))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i, name := range names {
		b, err := strconv.ParseUint(name, 16, 8)
		if err != nil {
			return nil, 0, errors.Join(corrupt(t.paths.base+"/"+name, errors.New("its name is no bucket")), g.Wait())
		}
		g.Go(func() (err error) {
			parts[i], err = t.readBucket(gctx, int(b))
			return d.tolerate(err)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, 0, err
	}
	n := 0
	for i := range parts {
		n += len(parts[i].records)
		size += parts[i].size
	}
	records = make([]store.Change, 0, n)
	for i := range parts {
		records = append(records, parts[i].records...)
	}
	return records, size, nil
}

// bucket is the content of one bucket.
type bucket struct {
	exists   bool
	head     bucketHead
	records  []store.Change
	size     int // bytes in ZooKeeper
	children int // pages, and leftovers of interrupted folds
}

// errMissing says that a page is not there which the bucket refers to.
var errMissing = errors.New("the page is missing")

// readBucket reads a bucket with its pages; one that does not exist is empty. One
// that its owner rewrites meanwhile is read again.
func (t *tree) readBucket(ctx context.Context, number int) (b bucket, err error) {
	for {
		b, err = t.readBucketOnce(ctx, number)
		if !errors.Is(err, errMissing) || t.headOf(ctx, number) == b.head {
			return b, err
		}
	}
}

// headOf returns what a bucket says of its pages, nothing if it cannot be read.
func (t *tree) headOf(ctx context.Context, number int) bucketHead {
	n, err := t.get(ctx, t.paths.bucket(number))
	if err != nil {
		return bucketHead{}
	}
	h, _, _ := decodeBucket(n.Data) // what it says is compared, and read again
	return h
}

func (t *tree) readBucketOnce(ctx context.Context, number int) (b bucket, err error) {
	p := t.paths.bucket(number)
	n, err := t.get(ctx, p)
	if errors.Is(err, zk.ErrNoNode) {
		return bucket{}, nil
	}
	if err != nil {
		return b, unreadable(err)
	}
	b.exists, b.size, b.children = true, len(n.Data), int(n.Stat.NumChildren)
	var payload []byte
	if b.head, payload, err = decodeBucket(n.Data); err != nil {
		return b, corrupt(p, err)
	}
	add := func(c store.Change) { b.records = append(b.records, c) }
	if err := t.codec.unpack(payload, add); err != nil {
		return b, corrupt(p, err)
	}
	for page := 1; page <= b.head.pages; page++ {
		p := t.paths.page(number, b.head.generation, page)
		n, err := t.get(ctx, p)
		if errors.Is(err, zk.ErrNoNode) {
			return b, corrupt(p, errMissing)
		}
		if err != nil {
			return b, unreadable(err)
		}
		b.size += len(n.Data)
		payload, err := head(n.Data, kindPage)
		if err == nil {
			err = t.codec.unpack(payload, add)
		}
		if err != nil {
			return b, corrupt(p, err)
		}
	}
	return b, nil
}

// readLog returns the changes of the entries with the given numbers, in order,
// and their size in ZooKeeper. A transaction without end is left out.
func (t *tree) readLog(ctx context.Context, numbers []uint64, d *damages) (changes []store.Change, size int, err error) {
	type part struct {
		entry   entry
		size    int
		changes []store.Change
	}
	parts := make([]part, len(numbers))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i, number := range numbers {
		g.Go(func() error {
			p := t.paths.entry(number)
			n, err := t.get(gctx, p)
			if err != nil {
				return unreadable(err)
			}
			e, err := decodeEntry(n.Data)
			if err == nil {
				err = t.codec.unpack(e.payload, func(c store.Change) { parts[i].changes = append(parts[i].changes, c) })
			}
			if err != nil {
				return d.tolerate(corrupt(p, err))
			}
			parts[i].entry, parts[i].size = e, len(n.Data)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, 0, err
	}
	whole := len(parts)
	for whole > 0 && !parts[whole-1].entry.last {
		whole--
	}
	for i := range parts[:whole] {
		size += parts[i].size
		changes = append(changes, parts[i].changes...)
	}
	return changes, size, nil
}
