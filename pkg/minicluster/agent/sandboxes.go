package agent

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/checkpoint"
)

// sandboxes are the directories of executors, which stay for a while after their end.
type sandboxes struct{ *base }

// collect deletes the directories of an ended executor after the configured delay.
func (s *sandboxes) collect(e *executorRun) { s.later(e.sandbox, s.delay()) }

func (s *sandboxes) later(sandbox string, d time.Duration) {
	s.box.After(d, func() {
		s.box.Go(func(context.Context) { s.warn("remove sandbox", s.remove(sandbox)) })
	})
}

// remove deletes a sandbox, the link to it, its checkpoints and the directories above that are empty then.
func (s *sandboxes) remove(sandbox string) error {
	if err := os.RemoveAll(sandbox); err != nil {
		return err
	}
	latest := filepath.Join(filepath.Dir(sandbox), "latest")
	// There may be no link any more.
	if target, _ := os.Readlink(latest); target == sandbox {
		if err := os.Remove(latest); err != nil {
			return err
		}
	}
	root := s.store.Layout.WorkDir
	relative, err := filepath.Rel(filepath.Join(root, "slaves"), sandbox)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(root, "meta", "slaves", relative)); err != nil {
		return err
	}
	removeEmpty(filepath.Dir(sandbox), root)
	return nil
}

// collectOld arranges the deletion of sandboxes that earlier agents on this work directory have left, but for those in
// use.
func (s *sandboxes) collectOld(used map[string]bool) {
	pattern := filepath.Join(s.store.Layout.WorkDir, "slaves", "*", "frameworks", "*", "executors", "*", "runs", "*")
	dirs, err := filepath.Glob(pattern)
	s.warn("look for old sandboxes", err)
	delay := s.delay()
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || used[dir] {
			continue
		}
		s.later(dir, max(0, delay-time.Since(info.ModTime())))
	}
}

// delay is how long the directory of an ended executor stays, shorter when the disk is full (Mesos, gc_delay and
// gc_disk_headroom).
func (s *sandboxes) delay() time.Duration {
	free := max(0, 1-s.cfg.GCDiskHeadroom-diskShare(s.store.Layout.WorkDir))
	// Mesos looks at the disk once per DiskWatchInterval, so nothing goes earlier.
	return max(time.Duration(float64(s.cfg.GCDelay)*free), s.cfg.DiskWatchInterval)
}

// removeEmpty removes a directory and those above it, below root, as far as they are empty.
func removeEmpty(dir, root string) {
	for len(dir) > len(root) && os.Remove(dir) == nil {
		dir = filepath.Dir(dir)
	}
}

func diskShare(dir string) float64 {
	var st statfs
	if err := st.read(dir); err != nil || st.total == 0 {
		return 0
	}
	return 1 - float64(st.available)/float64(st.total)
}

// makeSandbox makes the sandbox directory of a new executor. The error has Mesos' words, which the framework gets.
func (s *starting) makeSandbox(e *executorRun) error {
	cred, err := s.credential(e.user)
	if err != nil {
		return fmt.Errorf("Failed to create executor directory '%s': Failed to chown directory to '%s': No such user '%s'",
			e.sandbox, e.user, e.user)
	}
	if err := mkdirAll(e.sandbox); err != nil {
		return fmt.Errorf("Failed to create executor directory '%s': %w", e.sandbox, err)
	}
	if cred != nil {
		if err := os.Chown(e.sandbox, int(cred.Uid), int(cred.Gid)); err != nil {
			return fmt.Errorf("Failed to create executor directory '%s': Failed to chown directory to '%s': %w",
				e.sandbox, e.user, err)
		}
	}
	return checkpoint.LinkLatest(e.sandbox)
}
