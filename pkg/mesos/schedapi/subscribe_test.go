package schedapi_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/frames"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport/transporttest"
	"github.com/gantry-mesos/gantry/pkg/mesos/schedapi"
)

const master = "master1:5050"

func one() *fakeLeader { return &fakeLeader{answers: []string{master}} }

func TestSubscribe_carries_the_framework_and_no_stream_id(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		defer n.Serve(master, m)()
		cfg := defaults(t, n)
		cfg.Framework = func() mesos.FrameworkInfo {
			return mesos.FrameworkInfo{ID: "fw-1", User: "root", Name: "test", Capabilities: []mesos.Capability{mesos.MultiRole}, Roles: []string{"a", "b"}}
		}
		cfg.SuppressedRoles = func() []string { return []string{"b"} }
		cfg.Credentials = httptransport.Credentials{Principal: "alice", Secret: "s"}
		c := start(t, cfg, one(), nil)
		if got := expect[mesos.Subscribed](c); got.FrameworkID != "fw-1" || got.HeartbeatInterval != 15*time.Second {
			t.Errorf("subscribed = %+v", got)
		}
		got := m.got(scheduler.Call_SUBSCRIBE)[0]
		if id := got.call.GetFrameworkID().GetValue(); id != "fw-1" {
			t.Errorf("framework id of the call = %q", id)
		}
		if id := got.call.Subscribe.FrameworkInfo.GetID().GetValue(); id != "fw-1" {
			t.Errorf("framework id in the framework = %q", id)
		}
		if diff := cmp.Diff(got.call.Subscribe.SuppressedRoles, []string{"b"}); diff != "" {
			t.Errorf("suppressed roles (-got +want):\n%s", diff)
		}
		want := map[string]string{
			"Accept": "application/x-protobuf", "Content-Type": "application/x-protobuf",
			"Mesos-Stream-Id": "", "Authorization": "Basic YWxpY2U6cw==", "Accept-Encoding": "",
		}
		for key, value := range want {
			if got := got.header.Get(key); got != value {
				t.Errorf("%s = %q, want %q", key, got, value)
			}
		}
		c.stop()
	})
}

func TestSubscribe_again_uses_the_id_of_the_first_time(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		defer n.Serve(master, m)()
		c := start(t, defaults(t, n), one(), nil)
		expect[mesos.Subscribed](c)
		m.events <- []byte("x")
		expect[mesos.Disconnected](c)
		expect[mesos.Subscribed](c)
		var got []string
		for _, r := range m.got(scheduler.Call_SUBSCRIBE) {
			got = append(got, r.call.GetFrameworkID().GetValue()+"/"+r.call.Subscribe.FrameworkInfo.GetID().GetValue())
		}
		if diff := cmp.Diff(got, []string{"/", "fw-1/fw-1"}); diff != "" {
			t.Errorf("ids (-got +want):\n%s", diff)
		}
		c.stop()
	})
}

func TestSubscribe_is_tried_again_when_the_master_can_not_serve_yet(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		text   string
	}{
		{"route not installed yet", 404, ""},
		{"no leader is elected", 503, "No leader elected"},
		{"recovery is unfinished", 503, "Master has not finished recovery"},
		{"too many requests", 429, ""},
		{"a proxy finds nobody", 502, ""},
		{"internal error", 500, ""},
		{"another leads and is not named", 307, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n, m := transporttest.New(), newFakeMaster(t)
				tries := 0
				m.subscribe = func(w http.ResponseWriter, r *http.Request) {
					if tries++; tries < 10 {
						status(tt.status, tt.text)(w, r)
						return
					}
					m.stream(w, r)
				}
				defer n.Serve(master, m)()
				leader := one()
				begin := time.Now()
				c := start(t, defaults(t, n), leader, nil)
				expect[mesos.Subscribed](c)
				if took := time.Since(begin); took > 10*15*time.Second {
					t.Errorf("ten tries took %v, more than 15 s each", took)
				}
				if len(leader.suspects) != 9 || len(leader.asked) != 10 {
					t.Errorf("detector was asked %d times and told %d suspects, want 10 and 9", len(leader.asked), len(leader.suspects))
				}
				c.stop()
			})
		})
	}
}

