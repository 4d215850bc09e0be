package e2e

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// A scheduler whose state is older than its tasks does not know them, and kills none of
// so many before somebody has confirmed it.
func TestUnknownTasksAreKilledOnceThatIsConfirmed(t *testing.T) {
	t.Parallel()
	c := cluster(t, nil)
	state, older, address := t.TempDir(), t.TempDir(), freeAddress(t)
	begin := func() (api, *program) { return scheduling(t, address, "--master", c.MasterURL(), "--state-dir", state) }
	_, p := begin()
	p.interrupt()
	if err := os.CopyFS(older, os.DirFS(state)); err != nil {
		t.Fatal(err)
	}
	a, p := begin()
	a.must(http.MethodPost, "/v2/apps", shell("/web", "exec sleep 1000", 8, ""), nil)
	a.running("/web", 8, time.Minute)
	p.kill()
	if err := os.RemoveAll(state); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(state, os.DirFS(older)); err != nil {
		t.Fatal(err)
	}

	a, p = begin()
	var kills struct{ Held, Confirmed int }
	eventually(t, time.Minute, func() error {
		if a.must(http.MethodGet, "/v3/kills", "", &kills); kills.Held != 8 {
			return fmt.Errorf("%d kills are held back, want 8", kills.Held)
		}
		return nil
	})
	if !strings.Contains(p.out.String(), "POST /v3/kills/confirm") {
		t.Error("the log does not say what to do")
	}
	if code, out := cli(t, nil, "--url", a.url, "kills", "show"); code != 0 || !strings.Contains(out, "8 kill(s) held back") {
		t.Errorf("gantry kills show: %d %s", code, out)
	}
	if code, out := cli(t, nil, "--url", a.url, "kills", "confirm"); code != 2 || !strings.Contains(out, "--yes") {
		t.Errorf("gantry kills confirm: %d %s, want 2 and the flag --yes", code, out)
	}
	if n := live(t, c.MasterURL()); n != 8 {
		t.Errorf("%d tasks live before the kills are confirmed, want 8", n)
	}
	if a.must(http.MethodPost, "/v3/kills/confirm", "", &kills); kills.Confirmed != 8 {
		t.Errorf("got %d kills confirmed, want 8", kills.Confirmed)
	}
	eventually(t, time.Minute, func() error {
		if n := live(t, c.MasterURL()); n > 0 {
			return fmt.Errorf("%d tasks live after their kills were confirmed", n)
		}
		return nil
	})
	if code, out := cli(t, nil, "--url", a.url, "kills", "confirm", "--yes"); code != 1 || !strings.Contains(out, "nothing to confirm") {
		t.Errorf("gantry kills confirm --yes once more: %d %s", code, out)
	}
}

// live counts the tasks that the master knows as not ended.
func live(t *testing.T, master string) int {
	t.Helper()
	var state struct {
		Frameworks []struct{ Tasks []struct{ State string } }
	}
	api{t, master}.must(http.MethodGet, "/state", "", &state)
	n := 0
	for _, f := range state.Frameworks {
		n += len(f.Tasks)
	}
	return n
}
