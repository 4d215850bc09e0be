package docker

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Owner tells one process from all others of a machine, over its end and a
// restart of the machine.
type Owner struct {
	// Boot is the kernel's id of this boot, Namespace the process ids' namespace.
	Boot, Namespace string
	PID             int
	// Start is when the process began, in clock ticks since the boot.
	Start string
}

// Self returns the owner that this process is.
func Self() (Owner, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return Owner{}, fmt.Errorf("boot id: %w", err)
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return Owner{}, fmt.Errorf("namespace of process ids: %w", err)
	}
	start, err := startOf(os.Getpid())
	if err != nil {
		return Owner{}, err
	}
	return Owner{Boot: strings.TrimSpace(string(boot)), Namespace: namespace, PID: os.Getpid(), Start: start}, nil
}

// String is the form in a label; ParseOwner reads it.
func (o Owner) String() string {
	return strings.Join([]string{o.Boot, o.Namespace, strconv.Itoa(o.PID), o.Start}, " ")
}

// ParseOwner reads what String wrote.
func ParseOwner(label string) (Owner, bool) {
	f := strings.Fields(label)
	if len(f) != 4 {
		return Owner{}, false
	}
	pid, err := strconv.Atoi(f[2])
	return Owner{Boot: f[0], Namespace: f[1], PID: pid, Start: f[3]}, err == nil
}

// dead reports whether o has surely ended. A process of another boot or
// namespace cannot be seen from here, so it counts as alive.
func (o Owner) dead(self Owner) bool {
	if o.Boot != self.Boot || o.Namespace != self.Namespace {
		return false
	}
	start, err := startOf(o.PID)
	return err != nil && os.IsNotExist(err) || err == nil && start != o.Start
}

// startOf reads a process' start time. The program's name comes before it in
// parentheses and may hold anything.
func startOf(pid int) (string, error) {
	file := fmt.Sprintf("/proc/%d/stat", pid)
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	const field = 22 - 3 // counted from the one after the name
	rest := string(data[strings.LastIndexByte(string(data), ')')+1:])
	fields := strings.Fields(rest)
	if len(fields) <= field {
		return "", fmt.Errorf("%s has %d fields", file, len(fields))
	}
	return fields[field], nil
}
