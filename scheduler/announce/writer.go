package announce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/pause"
	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
)

// Source is the table that is written.
type Source interface {
	// All returns all of it; Changes waits for something after an index.
	All(s endpoint.Selector) *endpoint.Changes
	Changes(ctx context.Context, after endpoint.Index, s endpoint.Selector, wait time.Duration) (*endpoint.Changes, error)
	// Output has kills of drained tasks wait for an output, Written tells how far it is.
	Output(name string)
	Written(name string, at endpoint.Index)
}

// Config is what a Writer needs.
type Config struct {
	// URL is where the tree is; its last part is the tree's root.
	URL   zkurl.URL
	Forms []Form
	// ByIP writes addresses instead of the names of agents.
	ByIP bool
	// Paths are those below which the label GANTRY_SERVERSET_PATH may lead.
	Paths []string
	// Framework marks members as ours.
	Framework func() string
	// ID and Address are of this scheduler, for who looks at the writer's node.
	ID, Address string
	// Term is greater than those of earlier leaders.
	Term   uint64
	Source Source
	Log    *zap.Logger
}

const (
	// output is the name by which kills of drained tasks wait for this.
	outputName = "zookeeper"
	// firstNumber is where the numbers of members begin.
	firstNumber = 1_000_000_000
	// batchOps and batchBytes bound a transaction.
	batchOps, batchBytes = 100, 256 << 10
	// callMax bounds a call of ZooKeeper; retryPause is before the next try.
	callMax, retryPause = 10 * time.Second, time.Second
	// readsAtOnce is how many members are read at a time.
	readsAtOnce = 32
	// holdMin and holdShare bound how many members a new leader removes on its own judgement.
	holdMin, holdShare = 5, 0.5
)

// ErrSuperseded says that the leader of a later term writes.
var ErrSuperseded = errors.New("another scheduler writes names into ZooKeeper since")

// head is the content of the fence.
type head struct {
	Term uint64 `json:"term"`
	// Next is how many numbers have been given out, Batch how many transactions written.
	Next  uint64 `json:"next"`
	Batch uint64 `json:"batch"`
}

// Writer keeps the tree of a term up to date.
type Writer struct {
	cfg     Config
	layout  layout
	session *zkconn.Session
	tree    *tree
	head    head
	version int32
	held    bool
}

// New returns a Writer; it does nothing until Run.
func New(cfg Config) *Writer { return &Writer{cfg: cfg} }

// Run writes until ctx ends, or returns ErrSuperseded. Whatever else fails is tried again.
func (w *Writer) Run(ctx context.Context) error {
	w.cfg.Source.Output(outputName)
	for {
		err := w.term(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, ErrSuperseded):
			return err
		}
		w.cfg.Log.Warn("names in ZooKeeper are not up to date; trying again", zap.Error(err), logfield.RetryIn(retryPause))
		pause.For(ctx, retryPause)
	}
}

// term writes with one session, until that is over.
func (w *Writer) term(ctx context.Context) (err error) {
	// Without its id members would be nobody's; there are none before it has one.
	for w.cfg.Framework() == "" && pause.For(ctx, retryPause/10) {
		continue
	}
	w.session, err = zkconn.Open(zkconn.Config{URL: w.cfg.URL, Readable: true, Log: w.cfg.Log})
	if err != nil {
		return err
	}
	defer w.session.Close()
	connecting, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	if err := w.session.WaitConnected(connecting); err != nil {
		return err
	}
	w.layout = layout{root: w.cfg.URL.Path, framework: w.cfg.Framework(), forms: w.cfg.Forms, byIP: w.cfg.ByIP, paths: w.cfg.Paths}
	if err := w.takeOver(ctx); err != nil {
		return err
	}
	if w.tree, err = w.read(ctx); err != nil {
		return err
	}
	var set endpoint.Set
	set.Apply(w.cfg.Source.All(endpoint.Selector{}))
	w.cfg.Log.Info("names in ZooKeeper taken over", logfield.Path(w.cfg.URL.Path), zap.Uint64("term", w.cfg.Term))
	for first := true; ; first = false {
		if err := w.write(ctx, set.Services(), first); err != nil {
			return err
		}
		at, _ := endpoint.ParseIndex(set.Index())
		w.cfg.Source.Written(outputName, at)
		for {
			c, err := w.wait(ctx, at)
			if err != nil {
				return err
			}
			if c.Index != set.Index() {
				set.Apply(c)
				break
			}
		}
	}
}

