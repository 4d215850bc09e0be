package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/eventlog"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

// newStreaming is a service with a log of the newest size events, which numbers
// them from 1.
func newStreaming(t *testing.T, size int) (*service, *eventlog.Log) {
	t.Helper()
	log := eventlog.New(size, time.Unix(0, 0))
	fake := coretest.New(start, false)
	h, err := httpapi.New(httpapi.Config{
		Scheduler: fake, Leadership: fake, Rules: app.DefaultRules(), Address: "leader.example:8080", Events: func() *eventlog.Log { return log },
	})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, h)
	t.Cleanup(log.Close)
	return s, log
}

// reader is an attached reader of events.
type reader struct {
	t      *testing.T
	header http.Header
	lines  *bufio.Reader
	detach context.CancelFunc
}

func (s *service) attach(t *testing.T, query string, header ...string) *reader {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/v2/events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	for n := 0; n < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() }) // nothing to tell
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d", resp.StatusCode)
	}
	return &reader{t: t, header: resp.Header, lines: bufio.NewReader(resp.Body), detach: cancel}
}

// next returns the fields of the next message, "" at the end of the stream.
func (r *reader) next() (name, id, data string) {
	r.t.Helper()
	for {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			return "", "", ""
		}
		if !strings.HasSuffix(line, "\r\n") {
			r.t.Fatalf("line %q does not end in CR LF", line)
		}
		line = strings.TrimSuffix(line, "\r\n")
		switch field, value, _ := strings.Cut(line, ": "); field {
		case "event":
			name = value
		case "id":
			id = value
		case "data":
			data = value
		case "":
			if data != "" {
				return name, id, data
			}
		default:
			r.t.Fatalf("line %q", line)
		}
	}
}

// names returns the names and numbers of the next n messages.
func (r *reader) names(n int) (out []string) {
	r.t.Helper()
	for range n {
		name, id, data := r.next()
		var inner struct{ EventType string }
		if err := json.Unmarshal([]byte(data), &inner); name != "" && (err != nil || inner.EventType != name) {
			r.t.Fatalf("%s: %v in %s", name, err, data)
		}
		out = append(out, strings.TrimSpace(name+" "+id))
	}
	return out
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}

func TestEvents_are_streamed_from_the_attachment_on(t *testing.T) {
	t.Parallel()
	s, log := newStreaming(t, 64)
	log.Append(&event.AppTerminated{AppID: "/before"})
	r := s.attach(t, "")
	if got := r.header.Get("Content-Type"); !strings.HasPrefix(got, "text/event-stream") {
		t.Errorf("Content-Type %q", got)
	}
	name, id, data := r.next()
	var attached struct{ RemoteAddress, Timestamp string }
	if err := json.Unmarshal([]byte(data), &attached); err != nil || name != "event_stream_attached" || id != "2" || attached.RemoteAddress == "" {
		t.Errorf("first event: %s %s %s, %v", name, id, data, err)
	}
	log.Append(&event.AppTerminated{AppID: "/web"})
	if name, id, data = r.next(); name != "app_terminated_event" || id != "3" || !strings.Contains(data, `"appId":"/web"`) {
		t.Errorf("got %s %s %s", name, id, data)
	}
	other := s.attach(t, "")
	expect(t, r.names(1), "event_stream_attached 4")
	other.detach()
	expect(t, r.names(1), "event_stream_detached 5")
	log.Close()
	expect(t, r.names(1), "")
}

func TestEvents_are_filtered_by_their_types(t *testing.T) {
	t.Parallel()
	s, log := newStreaming(t, 64)
	named := s.attach(t, "?event_type=app_terminated_event&event_type=kills_held_event")
	all := s.attach(t, "?event_type=*")
	unfiltered := s.attach(t, "")
	log.Append(&event.SchedulerReregistered{Master: "m"}, &event.KillsGuarded{Tasks: 1}, &event.GroupChanged{GroupID: "/"}, &event.AppTerminated{AppID: "/web"})
	expect(t, named.names(2), "kills_held_event 5", "app_terminated_event 7")
	expect(t, all.names(6), "event_stream_attached 2", "event_stream_attached 3", "scheduler_reregistered_event 4", "kills_held_event 5", "group_change_success 6", "app_terminated_event 7")
	expect(t, unfiltered.names(3), "event_stream_attached 3", "group_change_success 6", "app_terminated_event 7")
}

