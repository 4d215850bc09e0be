package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHello_says_who_it_is_and_stops_gracefully(t *testing.T) {
	t.Parallel()
	env := map[string]string{"PORT0": "31001", "MESOS_TASK_ID": "web.instance-1._app.2", "MARATHON_APP_ID": "/web", "HOST": "agent1"}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, listener, func(name string) string { return env[name] }) }()

	var got answer
	if err := json.Unmarshal([]byte(get(t, "http://"+listener.Addr().String()+"/a")), &got); err != nil {
		t.Fatal(err)
	}
	want := answer{
		Host: got.Host, Port: "31001", App: "/web", Task: "web.instance-1._app.2", Instance: "web.instance-1", Agent: "agent1", Path: "/a", Greeting: "hello",
	}
	if diff := cmp.Diff(got, want); diff != "" || got.Host == "" {
		t.Errorf("answer (-got +want):\n%s", diff)
	}
	if got := get(t, "http://"+listener.Addr().String()+"/health"); got != "ok\n" {
		t.Errorf("health: got %q", got)
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestListenPort_prefers_what_the_app_says(t *testing.T) {
	t.Parallel()
	for want, env := range map[string]map[string]string{
		"80": {"LISTEN_PORT": "80", "PORT0": "31001"}, "31001": {"PORT0": "31001", "PORT": "31002"}, "8080": {},
	} {
		if got := listenPort(func(name string) string { return env[name] }); got != want {
			t.Errorf("listenPort(%v) = %s, want %s", env, got, want)
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