// wait returns when something has changed, some time has passed, or the session is over.
func (w *Writer) wait(ctx context.Context, at endpoint.Index) (*endpoint.Changes, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-w.session.Done():
			cancel(w.session.Err())
		case <-ctx.Done():
		}
	}()
	return w.cfg.Source.Changes(ctx, at, endpoint.Selector{}, time.Minute)
}

func (w *Writer) path(name string) string { return path.Join(w.cfg.URL.Path, name) }

// takeOver makes this writer the only one, and says so.
func (w *Writer) takeOver(ctx context.Context) error {
	if err := w.session.EnsurePath(ctx, w.cfg.URL.Path); err != nil {
		return err
	}
	if _, err := w.session.Create(ctx, w.path("head"), []byte("{}"), 0); err != nil && !errors.Is(err, zk.ErrNodeExists) {
		return err
	}
	n, err := w.session.Get(ctx, w.path("head"))
	if err != nil {
		return err
	}
	var is head
	if err := json.Unmarshal(n.Data, &is); err != nil {
		return fmt.Errorf("%s is no head of this tree: %w; give --discovery-zk another path", w.path("head"), err)
	}
	if is.Term > w.cfg.Term {
		return fmt.Errorf("%w: term %d of %s", ErrSuperseded, is.Term, w.path("head"))
	}
	is.Term = w.cfg.Term
	w.head, w.version = is, n.Stat.Version
	if err := w.commit(ctx, is, nil); err != nil {
		return err
	}
	told, err := json.Marshal(map[string]any{"id": w.cfg.ID, "address": w.cfg.Address, "term": w.cfg.Term})
	if err != nil {
		return err
	}
	if err := w.session.Delete(ctx, w.path("writer"), -1); err != nil && !errors.Is(err, zk.ErrNoNode) {
		return err
	}
	_, err = w.session.Create(ctx, w.path("writer"), told, zk.FlagEphemeral)
	return err
}

// commit carries out ops in one transaction with the next head. If its answer is
// lost, the head tells whether it was carried out.
func (w *Writer) commit(ctx context.Context, next head, ops []any) error {
	next.Batch = w.head.Batch + 1
	data, err := json.Marshal(next)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	all := append([]any{&zk.SetDataRequest{Path: w.path("head"), Data: data, Version: w.version}}, ops...)
	err = w.session.Multi(ctx, w.path("head"), all...)
	if err != nil && zkconn.OutcomeOf(err) == zkconn.Unknown {
		n, look := w.session.Get(ctx, w.path("head"))
		if look == nil && string(n.Data) == string(data) && n.Stat.Version == w.version+1 {
			err = nil
		}
	}
	switch {
	case errors.Is(err, zk.ErrBadVersion):
		return fmt.Errorf("%w: %w", ErrSuperseded, err)
	case err != nil:
		return err
	}
	w.head, w.version = next, w.version+1
	return nil
}

