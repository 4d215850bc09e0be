package agent

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
)

// limits watches what containers use.
type limits struct {
	*base
	destroy func(e *executorRun)
}

// memoryMin is the smallest memory limit Mesos sets: 32 MB.
const memoryMin = 32 << 20

// memoryGroup makes the memory control group of an executor if the isolation asks for it; else nil.
func (s *limits) memoryGroup(e *executorRun) (*containerizer.MemoryCgroup, error) {
	if !s.cfg.isolates("cgroups/mem") || e.kind == kindDocker {
		return nil, nil //nolint:nilnil // documented
	}
	return containerizer.NewMemoryCgroup(s.cfg.CgroupsRoot, e.containerID, memoryLimit(e.resources()))
}

// resize adapts the limits of an executor's container to its live tasks. Memory limits only grow, as with Mesos, where
// lowering them could kill what runs.
func (s *limits) resize(e *executorRun) {
	if e.memory == nil {
		return
	}
	if limit := memoryLimit(e.resources()); limit > e.memory.Limit() {
		s.warn("resize container", e.memory.SetLimit(limit))
	}
}

// checkMemory finds out whether an executor ended for want of memory, and removes its control group.
func (s *limits) checkMemory(e *executorRun) {
	g := e.memory
	if g == nil {
		return
	}
	if g.Exceeded() && e.pending == nil {
		mb := float64(g.Limit()) / (1 << 20)
		limit := mesos.Resource{Name: "mem", Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: mb}}
		e.pending = &termination{
			state: mesos.TASK_FAILED, reason: mesos.REASON_CONTAINER_LIMITATION_MEMORY,
			message:    fmt.Sprintf("Memory limit exceeded: Requested: %gMB Maximum Used: %gMB\n", mb, float64(g.MaxUsage())/(1<<20)),
			limitation: &mesos.TaskResourceLimitation{Resources: []mesos.Resource{limit}},
		}
	}
	e.memory = nil
	s.box.Go(func(context.Context) { g.Remove() })
}

// watch begins to watch the container's disk and memory as far as the isolation asks for it.
func (s *limits) watch(e *executorRun) {
	if g := e.memory; g != nil {
		s.watchMemory(e)
	}
	if !s.cfg.isolates("disk/du") && !s.cfg.isolates("posix/disk") || !s.cfg.EnforceContainerDiskQuota {
		return
	}
	e.diskWatch = s.box.After(s.cfg.ContainerDiskWatchInterval, func() { s.measureDisk(e) })
}

func (s *limits) watchMemory(e *executorRun) {
	s.box.After(memoryWatchInterval, func() {
		if e.state == terminated || e.memory == nil {
			return
		}
		if e.memory.Exceeded() {
			s.destroy(e)
			return
		}
		s.watchMemory(e)
	})
}

// measureDisk compares the size of the sandbox with the executor's disk resources.
func (s *limits) measureDisk(e *executorRun) {
	quota, sandbox := e.diskQuota(), e.sandbox
	s.box.Go(func(context.Context) {
		used := diskUsage(sandbox)
		s.box.Post(func() {
			if e.state == terminated {
				return
			}
			if quota.Scalar == nil || used <= int64(quota.Scalar.Value*(1<<20)) {
				s.watch(e)
				return
			}
			e.pending = &termination{
				state: mesos.TASK_FAILED, reason: mesos.REASON_CONTAINER_LIMITATION_DISK,
				message:    fmt.Sprintf("Disk usage (%dKB) exceeds quota (%gMB)", used>>10, quota.Scalar.Value),
				limitation: &mesos.TaskResourceLimitation{Resources: []mesos.Resource{quota}},
			}
			s.destroy(e)
		})
	})
}

func memoryLimit(list []mesos.Resource) uint64 {
	mb := 0.0
	for _, r := range list {
		if r.Name == "mem" && r.Scalar != nil {
			mb += r.Scalar.Value
		}
	}
	return max(uint64(mb*(1<<20)), memoryMin)
}

func diskUsage(dir string) int64 {
	total := int64(0)
	// Files that vanish meanwhile do not count.
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				total += info.Size()
			}
		}
		return nil
	})
	return total
}

// memoryWatchInterval is how often containers are looked at for having run out of memory.
const memoryWatchInterval = 100 * time.Millisecond
