package docker

import (
	"errors"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/fault"
)

// errPort marks a host port that something else on the agent uses.
var errPort = errors.New("port taken")

// The engine tells what went wrong in words only. Those here are of what the
// host lacks: another agent may well have it. What a user names, such as an
// image, a network or a device, is the task's own.
var (
	portWords  = []string{"port is already allocated", "address already in use"}
	agentWords = []string{
		"no space left on device", "read-only file system", "too many open files", "cannot allocate memory",
		"could not find bridge", "network bridge not found", "Failed to Setup IP tables", "failed to set up iptables",
		"to bridge docker0", "cannot fork", "resource temporarily unavailable", "error creating overlay mount",
		"could not find an available, non-overlapping", "no available IPv4 addresses",
	}
)

// faultOf tells whose fault it is that a container did not start.
func faultOf(err error) fault.Fault {
	says := func(words []string) bool {
		text := err.Error()
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	switch {
	case errors.Is(err, errPort), says(portWords):
		return fault.Port
	case errors.Is(err, ErrUnreachable), says(agentWords):
		return fault.Agent
	default:
		return ""
	}
}