// read finds out what is there of ours.
func (w *Writer) read(ctx context.Context) (*tree, error) {
	t := newTree(&w.layout)
	var nodes []string
	roots := append([]string{w.path("serversets"), w.path("nerve"), w.path("curator")}, w.cfg.Paths...)
	for _, root := range roots {
		if err := w.walk(ctx, root, t, &nodes); err != nil {
			return nil, err
		}
	}
	data := make([]string, len(nodes))
	g, reading := errgroup.WithContext(ctx)
	g.SetLimit(readsAtOnce)
	for n, p := range nodes {
		g.Go(func() error {
			got, err := w.session.Get(reading, p)
			if errors.Is(err, zk.ErrNoNode) {
				return nil // another program's member, which it has removed
			}
			data[n] = string(got.Data)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for n, p := range nodes {
		dir, name := path.Split(p)
		dir = strings.TrimSuffix(dir, "/")
		key, ours := w.layout.keyOf(dir, name, data[n])
		if !ours {
			continue
		}
		if t.dirs[dir] == nil {
			t.dirs[dir] = map[string]node{}
		}
		if _, twice := t.dirs[dir][key]; twice {
			t.spare = append(t.spare, p)
			continue
		}
		t.dirs[dir][key] = node{name, data[n]}
	}
	return t, nil
}

// walk collects the nodes below p that may be members: those without children. The
// directories of Apps are noted even if they are empty.
func (w *Writer) walk(ctx context.Context, p string, t *tree, nodes *[]string) error {
	names, err := w.session.Children(ctx, p)
	if errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		child := path.Join(p, name)
		if isMember(name) {
			*nodes = append(*nodes, child)
			continue
		}
		if strings.HasPrefix(child, w.path("")+"/") {
			if grand, err := w.session.Children(ctx, child); err == nil && len(grand) == 0 && t.dirs[child] == nil {
				t.dirs[child] = map[string]node{}
			}
		}
		if err := w.walk(ctx, child, t, nodes); err != nil {
			return err
		}
	}
	return nil
}

// isMember reports whether a node's name is that of a member: numbered, or a task's id.
func isMember(name string) bool {
	if strings.Contains(name, "._app.") {
		return true
	}
	at := strings.LastIndexByte(name, '_')
	if at < 0 || len(name)-at != 11 {
		return false
	}
	_, err := strconv.ParseUint(name[at+1:], 10, 64)
	return err == nil
}

// write brings the tree up to date: first what is to be added, then what is to go.
func (w *Writer) write(ctx context.Context, services []endpoint.Service, first bool) error {
	makes, units, removes := w.tree.plan(services)
	for _, dir := range makes {
		if err := w.session.EnsurePath(ctx, dir); err != nil {
			return err
		}
		w.tree.dirs[dir] = map[string]node{}
	}
	gone, all := w.tree.orphans(units)
	hold := (first || w.held) && gone > holdMin && float64(gone) > holdShare*float64(all)
	if hold && !w.held {
		w.cfg.Log.Error("most names in ZooKeeper are of tasks that this scheduler does not know; they are kept, since its store is more likely wrong: "+
			"restore the store, or remove them with a ZooKeeper client", logfield.Path(w.cfg.URL.Path), logfield.Count(gone), zap.Int("of", all))
	}
	w.held = hold
	for len(units) > 0 {
		n, bytes := 0, 0
		for ; n < len(units) && 2*n < batchOps && bytes < batchBytes; n++ {
			if hold && units[n].create == nil {
				return nil // those that only remove come last
			}
			bytes += units[n].size()
		}
		if err := w.batch(ctx, units[:n]); err != nil {
			return err
		}
		units = units[n:]
	}
	for _, p := range w.tree.spare {
		if err := w.commit(ctx, w.head, []any{&zk.DeleteRequest{Path: p, Version: -1}}); err != nil && !errors.Is(err, zk.ErrNoNode) {
			return err
		}
	}
	w.tree.spare = nil
	for _, dir := range removes {
		w.clear(ctx, dir)
	}
	return nil
}

// batch carries out units in one transaction.
func (w *Writer) batch(ctx context.Context, units []unit) error {
	next := w.head
	var ops []any
	names := make([]string, len(units))
	for n := range units {
		u := &units[n]
		if u.create != nil {
			if names[n] = u.create.name; u.create.numbered {
				names[n] += fmt.Sprintf("%010d", firstNumber+next.Next)
				next.Next++
			}
		}
		if u.remove != "" {
			ops = append(ops, &zk.DeleteRequest{Path: path.Join(u.dir, u.remove), Version: -1})
		}
		if u.create != nil {
			ops = append(ops, &zk.CreateRequest{Path: path.Join(u.dir, names[n]), Data: []byte(u.create.data), Acl: w.session.ACL()})
		}
	}
	if err := w.commit(ctx, next, ops); err != nil {
		// What is there is not what was read: somebody has changed it. It is read anew.
		return fmt.Errorf("write %d members: %w", len(units), err)
	}
	for n := range units {
		w.tree.done(&units[n], names[n])
	}
	return nil
}

// clear removes the directory of an App that is gone, and those above it that held
// nothing else. One that holds others' members stays.
func (w *Writer) clear(ctx context.Context, dir string) {
	delete(w.tree.dirs, dir)
	for p := dir; strings.HasPrefix(p, w.path("")+"/") && strings.Count(p[len(w.path("")):], "/") > 1; p = path.Dir(p) {
		if err := w.session.Delete(ctx, p, -1); err != nil && !errors.Is(err, zk.ErrNoNode) {
			return
		}
	}
}
