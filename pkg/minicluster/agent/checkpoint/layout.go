// Package checkpoint keeps what a mini cluster agent needs after a restart in files below its work directory, laid out
// as Mesos lays out its own: sandboxes under slaves/, state under meta/slaves/, persistent volumes under volumes/.
// Files are replaced by renaming, so that a killed program leaves the old or the new content. They are not synced: they
// survive the end of the program, not that of the machine.
package checkpoint

import (
	"os"
	"path/filepath"
	"strings"
)

// Layout derives all paths from an agent's work directory.
type Layout struct {
	WorkDir string // absolute, with symbolic links resolved
}

// Sandbox returns the sandbox directory of a run of an executor.
func (l Layout) Sandbox(agent, framework, executor, container string) string {
	return filepath.Join(l.ExecutorDir(agent, framework, executor), "runs", container)
}

// ExecutorDir returns the directory that holds all runs of an executor.
func (l Layout) ExecutorDir(agent, framework, executor string) string {
	return filepath.Join(l.WorkDir, "slaves", agent, "frameworks", framework, "executors", executor)
}

// Volume returns the directory of a persistent volume on the root disk.
func (l Layout) Volume(role, id string) string { return l.VolumeOn("", role, id) }

// VolumeOn returns the directory of a persistent volume on a PATH disk, whose
// root may be relative to the work directory.
func (l Layout) VolumeOn(root, role, id string) string {
	// Mesos puts hierarchical roles into one directory name.
	return filepath.Join(l.Disk(root), "volumes", "roles", strings.ReplaceAll(role, "/", " "), id)
}

// Disk returns the directory of a PATH or MOUNT disk.
func (l Layout) Disk(root string) string {
	if filepath.IsAbs(root) {
		return root
	}
	return filepath.Join(l.WorkDir, root)
}

// FetcherCache returns the directory of the fetcher cache.
func (l Layout) FetcherCache() string { return filepath.Join(l.WorkDir, "fetch") }

// Nested returns the sandbox of a nested container inside its parent's.
func Nested(parentSandbox, id string) string { return filepath.Join(parentSandbox, "containers", id) }

func (l Layout) metaSlaves() string { return filepath.Join(l.WorkDir, "meta", "slaves") }

func (l Layout) metaAgent(agent string) string { return filepath.Join(l.metaSlaves(), agent) }

func (l Layout) metaFramework(agent, framework string) string {
	return filepath.Join(l.metaAgent(agent), "frameworks", framework)
}

func (l Layout) metaExecutor(agent, framework, executor string) string {
	return filepath.Join(l.metaFramework(agent, framework), "executors", executor)
}

func (l Layout) metaRun(agent, framework, executor, container string) string {
	return filepath.Join(l.metaExecutor(agent, framework, executor), "runs", container)
}

func (l Layout) metaTask(agent, framework, executor, container, task string) string {
	return filepath.Join(l.metaRun(agent, framework, executor, container), "tasks", task)
}

func (l Layout) resources() string {
	return filepath.Join(l.WorkDir, "meta", "resources", "resources.info")
}

func (l Layout) containers() string { return filepath.Join(l.WorkDir, "run", "containers") }

// relink makes path a symbolic link to target, replacing an older link.
func relink(target, path string) error {
	tmp := path + ".new"
	if err := os.Remove(tmp); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Symlink(target, tmp); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// LinkLatest points the symbolic link "latest" beside a run's sandbox at it.
func LinkLatest(sandbox string) error {
	return relink(sandbox, filepath.Join(filepath.Dir(sandbox), "latest"))
}