func TestEvents_have_roots_in_their_plans_unless_they_are_light(t *testing.T) {
	t.Parallel()
	s, log := newStreaming(t, 64)
	filter := "?event_type=deployment_success"
	whole, light := s.attach(t, filter), s.attach(t, filter+"&plan-format=light")
	log.Append(&event.DeploymentSuccess{ID: "d", Plan: &event.Plan{ID: "d", Steps: []event.Step{}}})
	if _, _, data := whole.next(); !strings.Contains(data, `"original":{"id":"/"`) {
		t.Errorf("whole: %s", data)
	}
	if _, _, data := light.next(); strings.Contains(data, "original") || !strings.Contains(data, `"plan":{"id":"d"`) {
		t.Errorf("light: %s", data)
	}
}

func TestEvents_resume_after_the_last_one_read(t *testing.T) {
	t.Parallel()
	s, log := newStreaming(t, 4)
	log.Append(&event.AppTerminated{AppID: "/1"}, &event.AppTerminated{AppID: "/2"}, &event.AppTerminated{AppID: "/3"})
	r := s.attach(t, "", "Last-Event-ID", "1")
	expect(t, r.names(3), "app_terminated_event 2", "app_terminated_event 3", "event_stream_attached 4")
	log.Append(&event.AppTerminated{AppID: "/5"})
	expect(t, r.names(1), "app_terminated_event 5")
	r.detach()

	// 6 is the detachment, 7 the next attachment: 4 and what is before it are kept no more.
	for log.Last() < 6 {
		if err := log.Wait(t.Context(), 5); err != nil {
			t.Fatal(err)
		}
	}
	r = s.attach(t, "?event_type=app_terminated_event", "Last-Event-ID", "1")
	name, _, data := r.next()
	var gap struct{ LastRead, LastLost uint64 }
	if err := json.Unmarshal([]byte(data), &gap); err != nil || name != "gap" || gap.LastRead != 1 || gap.LastLost != 3 {
		t.Errorf("got %s %s, %v; want a gap from 1 to 3", name, data, err)
	}
	expect(t, r.names(1), "app_terminated_event 5")
	log.Append(&event.AppTerminated{AppID: "/8"})
	expect(t, r.names(1), "app_terminated_event 8")
}

func TestEvents_end_for_a_reader_that_is_overtaken(t *testing.T) {
	t.Parallel()
	s, log := newStreaming(t, 64)
	slow, quick := s.attach(t, ""), s.attach(t, "?event_type=app_terminated_event")
	message := strings.Repeat("x", 64<<10)
	stopped := make(chan struct{})
	go func() { // more than the connection of a reader that does not read takes
		defer close(stopped)
		for n := range 1000 {
			log.Append(&event.FrameworkMessage{Message: message}, &event.AppTerminated{AppID: app.ID(fmt.Sprint("/", n))})
			if name, _, data := quick.next(); name == "app_terminated_event" && !strings.Contains(data, fmt.Sprintf(`"/%d"`, n)) {
				t.Errorf("the quick reader got %s %s", name, data)
			}
		}
	}()
	<-stopped
	var last string
	for name, _, _ := slow.next(); name != ""; name, _, _ = slow.next() {
		last = name
	}
	if last != "gap" {
		t.Errorf("the slow reader's last event: got %q, want gap", last)
	}
}

func TestEvents_need_a_client_that_reads_streams(t *testing.T) {
	t.Parallel()
	s, _ := newStreaming(t, 64)
	for name, c := range map[string]struct {
		header []string
		status int
	}{
		"no stream wanted":     {nil, http.StatusMethodNotAllowed},
		"JSON wanted":          {[]string{"Accept", "application/json"}, http.StatusMethodNotAllowed},
		"a number of no event": {[]string{"Accept", "text/html, text/event-stream;q=0.9", "Last-Event-ID", "x"}, http.StatusBadRequest},
	} {
		if status, _, body := s.call(t, http.MethodGet, "/v2/events", "", c.header...); status != c.status {
			t.Errorf("%s: got %d %v, want %d", name, status, body, c.status)
		}
	}
	if status, _, _ := s.call(t, http.MethodHead, "/v2/events", "", "Accept", "text/event-stream"); status != http.StatusOK {
		t.Errorf("HEAD: got %d", status)
	}
}

func TestStandby_sends_readers_of_events_to_the_leader(t *testing.T) {
	t.Parallel()
	leader, _ := newStreaming(t, 64)
	s, l := newStandby(t)
	l.follow(leader.url)
	expect(t, s.attach(t, "?event_type=event_stream_attached").names(1), "event_stream_attached 1")
}
