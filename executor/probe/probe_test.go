package probe_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/gantry-mesos/gantry/executor/core"
	"github.com/gantry-mesos/gantry/executor/probe"
	"github.com/gantry-mesos/gantry/pkg/taskinfo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service answers connections in memory, in virtual time.
type service struct {
	mu       sync.Mutex
	dialled  []string
	refuse   map[string]bool
	answer   func(conn net.Conn)
	finished sync.WaitGroup
}

func (s *service) dial(ctx context.Context, _, address string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dialled = append(s.dialled, address)
	if s.refuse[address] {
		return nil, fmt.Errorf("dial %s: refused", address)
	}
	if s.answer == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	here, there := net.Pipe()
	s.finished.Go(func() { s.answer(there); _ = there.Close() })
	return here, nil
}

// respond answers one HTTP request with the status line.
func respond(status string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
			return
		}
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", status)
	}
}

// results runs checks for a while of virtual time and returns what was found, with its time.
func results(t *testing.T, span time.Duration, target probe.Target, checks ...taskinfo.Check) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), span)
	defer cancel()
	began := time.Now()
	var mu sync.Mutex
	var out []string
	probe.New(checks, target).Run(ctx, func(ev core.Event) {
		p := ev.(core.Probed)
		mu.Lock()
		defer mu.Unlock()
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %d %t %s", time.Since(began), p.Check, p.OK, p.Message)))
	})
	return out
}

func TestRun_waits_the_interval_after_the_end_of_a_probe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{}
		check := taskinfo.Check{Kind: taskinfo.CheckTCP, Port: 80, InTask: true, Delay: 15 * time.Second, Interval: 10 * time.Second, Timeout: 3 * time.Second}
		got := results(t, 45*time.Second, probe.Target{Task: []string{"10.0.0.1"}, Dial: s.dial}, check)
		want := []string{"18s 0 false no answer within 3s", "31s 0 false no answer within 3s", "44s 0 false no answer within 3s"}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
	})
}

func TestRun_keeps_checks_apart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{answer: func(net.Conn) {}, refuse: map[string]bool{"127.0.0.1:81": true}}
		got := results(t, 24*time.Second, probe.Target{Task: []string{"10.0.0.1"}, Agent: []string{"127.0.0.1"}, Dial: s.dial},
			taskinfo.Check{Kind: taskinfo.CheckTCP, Port: 80, InTask: true, Interval: 10 * time.Second},
			taskinfo.Check{Kind: taskinfo.CheckTCP, Port: 81, Delay: 5 * time.Second, Interval: 10 * time.Second})
		want := []string{
			"0s 0 true", "5s 1 false dial 127.0.0.1:81: refused", "10s 0 true", "15s 1 false dial 127.0.0.1:81: refused", "20s 0 true",
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
		s.finished.Wait()
	})
}

func TestRun_judges_HTTP_by_the_status(t *testing.T) {
	t.Parallel()
	rows := map[string]string{
		"200 OK": "0s 0 true", "302 Found": "0s 0 true", "399 Odd": "0s 0 true",
		"400 Bad Request": "0s 0 false status 400 Bad Request", "503 Service Unavailable": "0s 0 false status 503 Service Unavailable",
	}
	for status, want := range rows {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &service{answer: respond(status)}
				got := results(t, time.Second, probe.Target{Task: []string{"10.0.0.1"}, Dial: s.dial},
					taskinfo.Check{Kind: taskinfo.CheckHTTP, Path: "/health?x=1", Port: 80, InTask: true, Interval: time.Minute})
				if diff := cmp.Diff(got, []string{want}); diff != "" {
					t.Errorf("(-got +want):\n%s", diff)
				}
				s.finished.Wait()
			})
		})
	}
}

func TestRun_ignores_informational_answers_where_asked(t *testing.T) {
	t.Parallel()
	for ignore, want := range map[bool][]string{true: nil, false: {"0s 0 false status 101 Switching Protocols"}} {
		synctest.Test(t, func(t *testing.T) {
			s := &service{answer: respond("101 Switching Protocols")}
			got := results(t, time.Second, probe.Target{Task: []string{"10.0.0.1"}, Dial: s.dial},
				taskinfo.Check{Kind: taskinfo.CheckHTTP, Path: "/", Port: 80, InTask: true, Interval: time.Minute, Ignore1xx: ignore})
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("ignore=%t (-got +want):\n%s", ignore, diff)
			}
			s.finished.Wait()
		})
	}
}

