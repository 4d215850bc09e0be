package conformance

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"
)

const zkSession = 10 * time.Second

type silent struct{}

func (silent) Printf(string, ...any) {}

// readZooKeeper compares children or data of a znode.
func (r *Replay) readZooKeeper(step *Step) error {
	addr := r.rig.ZooKeeper()
	if addr == "" {
		return errors.New("the case uses no ZooKeeper")
	}
	conn, _, err := zk.Connect([]string{addr}, zkSession, zk.WithLogger(silent{}))
	if err != nil {
		return fmt.Errorf("connect to ZooKeeper: %w", err)
	}
	defer conn.Close()
	path, err := r.expandSequence(conn, step.ZK.Path)
	if err != nil {
		return err
	}
	want := wantedOf(step)
	var got any
	switch step.ZK.Op {
	case "children":
		names, _, err := conn.Children(path)
		if err != nil {
			return fmt.Errorf("children of %s: %w", path, err)
		}
		return r.matchChildren(want, names)
	case "get":
		raw, _, err := conn.Get(path)
		if err != nil {
			return fmt.Errorf("get %s: %w", path, err)
		}
		if got, err = decodeJSON(raw); err != nil {
			got = string(raw)
		}
	default:
		return fmt.Errorf("unknown zk op %q", step.ZK.Op)
	}
	return r.matcher.Match(want, got, r.binding)
}

// matchChildren compares the names of znodes in any order.
func (r *Replay) matchChildren(want any, names []string) error {
	list, ok := want.([]any)
	if !ok || len(list) != len(names) {
		return fmt.Errorf("got children %v, want %s", names, show(want))
	}
	got := make([]any, 0, len(names))
	for _, n := range names {
		got = append(got, n)
	}
	attempt := r.binding.Clone()
	if err := r.matcher.matchUnordered("children", list, got, attempt); err != nil {
		return err
	}
	r.binding.adopt(attempt)
	return nil
}

// wantedOf is the expectation of a zk step, under whichever name the recording has it.
func wantedOf(step *Step) any {
	switch {
	case len(step.Expect.Body) > 0:
		v, err := decodeJSON(step.Expect.Body)
		if err != nil {
			return string(step.Expect.Body)
		}
		return v
	case step.Expect.Children != nil:
		return step.Expect.Children
	default:
		return step.Expect.Data
	}
}

// expandSequence replaces a path's last part with $SEQ by the first child that fits.
func (r *Replay) expandSequence(conn *zk.Conn, path string) (string, error) {
	path, err := r.binding.Expand(path)
	if err != nil {
		return "", err
	}
	dir, pattern := "", path
	if i := lastSlash(path); i >= 0 {
		dir, pattern = path[:i], path[i+1:]
	}
	if placeholder.FindString(pattern) == "" {
		return path, nil
	}
	names, _, err := conn.Children(dir)
	if err != nil {
		return "", fmt.Errorf("children of %s: %w", dir, err)
	}
	slices.Sort(names)
	for _, n := range names {
		if matchPattern(path, pattern, n, r.binding.Clone()) == nil {
			return dir + "/" + n, nil
		}
	}
	return "", fmt.Errorf("no child of %s is like %s: %v", dir, pattern, names)
}

func lastSlash(path string) int {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return i
		}
	}
	return -1
}

func mapKeys(m map[string]string) iter.Seq[string] { return maps.Keys(m) }
