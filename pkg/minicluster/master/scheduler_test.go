package master

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// TestStatusOrder checks that the first failing check decides the answer (Mesos, scheduler HTTP API).
func TestStatusOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config, _ *Deps) {
		c.AuthenticateFrameworks = true
		c.Credentials = []Credential{{"alice", "s1"}, {"bob", "s2"}}
	})
	const basicAlice, basicBob = "Basic YWxpY2U6czE=", "Basic Ym9iOnMy"
	jsonType := http.Header{"Content-Type": {"application/json"}, "Authorization": {basicAlice}}
	with := func(kv ...string) http.Header {
		h := jsonType.Clone()
		for i := 0; i < len(kv); i += 2 {
			h.Set(kv[i], kv[i+1])
		}
		return h
	}
	check := func(name string, h http.Header, body string, wantCode int, wantText string) {
		t.Helper()
		code, text := r.post(t, h, []byte(body))
		if code != wantCode || !strings.Contains(text, wantText) {
			t.Errorf("%s: got %d %q, want %d with %q", name, code, text, wantCode, wantText)
		}
	}
	check("no credentials", http.Header{}, "", 401, "")
	check("no leader", jsonType, "", 503, "No leader elected")
	leader := masterInfo(Config{IP: "127.0.0.1", Port: 5051, Hostname: "other"})
	r.m.SetLeadership(Leadership{Leader: &leader})
	await(t, "the leader to be known", func() bool { return r.m.Leadership().Leader != nil })
	r.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	check("follower, wrong credentials", with("Authorization", "Basic x"), "", 401, "")
	check("follower", jsonType, "", 307, "")
	r.lead(t)

	const decline = `"decline":{"offer_ids":[]}`
	subscribe := `{"type":"SUBSCRIBE","subscribe":{"framework_info":` + frameworkInfo("") + `}}`
	check("no content type", http.Header{"Authorization": {basicAlice}}, "{", 400, "Content-Type")
	check("undecodable", jsonType, "{", 400, "Failed to parse body into JSON")
	check("no such message", jsonType, "[]", 400, "Failed to convert JSON into Call protobuf: Expecting a JSON object")
	check("bad protobuf", with("Content-Type", "application/x-protobuf"), "{", 400, "Failed to parse body into Call protobuf")
	check("other content type", with("Content-Type", "application/json; charset=utf-8"), "{", 415, "")
	check("no type", jsonType, `{}`, 400, "Expecting 'type' to be present")
	check("unknown type", jsonType, `{"type":"NOPE"}`, 400, "Expecting 'type' to be present")
	check("type UNKNOWN", jsonType, `{"type":"UNKNOWN"}`, 400, "Expecting 'framework_id' to be present")
	check("no framework id", jsonType, `{"type":"DECLINE",`+decline+`}`, 400, "Expecting 'framework_id' to be present")
	check("no sub-message", jsonType, `{"type":"DECLINE","framework_id":{"value":"x"}}`, 400, "Expecting 'decline' to be present")
	check("other principal", jsonType, strings.Replace(subscribe, `"user"`, `"principal":"bob","user"`, 1), 400, "does not match principal 'bob'")
	check("short uuid", jsonType, `{"type":"ACKNOWLEDGE","framework_id":{"value":"x"},"acknowledge":{"agent_id":{"value":"a"},"task_id":{"value":"t"},"uuid":"AAAA"}}`, 400, "Not a valid UUID")
	check("nothing acceptable", with("Accept", "text/html", streamIDHeader, "x"), subscribe, 406, "")
	check("subscribe with stream id", with(streamIDHeader, "x"), subscribe, 400, "should not include")
	check("unknown framework", jsonType, `{"type":"DECLINE","framework_id":{"value":"x"},`+decline+`}`, 400, "Framework cannot be found")

	r.client.Transport = authenticated{r.client.Transport, basicAlice}
	s := r.subscribe(t, "", frameworkInfo(""), "")
	r.client.Transport = r.client.Transport.(authenticated).next
	call := fmt.Sprintf(`{"type":"DECLINE","framework_id":{"value":%q},%s}`, s.id, decline)
	check("foreign principal", with("Authorization", basicBob), call, 400, "Authenticated principal 'bob' does not match principal 'alice'")
	check("no stream id", jsonType, call, 400, "All non-subscribe calls should include")
	check("wrong stream id", with(streamIDHeader, "x"), call, 400, "The stream ID 'x' included in this request didn't match")
	check("accepted whatever Accept says", with(streamIDHeader, s.streamID, "Accept", "text/html"), call, 202, "")
	s.cancel()
	await(t, "the disconnect", func() bool {
		code, _ := r.post(t, with(streamIDHeader, s.streamID), []byte(call))
		return code == 403
	})
	check("disconnected", with(), call, 403, "Framework is not subscribed")
}