func TestRun_tries_the_addresses_in_turn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{answer: func(net.Conn) {}, refuse: map[string]bool{"127.0.0.1:80": true, "[::1]:80": true}}
		target := probe.Target{Agent: []string{"127.0.0.1", "agent1"}, Agent6: []string{"::1"}, Dial: s.dial}
		got := results(t, time.Second, target,
			taskinfo.Check{Kind: taskinfo.CheckTCP, Port: 80, Interval: time.Minute},
			taskinfo.Check{Kind: taskinfo.CheckTCP, Port: 80, IPv6: true, Delay: time.Millisecond, Interval: time.Minute},
			taskinfo.Check{Kind: taskinfo.CheckTCP, Port: 80, InTask: true, Delay: 2 * time.Millisecond, Interval: time.Minute})
		want := []string{"0s 0 true", "1ms 1 false dial [::1]:80: refused", "2ms 2 false the task has no address in its network yet"}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
		if diff := cmp.Diff(s.dialled, []string{"127.0.0.1:80", "agent1:80", "[::1]:80"}); diff != "" {
			t.Errorf("dialled (-got +want):\n%s", diff)
		}
		s.finished.Wait()
	})
}

// execer answers commands from a table; one without an answer hangs.
type execer map[string]error

type exit int

func (e exit) Error() string { return "" }

func (e execer) Exec(ctx context.Context, line string) (int, string, error) {
	err, ok := e[line]
	if !ok {
		<-ctx.Done()
		return 0, "", ctx.Err()
	}
	if code, ok := errors.AsType[exit](err); ok {
		return int(code), "output of " + line, nil
	}
	return 0, "", err
}

func TestRun_judges_commands_by_the_exit_code(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		target := probe.Target{Exec: execer{"good": nil, "bad": exit(3), "broken": errors.New("no such container")}}
		got := results(t, 10*time.Second, target,
			taskinfo.Check{Kind: taskinfo.CheckCommand, Command: "good", Interval: time.Minute},
			taskinfo.Check{Kind: taskinfo.CheckCommand, Command: "bad", Delay: 1, Interval: time.Minute},
			taskinfo.Check{Kind: taskinfo.CheckCommand, Command: "broken", Delay: 2, Interval: time.Minute},
			taskinfo.Check{Kind: taskinfo.CheckCommand, Command: "hangs", Delay: 3, Interval: time.Minute, Timeout: time.Second})
		want := []string{"0s 0 true", "1ns 1 false exit code 3: output of bad", "2ns 2 false no such container", "1.000000003s 3 false no answer within 1s"}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
	})
}

func TestRun_asks_HTTPS_without_verifying_and_follows_no_redirect(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/broken", http.StatusFound) })
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, _ := strconv.Atoi(u.Port())
	ctx, cancel := context.WithCancel(t.Context())
	check := taskinfo.Check{Kind: taskinfo.CheckHTTPS, Path: "/health", Port: uint32(port), Interval: time.Hour}
	probe.New([]taskinfo.Check{check}, probe.Target{Agent: []string{"127.0.0.1"}}).Run(ctx, func(ev core.Event) {
		defer cancel()
		if got := ev.(core.Probed); !got.OK {
			t.Errorf("got %+v, want a success", got)
		}
	})
}

func TestNames_tell_checks_apart(t *testing.T) {
	t.Parallel()
	got := probe.Names([]taskinfo.Check{
		{Kind: taskinfo.CheckHTTP, Port: 80, Path: "/a"}, {Kind: taskinfo.CheckHTTPS, Port: 443, Path: "/"}, {Kind: taskinfo.CheckTCP, Port: 22}, {Kind: taskinfo.CheckCommand},
	})
	if diff := cmp.Diff(got, []string{"HTTP port 80 /a", "HTTPS port 443 /", "TCP port 22", "COMMAND"}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}
