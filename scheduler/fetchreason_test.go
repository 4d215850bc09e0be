package scheduler

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

func TestWhatAFetcherSaid(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 600)
	for name, row := range map[string]struct{ stderr, want string }{
		"Mesos": {
			"I0601 12:00:00.000000 11 fetcher.cpp:550] Fetching URI 'http://h/f'\n" +
				"E0601 12:00:01.000000 11 fetcher.cpp:613] EXIT with status 1: Failed to fetch 'http://h/f': Error downloading resource: 404\n",
			"Failed to fetch 'http://h/f': Error downloading resource: 404",
		},
		"the mini cluster": {"Fetching URI '/a'\nFailed to fetch '/a': open /a: no such file\n", "Failed to fetch '/a': open /a: no such file"},
		"the last of two":  {"Failed to fetch 'a': x\nFailed to fetch 'b': y", "Failed to fetch 'b': y"},
		"secrets": {
			"Failed to fetch 'https://me:pw@h/f?token=t#x': Get \"https://me:pw@h/f?token=t\": EOF\n",
			"Failed to fetch 'https://xxxxx@h/f?...': Get \"https://xxxxx@h/f?...\": EOF",
		},
		"no address":      {"Failed to fetch 'http://h:pw:x/%zz': bad\n", "Failed to fetch '(an address that cannot be read)': bad"},
		"other bytes":     {"Failed to fetch 'a\xff': y\n", "Failed to fetch 'a\uFFFD': y"},
		"much":            {"Failed to fetch '" + long, "Failed to fetch '" + long[:483] + "..."},
		"nothing of that": {"Fetching URI 'a'\n", ""},
		"nothing":         {"", ""},
	} {
		if got := fetcherSaid([]byte(row.stderr)); got != row.want {
			t.Errorf("%s: got %q, want %q", name, got, row.want)
		}
	}
}

// files are the contents of sandboxes' stderr by task.
type files map[mesos.TaskID]string

func (f files) Read(_ context.Context, at httpapi.SandboxPath, offset int64) (int64, []byte, error) {
	text, ok := f[at.Task]
	if !ok || at.Path != "stderr" || at.Agent != "a1" {
		return 0, nil, errors.New("no such file")
	}
	return int64(len(text)), []byte(text[offset:min(int(offset)+64<<10, len(text))]), nil
}

func TestTheEndOfATaskSaysWhichFileCouldNotBeFetched(t *testing.T) {
	t.Parallel()
	const message = "Failed to launch container: Failed to fetch all URIs for container 'c': exited with status 1"
	status := func(task mesos.TaskID) mesos.TaskStatus {
		return mesos.TaskStatus{TaskID: task, AgentID: "a1", State: mesos.TaskFailed, Reason: mesos.ReasonContainerLaunchFailed, Message: message}
	}
	running, other := status("said"), status("said")
	running.State = mesos.TaskRunning
	other.Message = "Failed to launch container: no space left on device"
	var mu sync.Mutex
	var got []mesos.TaskStatus
	f := newFetchReasons(files{"said": strings.Repeat("x", 100<<10) + "\nFailed to fetch '/a': no such file\n", "silent": ""},
		func(_ context.Context, ev mesos.SchedulerEvent) error {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, ev.(mesos.Update).Status)
			return nil
		})
	for _, row := range []struct {
		status mesos.TaskStatus
		want   string
	}{
		{status("said"), message + ": Failed to fetch '/a': no such file"},
		{status("silent"), message},
		{status("unknown"), message},
		{running, message},
		{other, other.Message},
	} {
		got = nil
		if err := f.Deliver(t.Context(), mesos.Update{Status: row.status}); err != nil {
			t.Fatal(err)
		}
		f.Wait()
		if len(got) != 1 || got[0].Message != row.want || got[0].TaskID != row.status.TaskID {
			t.Errorf("%s: got %+v, want one status with %q", row.status.TaskID, got, row.want)
		}
	}
}

// blocked is a sandbox that no agent answers for.
type blocked struct{}

func (blocked) Read(ctx context.Context, _ httpapi.SandboxPath, _ int64) (int64, []byte, error) {
	<-ctx.Done()
	return 0, nil, ctx.Err()
}

func TestOnlySomeEndsAreHeldBack(t *testing.T) {
	t.Parallel()
	passed := make(chan mesos.TaskID, 100)
	f := newFetchReasons(blocked{}, func(_ context.Context, ev mesos.SchedulerEvent) error {
		passed <- ev.(mesos.Update).Status.TaskID
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	for range fetchReasonsAtOnce + 3 {
		_ = f.Deliver(ctx, mesos.Update{Status: mesos.TaskStatus{
			TaskID: "t", State: mesos.TaskFailed, Reason: mesos.ReasonContainerLaunchFailed, Message: "Failed to fetch all URIs",
		}})
	}
	if got := len(passed); got < 3 {
		t.Errorf("got %d passed on at once, want 3 at least", got)
	}
	cancel()
	f.Wait()
	if got := len(passed); got != fetchReasonsAtOnce+3 {
		t.Errorf("got %d passed on, want all %d", got, fetchReasonsAtOnce+3)
	}
}