func TestSubscribe_is_tried_again_when_nobody_listens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		c := start(t, defaults(t, n), one(), nil)
		time.Sleep(5 * time.Minute)
		if got := n.Dials(master); got < 20 || got > 100 {
			t.Errorf("tried %d times in 5 minutes, want about 40", got)
		}
		defer n.Serve(master, m)()
		expect[mesos.Subscribed](c)
		c.stop()
	})
}

func TestSubscribe_refused_for_good_is_a_configuration_error(t *testing.T) {
	t.Parallel()
	for _, code := range []int{400, 401, 403, 405, 406, 413, 415, 501} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n, m := transporttest.New(), newFakeMaster(t)
				m.subscribe = status(code, "because")
				defer n.Serve(master, m)()
				c := start(t, defaults(t, n), one(), nil)
				want := schedapi.ConfigError{Endpoint: "http://" + master, Status: code, Message: "because"}
				var got *schedapi.ConfigError
				if err := c.ended(); !errors.As(err, &got) || *got != want {
					t.Errorf("Run = %v, want %v", err, &want)
				}
			})
		})
	}
}

func TestSubscribe_answered_by_something_else_than_a_master(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		m.subscribe = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }
		defer n.Serve(master, m)()
		c := start(t, defaults(t, n), one(), nil)
		if err := c.ended(); err == nil || !strings.Contains(err.Error(), "is this a Mesos master?") {
			t.Errorf("Run = %v", err)
		}
	})
}

func TestSubscribe_error_events_are_final(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, text string, check func(error) bool) {
		t.Helper()
		for _, when := range []string{"instead of SUBSCRIBED", "later"} {
			t.Run(when, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					n, m := transporttest.New(), newFakeMaster(t)
					if when != "later" {
						m.subscribe = func(w http.ResponseWriter, _ *http.Request) {
							m.head(w)
							m.write(w, errorEvent(text))
						}
					}
					defer n.Serve(master, m)()
					c := start(t, defaults(t, n), one(), nil)
					if when == "later" {
						expect[mesos.Subscribed](c)
						m.events <- errorEvent(text)
						if got := expect[mesos.Disconnected](c); !strings.Contains(got.Reason, text) {
							t.Errorf("reason = %q", got.Reason)
						}
					}
					if err := c.ended(); !check(err) {
						t.Errorf("Run = %#v", err)
					}
					if got := len(m.got(scheduler.Call_SUBSCRIBE)); got != 1 {
						t.Errorf("subscribed %d times, want once", got)
					}
				})
			})
		}
	}
	t.Run("another scheduler has taken over", func(t *testing.T) {
		t.Parallel()
		check(t, "Framework failed over", func(err error) bool {
			var refused *schedapi.RefusedError
			return errors.As(err, &refused) && refused.FailedOver()
		})
	})
	t.Run("framework was removed", func(t *testing.T) {
		t.Parallel()
		check(t, "Framework has been removed", func(err error) bool {
			var removed *schedapi.RemovedError
			return errors.As(err, &removed)
		})
	})
	t.Run("role is invalid", func(t *testing.T) {
		t.Parallel()
		check(t, "Role 'x' is not present in the master's --roles", func(err error) bool {
			var refused *schedapi.RefusedError
			return errors.As(err, &refused) && !refused.FailedOver()
		})
	})
}

func TestSubscribe_without_an_answer_is_given_up(t *testing.T) {
	t.Parallel()
	for name, stall := range map[string]func(*fakeMaster) func(http.ResponseWriter, *http.Request){
		"no head": func(*fakeMaster) func(http.ResponseWriter, *http.Request) {
			return func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		},
		"no first event": func(m *fakeMaster) func(http.ResponseWriter, *http.Request) {
			return func(w http.ResponseWriter, r *http.Request) {
				m.head(w)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n, m := transporttest.New(), newFakeMaster(t)
				m.subscribe = stall(m)
				defer n.Serve(master, m)()
				c := start(t, defaults(t, n), one(), nil)
				time.Sleep(5 * time.Minute)
				if got := len(m.got(scheduler.Call_SUBSCRIBE)); got < 5 || got > 11 {
					t.Errorf("tried %d times in 5 minutes, want every 30 s and a delay", got)
				}
				c.stop()
			})
		})
	}
}

