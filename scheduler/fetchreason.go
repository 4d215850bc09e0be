package scheduler

import (
	"bytes"
	"context"
	"net/url"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/schedapi"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

const (
	// fetchReasonTimeout is how long the end of a task is held back for its reason. The
	// agent repeats an update that is not acknowledged only after ten seconds.
	fetchReasonTimeout = 2 * time.Second
	// fetchReasonsAtOnce bounds how many ends are held back; those beyond it pass as they are.
	fetchReasonsAtOnce = 16
	// fetchReasonTail is how much of the end of a sandbox's stderr is read, in bytes: the
	// fetcher's last words stand there, as nothing has run after it.
	fetchReasonTail = 16 << 10
	// fetchReasonMax is how long a reason may be, in bytes.
	fetchReasonMax = 500
)

// sandboxReader reads a piece of a file in a sandbox from an offset on, and tells the size of the whole.
type sandboxReader interface {
	Read(ctx context.Context, at httpapi.SandboxPath, offset int64) (size int64, data []byte, err error)
}

// fetchReasons passes events on, and adds to the end of a task whose files could not
// be fetched which URI failed and why. Mesos' update does not say it, its fetcher
// writes it to the sandbox's stderr. Where that cannot be read in time the update
// stays as it is.
type fetchReasons struct {
	sandboxes sandboxReader
	deliver   schedapi.Handler
	// pending are the updates that are held back.
	pending errgroup.Group
}

func newFetchReasons(sandboxes sandboxReader, deliver schedapi.Handler) *fetchReasons {
	f := &fetchReasons{sandboxes: sandboxes, deliver: deliver}
	f.pending.SetLimit(fetchReasonsAtOnce)
	return f
}

// Deliver is a schedapi.Handler. An end that waits for its reason is passed on later
// than what follows it, which is never about its task: it is the last word of it.
func (f *fetchReasons) Deliver(ctx context.Context, ev mesos.SchedulerEvent) error {
	u, ok := ev.(mesos.Update)
	if !ok || !fetchFailed(&u.Status) {
		return f.deliver(ctx, ev)
	}
	held := f.pending.TryGo(func() error {
		if reason := f.reason(ctx, &u.Status); reason != "" {
			u.Status.Message += ": " + reason
		}
		return f.deliver(ctx, u)
	})
	if held {
		return nil
	}
	return f.deliver(ctx, ev)
}

// Wait returns when nothing is held back any more.
func (f *fetchReasons) Wait() { _ = f.pending.Wait() } // what could not be passed on is repeated by its agent

func fetchFailed(s *mesos.TaskStatus) bool {
	return s.State == mesos.TaskFailed && s.Reason == mesos.ReasonContainerLaunchFailed && strings.Contains(s.Message, "Failed to fetch")
}

// reason returns what the fetcher said, or nothing.
func (f *fetchReasons) reason(ctx context.Context, s *mesos.TaskStatus) string {
	ctx, cancel := context.WithTimeout(ctx, fetchReasonTimeout)
	defer cancel()
	at := httpapi.SandboxPath{Agent: s.AgentID, Task: s.TaskID, Path: "stderr"}
	size, data, err := f.sandboxes.Read(ctx, at, 0)
	if from := size - fetchReasonTail; err == nil && from > 0 {
		_, data, err = f.sandboxes.Read(ctx, at, from)
	}
	if err != nil {
		return ""
	}
	return fetcherSaid(data)
}

// fetcherSaid finds the last failure that a fetcher told of, Mesos' or the mini
// cluster's: "Failed to fetch 'URI': why".
func fetcherSaid(stderr []byte) string {
	at := bytes.LastIndex(stderr, []byte("Failed to fetch '"))
	if at < 0 {
		return ""
	}
	line, _, _ := bytes.Cut(stderr[at:], []byte("\n"))
	text := strings.ToValidUTF8(discreet(strings.TrimSpace(string(line))), "\uFFFD")
	if len(text) > fetchReasonMax {
		text = strings.ToValidUTF8(text[:fetchReasonMax], "") + "..."
	}
	return text
}

var anyURL = regexp.MustCompile(`[a-z][a-z0-9+.-]*://[^\s'"]+`)

// discreet takes out of the addresses in a text what may be a secret: it ends in logs and events.
func discreet(text string) string {
	return anyURL.ReplaceAllStringFunc(text, func(s string) string {
		u, err := url.Parse(s)
		if err != nil {
			return "(an address that cannot be read)"
		}
		if u.User != nil {
			u.User = url.User("xxxxx")
		}
		if u.RawQuery != "" {
			u.RawQuery = "..."
		}
		u.Fragment = ""
		return u.String()
	})
}