// authenticated adds credentials to each request.
type authenticated struct {
	next  http.RoundTripper
	basic string
}

// RoundTrip implements http.RoundTripper.
func (a authenticated) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", a.basic)
	return a.next.RoundTrip(r)
}

func TestMethodsOtherThanPost(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		req, err := http.NewRequestWithContext(context.Background(), method, r.server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "POST" {
			t.Errorf("%s: got %d, Allow %q", method, resp.StatusCode, resp.Header.Get("Allow"))
		}
	}
}

func TestRecoveryIsOverOnlyWithTheRegistry(t *testing.T) {
	t.Parallel()
	registry := NewMemoryRegistry()
	registry.SetQuorum(false)
	r := newRig(t, func(_ *Config, d *Deps) { d.Registry = registry })
	r.m.SetLeadership(Leadership{Leading: true})
	await(t, "the leadership", func() bool { return r.m.Leadership().Leading })
	if code, text := r.post(t, http.Header{}, nil); code != 503 || text != "Master has not finished recovery" {
		t.Errorf("before the quorum: got %d %q", code, text)
	}
	registry.SetQuorum(true)
	await(t, "the recovery", func() bool { return r.m.status.Load().recovered })
	if code, _ := r.post(t, http.Header{}, nil); code != 400 {
		t.Errorf("after the quorum: got %d, want 400", code)
	}
}

func TestRefusedSubscriptionsAreStreamsWithOneError(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config, _ *Deps) {
		c.Roles, c.RootSubmissions = []string{"test", "a"}, false
	}).lead(t)
	user := func(info string) string { return strings.Replace(info, `"root"`, `"nobody"`, 1) }
	for name, row := range map[string]struct{ info, more, want string }{
		"role beside MULTI_ROLE": {user(frameworkInfo(`,"role":"test"`)), "", "'FrameworkInfo.role' must not be set"},
		"roles without it":       {`{"user":"u","name":"n","roles":["test"]}`, "", "'FrameworkInfo.roles' must not be set"},
		"bad single role":        {`{"user":"u","name":"n","role":"a b"}`, "", "'FrameworkInfo.role' is not a valid role"},
		"not white-listed":       {strings.Replace(user(frameworkInfo("")), `["test"]`, `["other"]`, 1), "", "Role 'other' is not present"},
		"suppressed foreign":     {user(frameworkInfo("")), `,"suppressed_roles":["x"]`, "Suppressed roles { x } are not contained"},
		"failover timeout":       {strings.Replace(user(frameworkInfo("")), `:60`, `:1e30`, 1), "", "failover_timeout (1e+30) is invalid"},
		"root":                   {frameworkInfo(""), "", "'root' is not allowed"},
		"constraints":            {user(frameworkInfo("")), `,"offer_constraints":{"role_constraints":{"x":{}}}`, "for a role 'x'"},
		"bad id":                 {user(frameworkInfo(`,"id":{"value":"a/b"}`)), "", "contains invalid characters"},
		"negative quantity": {
			user(frameworkInfo(`,"offer_filters":{"test":{"min_allocatable_resources":{"quantities":[{"quantities":{"cpus":{"value":-1}}}]}}}`)),
			"", "Negative values not supported",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := ""
			if name == "bad id" {
				id = "a/b"
			}
			s := r.subscribe(t, id, row.info, row.more)
			if !strings.Contains(s.refused, row.want) {
				t.Errorf("error: got %q, want %q in it", s.refused, row.want)
			}
			if e := s.next(); e != nil {
				t.Errorf("after the error: got %s, want the end", e.Type)
			}
		})
	}
}

