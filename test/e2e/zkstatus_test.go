package e2e

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/test/zktest"
)

func TestTheStateOfZooKeeperIsAnExitCode(t *testing.T) {
	t.Parallel()
	zk := zktest.Start(t)
	nobody := freeAddress(t)
	for _, row := range []struct {
		servers, says string
		code          int
	}{{zk.Addr(), "standalone", 0}, {zk.Addr() + "," + nobody, "degraded", 1}, {nobody, "no quorum", 2}} {
		out, err := exec.Command(filepath.Join(bin, "gantry"), "zk", "status", "--timeout", "20s", "zk://"+row.servers+"/gantry").CombinedOutput()
		code := 0
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			code = exit.ExitCode()
		}
		if code != row.code || !strings.Contains(string(out), row.says) {
			t.Errorf("%s: exit code %d, want %d\n%s", row.servers, code, row.code, out)
		}
	}
}
