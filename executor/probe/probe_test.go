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
	probe.New(taskinfo.Task{Checks: checks}, target).Run(ctx, func(ev core.Event) {
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

func TestRun_of_a_steady_check_counts_from_the_start_of_a_probe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{}
		check := taskinfo.Check{Kind: taskinfo.CheckTCP, Port: 80, InTask: true, Delay: 5 * time.Second, Interval: 10 * time.Second, Timeout: 3 * time.Second, Steady: true}
		slow := check
		slow.Interval = 2 * time.Second
		got := results(t, 22*time.Second, probe.Target{Task: []string{"10.0.0.1"}, Dial: s.dial}, check)
		got = append(got, results(t, 15*time.Second, probe.Target{Task: []string{"10.0.0.1"}, Dial: s.dial}, slow)...)
		want := []string{
			"8s 0 false no answer within 3s", "18s 0 false no answer within 3s",
			"8s 0 false no answer within 3s", "11s 0 false no answer within 3s", "14s 0 false no answer within 3s",
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
	})
}

func TestRun_says_when_the_next_result_is_due(t *testing.T) {
	t.Parallel()
	for steady, want := range map[bool]time.Duration{false: 13 * time.Second, true: 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := &service{}
			check := taskinfo.Check{Kind: taskinfo.CheckTCP, Port: 80, InTask: true, Interval: 10 * time.Second, Timeout: 3 * time.Second, Steady: steady}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			target := probe.Target{Task: []string{"10.0.0.1"}, Dial: s.dial}
			probe.New(taskinfo.Task{Checks: []taskinfo.Check{check}}, target).Run(ctx, func(ev core.Event) {
				if got := ev.(core.Probed).Pace; got != want {
					t.Errorf("steady=%t: got %v, want %v", steady, got, want)
				}
			})
		})
	}
}

// others runs a task's readiness checks and its general check like results.
func others(t *testing.T, span time.Duration, target probe.Target, task taskinfo.Task) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), span)
	defer cancel()
	began := time.Now()
	var mu sync.Mutex
	var out []string
	probe.New(task, target).Run(ctx, func(ev core.Event) {
		text := ""
		switch e := ev.(type) {
		case core.ReadinessProbed:
			text = fmt.Sprintf("readiness %d %d %t", e.Check, e.Status, e.Ready)
			if e.Response != nil {
				text += fmt.Sprintf(" %q %q", e.Response.ContentType, e.Response.Body)
			}
		case core.Checked:
			text = fmt.Sprintf("general %d", e.Status.Type)
			if e.Status.Result != nil {
				text += fmt.Sprintf(" %d", *e.Status.Result)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		out = append(out, fmt.Sprintf("%s %s", time.Since(began), text))
	})
	return out
}

func TestRun_asks_for_readiness_until_the_first_answer_that_means_it(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answers := []string{"", "503 Service Unavailable", "202 Accepted", "200 OK"}
		s := &service{refuse: map[string]bool{}}
		s.answer = func(conn net.Conn) {
			status := answers[0]
			answers = answers[1:]
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil && status != "" {
				_, _ = fmt.Fprintf(conn, "HTTP/1.1 %s\r\nContent-Type: text/x\r\nContent-Length: 5\r\n\r\nhello", status)
			}
		}
		got := others(t, time.Minute, probe.Target{Task: []string{"10.0.0.1"}, Dial: s.dial}, taskinfo.Task{Readiness: []taskinfo.ReadinessCheck{{
			Name: "api", Statuses: []int{202}, Preserve: true,
			Check: taskinfo.Check{Kind: taskinfo.CheckHTTP, Path: "/ready", Port: 80, InTask: true, Interval: 5 * time.Second, Timeout: time.Second, Steady: true},
		}}})
		want := []string{
			`0s readiness 0 504 false "text/plain" "no answer to the readiness check: EOF"`,
			`5s readiness 0 503 false "text/x" "hello"`,
			`10s readiness 0 202 true "text/x" "hello"`,
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
		s.finished.Wait()
	})
}

func TestRun_reports_the_general_check_as_it_is(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		check  taskinfo.Check
		answer func(net.Conn)
		want   string
	}{
		"http":               {taskinfo.Check{Kind: taskinfo.CheckHTTP, Port: 80, InTask: true}, respond("503 Service Unavailable"), "0s general 2 503"},
		"http, no answer":    {taskinfo.Check{Kind: taskinfo.CheckHTTP, Port: 80, InTask: true}, func(net.Conn) {}, "0s general 2"},
		"tcp":                {taskinfo.Check{Kind: taskinfo.CheckTCP, Port: 80, InTask: true}, func(net.Conn) {}, "0s general 3 1"},
		"tcp, refused":       {taskinfo.Check{Kind: taskinfo.CheckTCP, Port: 81, InTask: true}, func(net.Conn) {}, "0s general 3 0"},
		"command":            {taskinfo.Check{Kind: taskinfo.CheckCommand, Arguments: []string{"/bin/check", "bad"}}, nil, "0s general 1 3"},
		"command, timed out": {taskinfo.Check{Kind: taskinfo.CheckCommand, Command: "hangs", Timeout: time.Second}, nil, "1s general 1"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &service{answer: row.answer, refuse: map[string]bool{"10.0.0.1:81": true}}
				row.check.Interval = time.Minute
				target := probe.Target{Task: []string{"10.0.0.1"}, Dial: s.dial, Exec: execer{"bad": exit(3)}}
				if diff := cmp.Diff(others(t, 30*time.Second, target, taskinfo.Task{General: &row.check}), []string{row.want}); diff != "" {
					t.Errorf("(-got +want):\n%s", diff)
				}
				s.finished.Wait()
			})
		})
	}
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

func TestRun_takes_an_informational_answer_only_if_no_other_one_follows(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		lines, want string
		ignored     bool
	}{
		"alone":   {"HTTP/1.1 103 Early Hints\r\n\r\n", "0s 0 false status 103 Early Hints", true},
		"first":   {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "0s 0 true", false},
		"neither": {"", "0s 0 false EOF", false},
	}
	for name, row := range rows {
		for _, ignore := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				s := &service{answer: func(conn net.Conn) {
					if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
						_, _ = conn.Write([]byte(row.lines))
					}
				}}
				got := results(t, time.Second, probe.Target{Task: []string{"10.0.0.1"}, Dial: s.dial},
					taskinfo.Check{Kind: taskinfo.CheckHTTP, Path: "/", Port: 80, InTask: true, Interval: time.Minute, Ignore1xx: ignore})
				want := []string{row.want}
				if row.ignored && ignore {
					want = nil
				}
				if diff := cmp.Diff(got, want); diff != "" {
					t.Errorf("%s, ignore=%t (-got +want):\n%s", name, ignore, diff)
				}
				s.finished.Wait()
			})
		}
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

func (e execer) Exec(ctx context.Context, argv []string) (int, string, error) {
	line := argv[len(argv)-1]
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
	probe.New(taskinfo.Task{Checks: []taskinfo.Check{check}}, probe.Target{Agent: []string{"127.0.0.1"}}).Run(ctx, func(ev core.Event) {
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
