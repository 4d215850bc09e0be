package election

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/gantry-mesos/gantry/pkg/zkconn"
)

// errEvicted says that the candidate's node was deleted by somebody else.
var errEvicted = errors.New("the candidate's node was deleted")

// separator stands between a candidate's id and its number.
const separator = "_"

// queue is the line of candidates, seen by the one with node own.
type queue struct {
	session *zkconn.Session
	dir     string
	id      string
	own     string // path of the own node
	show    func(l Leader, known bool)

	front  string // path of the leader's node that was shown
	events map[string]<-chan zk.Event
}

// enter makes the own node. Nodes of the same candidate from an earlier
// session, or from a call whose answer was lost, are deleted first.
func (q *queue) enter(ctx context.Context, data []byte) error {
	names, err := q.session.Children(ctx, q.dir)
	if err != nil {
		return err
	}
	if err := q.deleteOwn(ctx, names, ""); err != nil {
		return err
	}
	// An unknown outcome ends this try; the next one deletes what it left.
	q.own, err = q.session.Create(ctx, q.dir+"/"+q.id+separator, data, zk.FlagEphemeral|zk.FlagSequence)
	return err
}

// deleteOwn deletes all nodes of this candidate but keep.
func (q *queue) deleteOwn(ctx context.Context, names []string, keep string) error {
	for _, name := range names {
		p := q.dir + "/" + name
		if p == keep || !strings.HasPrefix(name, q.id+separator) {
			continue
		}
		if err := q.session.Delete(ctx, p, -1); err != nil && !errors.Is(err, zk.ErrNoNode) {
			return err
		}
	}
	return nil
}

// awaitTurn returns the epoch of the own node when it is the first of the
// queue. Calls that fail are repeated, after a pause, while the session lasts.
func (q *queue) awaitTurn(ctx context.Context, pause func(context.Context) bool) (epoch int64, err error) {
	q.events = map[string]<-chan zk.Event{}
	for {
		first, err := q.look(ctx)
		switch {
		case err == nil && first:
			return q.epoch(ctx, pause)
		case err == nil:
			err = q.wait(ctx)
		case !errors.Is(err, errEvicted) && !zkconn.IsSessionOver(err) && ctx.Err() == nil && pause(ctx):
			continue
		}
		if err != nil {
			return 0, err
		}
	}
}

func (q *queue) epoch(ctx context.Context, pause func(context.Context) bool) (int64, error) {
	for {
		n, err := q.session.Get(ctx, q.own)
		switch {
		case err == nil:
			return n.Stat.Czxid, nil
		case errors.Is(err, zk.ErrNoNode):
			return 0, errEvicted
		case zkconn.IsSessionOver(err) || !pause(ctx):
			return 0, err
		}
	}
}

// look reads the queue, shows its leader and watches the own node, the one
// before it and the first. It tells whether the own node is the first.
func (q *queue) look(ctx context.Context) (first bool, err error) {
	names, err := q.session.Children(ctx, q.dir)
	if err != nil {
		return false, err
	}
	if err := q.deleteOwn(ctx, names, q.own); err != nil {
		return false, err
	}
	line := inOrder(names)
	at := slices.Index(line, strings.TrimPrefix(q.own, q.dir+"/"))
	switch at {
	case -1:
		return false, errEvicted
	case 0:
		return true, nil
	}
	front := q.dir + "/" + line[0]
	for _, p := range []string{q.own, q.dir + "/" + line[at-1], front} {
		if err := q.watch(ctx, p, p == front); err != nil {
			return false, err
		}
	}
	return false, nil
}

// watch sets a watch on p unless one is set. A node that is gone meanwhile is
// as good as an event.
func (q *queue) watch(ctx context.Context, p string, front bool) error {
	if q.events[p] != nil && (!front || q.front == p) {
		return nil
	}
	n, events, err := q.session.GetW(ctx, p)
	if errors.Is(err, zk.ErrNoNode) {
		gone := make(chan zk.Event)
		close(gone)
		q.events[p] = gone
		return nil
	}
	if err != nil {
		return err
	}
	q.events[p] = events
	if front {
		var l Leader
		err := json.Unmarshal(n.Data, &l)
		q.show(l, err == nil && l.Address != "")
		q.front = p
	}
	return nil
}

// wait returns at the first event of any watch.
func (q *queue) wait(ctx context.Context) error {
	cases := []reflect.SelectCase{
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ctx.Done())},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(q.session.Done())},
	}
	paths := slices.Collect(maps.Keys(q.events))
	for _, p := range paths {
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(q.events[p])})
	}
	switch i, _, _ := reflect.Select(cases); i {
	case 0:
		return ctx.Err()
	case 1:
		return q.session.Err()
	default:
		delete(q.events, paths[i-2])
		return q.session.Err()
	}
}

// inOrder returns the names of candidates' nodes in the order of their numbers;
// nodes of other kinds are left out.
func inOrder(names []string) []string {
	type numbered struct {
		name   string
		number int64
	}
	var line []numbered
	for _, name := range names {
		i := strings.LastIndex(name, separator)
		n, err := strconv.ParseInt(name[i+1:], 10, 64)
		if i > 0 && err == nil {
			line = append(line, numbered{name, n})
		}
	}
	slices.SortFunc(line, func(a, b numbered) int { return int(min(max(a.number-b.number, -1), 1)) })
	ordered := make([]string, len(line))
	for i := range line {
		ordered[i] = line[i].name
	}
	return ordered
}