// hinted is a leader that takes hints.
type hinted struct {
	fakeLeader
	hints []string
}

func (l *hinted) Hint(endpoint string) { l.hints = append(l.hints, endpoint) }

func TestSubscribe_redirected_asks_the_detector_and_passes_the_hint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, old, leading := transporttest.New(), newFakeMaster(t), newFakeMaster(t)
		old.subscribe = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "//master2:5050/master/api/v1/scheduler")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
		defer n.Serve(master, old)()
		defer n.Serve("master3:5050", leading)()
		leader := &hinted{fakeLeader: fakeLeader{answers: []string{master, "master3:5050"}}}
		c := start(t, defaults(t, n), leader, nil)
		expect[mesos.Subscribed](c)
		if diff := cmp.Diff(leader.hints, []string{"http://master2:5050"}); diff != "" {
			t.Errorf("hints (-got +want):\n%s", diff)
		}
		if len(leader.suspects) != 0 {
			t.Errorf("suspects = %v beside the hint", leader.suspects)
		}
		if diff := cmp.Diff(leader.asked, []string{"", "http://" + master}); diff != "" {
			t.Errorf("asked (-got +want):\n%s", diff)
		}
		c.stop()
	})
}

func TestSubscribe_redirected_goes_to_the_named_leader_if_the_detector_takes_no_hints(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, old, leading := transporttest.New(), newFakeMaster(t), newFakeMaster(t)
		old.subscribe = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "//master2:5050/master/api/v1/scheduler")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
		defer n.Serve(master, old)()
		defer n.Serve("master2:5050", leading)()
		c := start(t, defaults(t, n), one(), nil)
		expect[mesos.Subscribed](c)
		if err := c.Send(t.Context(), mesos.Revive{}); err != nil {
			t.Error(err)
		}
		if got := len(leading.got(scheduler.Call_REVIVE)); got != 1 {
			t.Errorf("leader got %d calls, want 1", got)
		}
		c.stop()
	})
}

func TestRun_ends_with_the_error_of_its_handler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, m := transporttest.New(), newFakeMaster(t)
		defer n.Serve(master, m)()
		broken := errors.New("store is gone")
		c := start(t, defaults(t, n), one(), func(context.Context, mesos.SchedulerEvent) error { return broken })
		if err := c.ended(); !errors.Is(err, broken) {
			t.Errorf("Run = %v, want %v", err, broken)
		}
		expect[mesos.Subscribed](c)
		if len(c.events) != 0 {
			t.Errorf("event after the handler failed: %#v", <-c.events)
		}
	})
}

func TestStream_that_breaks_is_renewed(t *testing.T) {
	t.Parallel()
	big := frames.Append(nil, make([]byte, 2000))
	tests := []struct {
		name string
		send []byte
		end  bool
		want string
	}{
		{"master closes it", nil, true, "EOF"},
		{"in the middle of a record", heartbeat()[:2], true, "unexpected EOF"},
		{"bytes that are no record", []byte("garbage"), false, "not a decimal number"},
		{"record above the limit", big, false, "longer than the limit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n, m := transporttest.New(), newFakeMaster(t)
				defer n.Serve(master, m)()
				cfg := defaults(t, n)
				cfg.FrameMax = 1000
				c := start(t, cfg, one(), nil)
				expect[mesos.Subscribed](c)
				if tt.send != nil {
					m.events <- tt.send
				}
				if tt.end {
					m.events <- nil
				}
				if got := expect[mesos.Disconnected](c); !strings.Contains(got.Reason, tt.want) {
					t.Errorf("reason = %q, want %q in it", got.Reason, tt.want)
				}
				begin := time.Now()
				expect[mesos.Subscribed](c)
				if took := time.Since(begin); took > 500*time.Millisecond {
					t.Errorf("first try to subscribe again came after %v, want at most 500 ms", took)
				}
				c.stop()
			})
		})
	}
}
