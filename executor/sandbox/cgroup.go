package sandbox

import (
	"os"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// Cgroup returns the path of the cgroup that the agent made for this executor,
// such as "/mesos/<container id>", or "" if the executor shares one with
// others. The id in the path is what tells them apart.
func Cgroup(id mesos.ContainerID) string {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	return ownCgroup(string(text), id)
}

// ownCgroup reads lines "hierarchy:controllers:path". Version 1 lists one line
// for each controller and the agent may use only some, so the controllers that
// limit come first; version 2 has one line without controllers.
func ownCgroup(text string, id mesos.ContainerID) string {
	if id == "" {
		return ""
	}
	found := map[string]string{}
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 || !slices.Contains(strings.Split(parts[2], "/"), string(id)) {
			continue
		}
		for controller := range strings.SplitSeq(parts[1], ",") {
			found[controller] = parts[2]
		}
	}
	for _, controller := range []string{"memory", "cpu", "freezer", ""} {
		if path := found[controller]; path != "" {
			return path
		}
	}
	return ""
}
