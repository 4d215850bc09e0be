package clients

import (
	"os/exec"
	"strings"
	"testing"
)

// TestToolsOfCurlAndJq runs what deployers, Traefik, marathon-consul and scripts ask.
func TestToolsOfCurlAndJq(t *testing.T) {
	t.Parallel()
	tool(t, "curl", "apt-get install curl")
	tool(t, "jq", "apt-get install jq")
	out, err := exec.CommandContext(t.Context(), "testdata/tools.sh", newCluster(t).url).CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "ok\n") {
		t.Fatalf("%v\n%s", err, out)
	}
}
