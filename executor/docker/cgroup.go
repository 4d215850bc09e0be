package docker

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

const cgroupRoot = "/sys/fs/cgroup"

// cgroupParent returns the cgroup to create the container in: the executor's
// own where the engine places containers by path, so that the agent counts
// them and its destroy leaves nothing behind.
func (r *Runtime) cgroupParent(ctx context.Context) (string, error) {
	if r.cfg.Cgroup == "" {
		return "", nil
	}
	driver, version, err := r.engine.Cgroups(ctx)
	if err != nil || driver != "cgroupfs" {
		return "", err
	}
	if version == "2" {
		// A version 2 cgroup that holds processes cannot have children with
		// limits; Mesos puts the processes into a leaf for that reason.
		parent, isLeaf := strings.CutSuffix(r.cfg.Cgroup, "/leaf")
		if !isLeaf {
			return "", nil
		}
		return parent, nil
	}
	return r.cfg.Cgroup, nil
}

// removeCgroups removes what the engine made below version 1 controllers that
// the agent does not use and would leave behind. Only empty ones can go.
func (r *Runtime) removeCgroups() {
	if r.cfg.Cgroup == "" {
		return
	}
	dirs, err := filepath.Glob(filepath.Join(cgroupRoot, "*", r.cfg.Cgroup))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		_ = os.Remove(dir) // one with processes or children refuses
	}
}
