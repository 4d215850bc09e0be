package agent

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// collect deletes the directories of an ended executor after the configured delay.
func (a *Agent) collect(e *executorRun) { a.collectLater(e.sandbox, a.gcDelay()) }

func (a *Agent) collectLater(sandbox string, d time.Duration) {
	a.box.After(d, func() {
		a.box.Go(func(context.Context) { a.warn("remove sandbox", a.removeSandbox(sandbox)) })
	})
}

// removeSandbox deletes a sandbox, the link to it, its checkpoints and the directories above that are empty then.
func (a *Agent) removeSandbox(sandbox string) error {
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
	root := a.store.Layout.WorkDir
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

// removeEmpty removes a directory and those above it, below root, as far as they are empty.
func removeEmpty(dir, root string) {
	for len(dir) > len(root) && os.Remove(dir) == nil {
		dir = filepath.Dir(dir)
	}
}

// collectOld arranges the deletion of sandboxes that earlier agents on this work directory have left and no recovered
// executor uses.
func (a *Agent) collectOld() {
	known := make(map[string]bool)
	for _, f := range a.frameworks {
		for _, e := range f.executors {
			known[e.sandbox] = true
		}
	}
	pattern := filepath.Join(a.store.Layout.WorkDir, "slaves", "*", "frameworks", "*", "executors", "*", "runs", "*")
	dirs, err := filepath.Glob(pattern)
	a.warn("look for old sandboxes", err)
	delay := a.gcDelay()
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || known[dir] {
			continue
		}
		a.collectLater(dir, max(0, delay-time.Since(info.ModTime())))
	}
}

// gcDelay is how long the directory of an ended executor stays, shorter when the disk is full (Mesos, gc_delay and
// gc_disk_headroom).
func (a *Agent) gcDelay() time.Duration {
	free := max(0, 1-a.cfg.GCDiskHeadroom-diskShare(a.store.Layout.WorkDir))
	// Mesos looks at the disk once per DiskWatchInterval, so nothing goes earlier.
	return max(time.Duration(float64(a.cfg.GCDelay)*free), a.cfg.DiskWatchInterval)
}

func diskShare(dir string) float64 {
	var st statfs
	if err := st.read(dir); err != nil || st.total == 0 {
		return 0
	}
	return 1 - float64(st.available)/float64(st.total)
}