func TestNewestSubscriberWins(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	first := r.subscribe(t, "", frameworkInfo(""), "")
	offer := first.offer()
	second := r.subscribe(t, first.id, frameworkInfo(fmt.Sprintf(`,"id":{"value":%q}`, first.id)), "")
	if e := first.want(scheduler.Event_ERROR); e.Error.Message != "Framework failed over" {
		t.Errorf("error of the first stream: got %q", e.Error.Message)
	}
	if e := first.next(); e != nil {
		t.Errorf("after the error: got %s, want the end", e.Type)
	}
	if code, _ := first.try(`"type":"REVIVE"`); code != 400 {
		t.Errorf("call with the first stream id: got %d, want 400", code)
	}
	if again := second.offer(); again.ID == offer.ID || again.AgentID.Value != a.id {
		t.Errorf("offer after failover: got %v, want a new one of %s", again.ID, a.id)
	}
}

func TestImmutablePartsOfFrameworkInfo(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	s := r.subscribe(t, "", frameworkInfo(`,"principal":"p"`), "")
	id := fmt.Sprintf(`,"id":{"value":%q}`, s.id)
	if got := r.subscribe(t, s.id, frameworkInfo(id+`,"principal":"q"`), "").refused; got != "Changing framework's principal is not allowed." {
		t.Errorf("other principal: got %q", got)
	}
	info := `{"user":"nobody","name":"renamed","checkpoint":false,"principal":"p"` + id + `}`
	r.subscribe(t, s.id, info, "")
	r.view(t, func(st *State) {
		got := st.Frameworks[s.id].Info
		if got.User != "root" || !got.GetCheckpoint() || got.Name != "renamed" || len(got.Roles) != 0 {
			t.Errorf("got %v, want user and checkpoint kept, the rest new", got)
		}
	})
}

func TestFailoverTimeoutAndTeardown(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	gone := func(id string) {
		t.Helper()
		await(t, "the removal of "+id, func() bool {
			removed := false
			r.view(t, func(st *State) { removed = st.Frameworks[id] == nil && len(st.CompletedFrameworks) > 0 })
			return removed
		})
		if got := r.subscribe(t, id, frameworkInfo(fmt.Sprintf(`,"id":{"value":%q}`, id)), "").refused; got != "Framework has been removed" {
			t.Errorf("subscribe with the id of a removed framework: got %q", got)
		}
	}
	s := r.subscribe(t, "", strings.Replace(frameworkInfo(""), ":60", ":0", 1), "")
	s.cancel()
	gone(s.id)
	s = r.subscribe(t, "", strings.Replace(frameworkInfo(""), ":60", ":0.05", 1), "")
	s.cancel()
	gone(s.id)
	s = r.subscribe(t, "", frameworkInfo(""), "")
	s.call(`"type":"TEARDOWN"`)
	if e := s.next(); e != nil {
		t.Errorf("after TEARDOWN: got %s, want the end of the stream", e.Type)
	}
	gone(s.id)
}

func TestSelfMadeFrameworkIDIsAdopted(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	if s := r.subscribe(t, "foo-1", frameworkInfo(`,"id":{"value":"foo-1"}`), ""); s.id != "foo-1" {
		t.Errorf("id: got %q (%s), want foo-1", s.id, s.refused)
	}
}

