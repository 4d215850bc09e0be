package containerizer

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// memoryRoot is where version 1 control groups of the memory controller are mounted by convention.
const memoryRoot = "/sys/fs/cgroup/memory"

// MemoryCgroup is a version 1 memory control group that limits one container, as Mesos' isolator cgroups/mem does.
type MemoryCgroup struct {
	path  string
	limit uint64
}

// NewMemoryCgroup creates the group root/id with a hard limit in bytes. It fails where the version 1 controller is not
// mounted or not writable.
func NewMemoryCgroup(root, id string, limit uint64) (*MemoryCgroup, error) {
	g := &MemoryCgroup{path: filepath.Join(memoryRoot, root, id), limit: limit}
	if err := os.MkdirAll(g.path, 0o755); err != nil {
		return nil, fmt.Errorf("create memory control group: %w", err)
	}
	err := os.WriteFile(filepath.Join(g.path, "memory.limit_in_bytes"), []byte(strconv.FormatUint(limit, 10)), 0o644)
	if err != nil {
		g.Remove()
		return nil, fmt.Errorf("limit memory control group: %w", err)
	}
	return g, nil
}

// SetLimit changes the hard limit in bytes; the kernel refuses less than is in use.
func (g *MemoryCgroup) SetLimit(limit uint64) error {
	err := os.WriteFile(filepath.Join(g.path, "memory.limit_in_bytes"), []byte(strconv.FormatUint(limit, 10)), 0o644)
	if err == nil {
		g.limit = limit
	}
	return err
}

// Limit returns the hard limit in bytes.
func (g *MemoryCgroup) Limit() uint64 { return g.limit }

// Path returns the directory of the group.
func (g *MemoryCgroup) Path() string { return g.path }

// Exceeded tells whether the kernel has ever killed or stalled a process of the group for want of memory.
func (g *MemoryCgroup) Exceeded() bool {
	raw, err := os.ReadFile(filepath.Join(g.path, "memory.oom_control"))
	if err != nil {
		return false
	}
	for line := range strings.SplitSeq(string(raw), "\n") {
		name, value, _ := strings.Cut(line, " ")
		if (name == "oom_kill" || name == "under_oom") && value != "0" && value != "" {
			return true
		}
	}
	return false
}

// MaxUsage returns the highest memory use seen in bytes.
func (g *MemoryCgroup) MaxUsage() uint64 {
	raw, err := os.ReadFile(filepath.Join(g.path, "memory.max_usage_in_bytes"))
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseUint(strings.TrimSpace(string(raw)), 10, 64)
	return n
}

// Remove deletes the group once its processes are gone; it waits for them up to a second.
func (g *MemoryCgroup) Remove() {
	for range 100 {
		err := os.Remove(g.path)
		if err == nil || errors.Is(err, os.ErrNotExist) || !errors.Is(err, syscall.EBUSY) {
			return
		}
		time.Sleep(killInterval)
	}
}

// wrap makes a shell enter the group before it turns into the command.
func (g *MemoryCgroup) wrap(cmd *exec.Cmd) {
	script := `echo $$ > "$1" || exit 125; p=$2; shift 2; exec "$p" "$@"`
	args := []string{"sh", "-c", script, "sh", filepath.Join(g.path, "cgroup.procs"), cmd.Path}
	cmd.Args = append(args, cmd.Args[1:]...)
	cmd.Path = "/bin/sh"
}
