package containerizer

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ticksPerSecond is the unit of cpu times in /proc/<pid>/stat; Linux fixes USER_HZ at 100 on all usual architectures.
const ticksPerSecond = 100

// Usage is what the processes of a container use at a moment.
type Usage struct {
	Processes  int
	Threads    int
	UserSecs   float64
	SystemSecs float64
	RSSBytes   uint64
}

func usageOf(list []process) Usage {
	u := Usage{Processes: len(list)}
	page := uint64(os.Getpagesize())
	for _, p := range list {
		u.UserSecs += float64(p.utime) / ticksPerSecond
		u.SystemSecs += float64(p.stime) / ticksPerSecond
		if raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.pid), "statm")); err == nil {
			if fields := strings.Fields(string(raw)); len(fields) > 1 {
				pages, _ := strconv.ParseUint(fields[1], 10, 64)
				u.RSSBytes += pages * page
			}
		}
		if tasks, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(p.pid), "task")); err == nil {
			u.Threads += len(tasks)
		}
	}
	return u
}

// lookPath finds a program in the PATH of the environment that the program itself will see.
func lookPath(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, e := range env {
		dirs, ok := strings.CutPrefix(e, "PATH=")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(dirs) {
			path := filepath.Join(dir, name)
			if info, err := os.Stat(path); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
				return path, nil
			}
		}
	}
	return "", &exec.Error{Name: name, Err: exec.ErrNotFound}
}

// OpenOutput opens an output file of a sandbox for appending, owned by the user that the container runs as.
func OpenOutput(dir, name string, cred *syscall.Credential) (*os.File, error) {
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	if cred != nil {
		if err := f.Chown(int(cred.Uid), int(cred.Gid)); err != nil {
			_ = f.Close()
			return nil, err
		}
	}
	return f, nil
}