func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	t.Parallel()
	st := newStream("s", 1, 1<<10)
	message := strings.Repeat("x", 500)
	for range 4 {
		st.send(&scheduler.Event{Type: scheduler.Event_ERROR, Error: &scheduler.Event_Error{Message: message}})
	}
	select {
	case <-st.broken:
	default:
		t.Error("the stream goes on")
	}
	if events, more := st.take(); len(events) > 0 || more {
		t.Errorf("left: got %d events, more %v", len(events), more)
	}
}

func TestAClientThatNeverReadsLosesItsStreamAndNobodyElseSuffers(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config, _ *Deps) { c.StreamQueueBytes = 1 << 16 }).lead(t)
	a := r.agent(t, "cpus:4;mem:4096")
	conn, err := net.Dial("tcp", r.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	body := `{"type":"SUBSCRIBE","framework_id":{"value":"deaf"},"subscribe":{"framework_info":` + frameworkInfo(`,"id":{"value":"deaf"}`) + `}}`
	if _, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		t.Fatal(err)
	}
	connected := func() (yes bool) {
		r.view(t, func(st *State) { yes = st.Frameworks["deaf"] != nil && st.Frameworks["deaf"].Connected })
		return yes
	}
	await(t, "the subscription", connected)
	await(t, "the cut", func() bool {
		for range 64 {
			a.conn.Send(link.ExecutorToFramework{
				FrameworkID: mesos.FrameworkID{Value: "deaf"}, ExecutorID: mesos.ExecutorID{Value: "e"}, Data: make([]byte, 1<<16),
			})
		}
		return !connected()
	})
	if s := r.subscribe(t, "", frameworkInfo(""), ""); s.offer() == nil {
		t.Error("another scheduler gets no offers")
	}
}

func TestUpdateFrameworkIsAllOrNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil).lead(t)
	r.agent(t, "cpus:4;mem:4096")
	s := r.subscribe(t, "", frameworkInfo(""), "")
	offer := s.offer()
	id := fmt.Sprintf(`,"id":{"value":%q}`, s.id)
	update := func(info, more string) (int, string) {
		return s.try(`"type":"UPDATE_FRAMEWORK","update_framework":{"framework_info":` + info + more + `}`)
	}
	for name, row := range map[string]struct{ info, more, want string }{
		"user":       {strings.Replace(frameworkInfo(id), "root", "u", 1), "", "Updating 'FrameworkInfo.user' is unsupported"},
		"checkpoint": {strings.Replace(frameworkInfo(id), "true", "false", 1), "", "Updating 'FrameworkInfo.checkpoint' is unsupported"},
		"principal":  {frameworkInfo(id + `,"principal":"x"`), "", "Changing framework's principal"},
		"role":       {strings.Replace(frameworkInfo(id), `["test"]`, `["a b"]`, 1), "", "Supplied FrameworkInfo is not valid"},
		"suppressed": {frameworkInfo(id), `,"suppressed_roles":["x"]`, "Suppressed roles"},
		"other id":   {frameworkInfo(`,"id":{"value":"x"}`), "", "differs"},
	} {
		if code, text := update(row.info, row.more); code != 400 || !strings.Contains(text, row.want) {
			t.Errorf("%s: got %d %q, want 400 with %q", name, code, text, row.want)
		}
	}
	if code, text := update(strings.Replace(frameworkInfo(id), `["test"]`, `["more"]`, 1), ""); code != 200 {
		t.Fatalf("valid update: got %d %q", code, text)
	}
	if got := s.want(scheduler.Event_RESCIND).Rescind.OfferID; got != offer.ID {
		t.Errorf("rescinded: got %v, want %v", got, offer.ID)
	}
	if got := s.offer().AllocationInfo.GetRole(); got != "more" {
		t.Errorf("role of the next offer: got %q, want more", got)
	}
}
