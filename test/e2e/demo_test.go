package e2e

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestTheDemoShowsThreeAnswersAndLeavesNothing(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "../../scripts/demo.sh")
	cmd.Env = append(os.Environ(), "DEMO_ONCE=1", "DEMO_HTTP="+freeAddress(t), "DEMO_MESOS="+freeAddress(t), "TMPDIR="+workDir(t))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := strings.Count(string(out), `"greeting":"hello"`); n != 3 {
		t.Errorf("%d answers, want 3:\n%s", n, out)
	}
}
