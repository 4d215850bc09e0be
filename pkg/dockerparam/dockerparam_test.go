package dockerparam_test

import (
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/dockerparam"
)

func TestCheckSaysWhyAnOptionCannotBeApplied(t *testing.T) {
	t.Parallel()
	for option, says := range map[string]string{
		"cap-add=SYS_TIME": "", "--cap-add=SYS_TIME": "", "e=A=1": "", "ulimit=nofile=1024:2048": "", "memory-swap=-1": "", "init=": "",
		"name=my-agent": "", "restart=always": "", "device=/dev/fuse:/dev/fuse:rwm": "", "dns=::1": "", "shm-size=64m": "",
		"rm=true": "is refused", "p=80:80": "use portMappings", "cgroup-parent=x": "Mesos' matter",
		"no-such-flag=1": "is not known; known are add-host", "env-file=/x": "is not known", "mount=type=bind": "is not known",
		"init=perhaps": "true or false", "cpu-shares=many": "whole number", "memory=much": "64m", "sysctl=x": "name=value",
		"dns=host": "IP address", "ulimit=x": "soft", "device=": "host[",
	} {
		key, value, _ := strings.Cut(option, "=")
		err := dockerparam.Check(key, value)
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: got %v, want %q", option, err, says)
		}
	}
	if dockerparam.Ignored("--name") == "" || dockerparam.Ignored("restart") == "" || dockerparam.Ignored("rm") != "" {
		t.Error("name and restart are ignored, rm is not")
	}
}
