package containerizer

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is what /proc tells about one live process.
type process struct {
	pid, ppid, session int
	state              byte
	start              uint64
	utime, stime       uint64
}

// readProcess parses /proc/<pid>/stat; ok is false when the process has gone.
func readProcess(pid int) (p process, ok bool) {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return p, false
	}
	// The name in parentheses may hold blanks and parentheses itself.
	end := bytes.LastIndexByte(raw, ')')
	if end < 0 {
		return p, false
	}
	fields := strings.Fields(string(raw[end+1:]))
	if len(fields) < 20 {
		return p, false
	}
	p.pid = pid
	p.state = fields[0][0]
	p.ppid, _ = strconv.Atoi(fields[1])
	p.session, _ = strconv.Atoi(fields[3])
	p.utime, _ = strconv.ParseUint(fields[11], 10, 64)
	p.stime, _ = strconv.ParseUint(fields[12], 10, 64)
	p.start, _ = strconv.ParseUint(fields[19], 10, 64)
	return p, true
}

func (p process) alive() bool { return p.state != 'Z' && p.state != 'X' }

// StartTicks returns the kernel's start time of a process in clock ticks since boot. Together with the pid it names a
// process for good, since pids are used again. It returns 0 when there is no such process.
func StartTicks(pid int) uint64 {
	p, ok := readProcess(pid)
	if !ok || !p.alive() {
		return 0
	}
	return p.start
}

func listProcesses() []process {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	list := make([]process, 0, len(entries))
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if p, ok := readProcess(pid); ok && p.alive() {
			list = append(list, p)
		}
	}
	return list
}

// family is what identifies the processes of one container.
type family struct {
	roots  map[int]uint64 // session leaders started for the container: pid to start time
	marker string         // sandbox directory; empty = no search by environment
	since  uint64         // start time of the container in ticks: older processes need not be searched by environment
}

// members returns the live processes of the family. A process belongs to it when it is one of the roots, in a session
// led by one of them, a descendant of a member, or marked by its environment.
func (f family) members() []process {
	self := os.Getpid()
	all := listProcesses()
	in := make(map[int]bool)
	for _, p := range all {
		start, isRoot := f.roots[p.pid]
		_, inSession := f.roots[p.session]
		switch {
		case p.pid == self:
		case isRoot && start == p.start, inSession && f.leaderIsOurs(p.session):
			in[p.pid] = true
		case f.marker != "" && p.start >= f.since && marked(p.pid, f.marker):
			in[p.pid] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for _, p := range all {
			if !in[p.pid] && in[p.ppid] && p.pid != self {
				in[p.pid], grown = true, true
			}
		}
	}
	out := all[:0]
	for _, p := range all {
		if in[p.pid] {
			out = append(out, p)
		}
	}
	return out
}

// leaderIsOurs guards against a session id that the kernel has given to somebody else's new session leader.
func (f family) leaderIsOurs(session int) bool {
	leader, ok := readProcess(session)
	return !ok || leader.start == f.roots[session]
}

// marked tells whether the environment of a process names the sandbox. Only the variables that agents and built-in
// executors set are looked at, and sandboxes below the given one count too.
func marked(pid int, sandbox string) bool {
	env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil || !bytes.Contains(env, []byte(sandbox)) {
		return false
	}
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		name, value, ok := bytes.Cut(entry, []byte{'='})
		if !ok || string(name) != "MESOS_DIRECTORY" && string(name) != "MESOS_SANDBOX" {
			continue
		}
		if string(value) == sandbox || bytes.HasPrefix(value, []byte(sandbox+"/")) {
			return true
		}
	}
	return false
}

// ticksNow returns the time since boot in clock ticks, a little in the past to be on the safe side; 0 if unknown.
func ticksNow() uint64 {
	raw, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0
	}
	text, _, _ := strings.Cut(string(raw), " ")
	secs, err := strconv.ParseFloat(text, 64)
	if err != nil || secs < 1 {
		return 0
	}
	return uint64((secs - 1) * ticksPerSecond)
}

// DestroyStrays kills the processes whose environment names a sandbox below root that keep does not claim. It is for
// what a killed program left behind without a note.
func (h *Host) DestroyStrays(root string, keep func(sandbox string) bool) error {
	var errs []error
	for _, p := range listProcesses() {
		if sandbox := sandboxOf(p.pid, root); sandbox != "" && p.pid != os.Getpid() && !keep(sandbox) {
			f := family{roots: map[int]uint64{p.pid: p.start}}
			errs = append(errs, f.kill())
		}
	}
	return errors.Join(errs...)
}

// sandboxOf returns the sandbox below root that the environment of a process names; empty if there is none.
func sandboxOf(pid int, root string) string {
	env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil || !bytes.Contains(env, []byte(root)) {
		return ""
	}
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		name, value, _ := strings.Cut(string(entry), "=")
		if (name == "MESOS_DIRECTORY" || name == "MESOS_SANDBOX") && strings.HasPrefix(value, root+"/") {
			return value
		}
	}
	return ""
}

const (
	killRounds   = 200
	killInterval = 10 * time.Millisecond
)

// kill sends SIGKILL to the members until none is alive. Processes that fork while they are looked for are found in
// the next round. It fails after two seconds, which takes a process in uninterruptible sleep.
func (f family) kill() error {
	var left []process
	for range killRounds {
		left = f.members()
		if len(left) == 0 {
			return nil
		}
		for _, p := range left {
			// ESRCH: gone meanwhile, seen in the next round.
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
		time.Sleep(killInterval)
	}
	return fmt.Errorf("kill container of sandbox %s: %d processes survive SIGKILL, the first is %d", f.marker, len(left), left[0].pid)
}

// Signal sends a signal to a process and everything below it: its session and its descendants. Processes that left
// the session and were orphaned are not found; only destroying the container finds those.
func Signal(pid int, sig syscall.Signal) {
	f := family{roots: map[int]uint64{pid: StartTicks(pid)}}
	for _, p := range f.members() {
		_ = syscall.Kill(p.pid, sig)
	}
}
