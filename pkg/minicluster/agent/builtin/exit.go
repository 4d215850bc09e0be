package builtin

import (
	"fmt"
	"syscall"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// signalNames are the C library's names, which Mesos prints.
var signalNames = map[syscall.Signal]string{ //nolint:gochecknoglobals,exhaustive // constant table of those that end a process
	syscall.SIGHUP: "Hangup", syscall.SIGINT: "Interrupt", syscall.SIGQUIT: "Quit", syscall.SIGILL: "Illegal instruction",
	syscall.SIGTRAP: "Trace/breakpoint trap", syscall.SIGABRT: "Aborted", syscall.SIGBUS: "Bus error",
	syscall.SIGFPE: "Floating point exception", syscall.SIGKILL: "Killed", syscall.SIGUSR1: "User defined signal 1",
	syscall.SIGSEGV: "Segmentation fault", syscall.SIGUSR2: "User defined signal 2", syscall.SIGPIPE: "Broken pipe",
	syscall.SIGALRM: "Alarm clock", syscall.SIGTERM: "Terminated", syscall.SIGXCPU: "CPU time limit exceeded",
	syscall.SIGXFSZ: "File size limit exceeded", syscall.SIGVTALRM: "Virtual timer expired",
	syscall.SIGPROF: "Profiling timer expired", syscall.SIGIO: "I/O possible", syscall.SIGPWR: "Power failure",
	syscall.SIGSYS: "Bad system call",
}

// describeExit puts a raw wait status into Mesos' words, what being "Command" or "Container".
func describeExit(what string, status int) string {
	ws := syscall.WaitStatus(status) //nolint:gosec // a wait status fits
	if ws.Signaled() {
		name, ok := signalNames[ws.Signal()]
		if !ok {
			name = fmt.Sprintf("Unknown signal %d", ws.Signal())
		}
		if ws.CoreDump() {
			name += " (core dumped)"
		}
		return what + " terminated with signal " + name
	}
	return fmt.Sprintf("%s exited with status %d", what, ws.ExitStatus())
}

// succeeded tells whether a raw wait status means exit 0.
func succeeded(status int) bool { return status == 0 }

// newStatus begins an update of a task.
func newStatus(id mesos.TaskID, state mesos.TaskState) mesos.TaskStatus {
	return mesos.TaskStatus{TaskID: id, State: state.Enum()}
}
