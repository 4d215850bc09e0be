package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
)

// stopper is a stream that cancels a context once a text was written to it.
type stopper struct {
	bytes.Buffer
	text   string
	cancel context.CancelFunc
}

func (s *stopper) Write(p []byte) (int, error) {
	n, err := s.Buffer.Write(p)
	if strings.Contains(s.String(), s.text) {
		s.cancel()
	}
	return n, err
}

func TestAnInterruptedWaitLeavesTheDeploymentAloneAndSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	s := coretest.New(scriptStart, true)
	server, err := newAPI(s)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	errOut := &stopper{text: "needs 640 cpus", cancel: cancel}
	in := strings.NewReader(`{"id":"/web","cmd":"true","cpus":640}`)
	code := execute(ctx, []string{"app", "create", "-", "--wait", "--url", server.URL, "--poll-interval", "1ms"}, in, &bytes.Buffer{}, errOut)
	if code != exitFailed {
		t.Errorf("got exit code %d, want %d", code, exitFailed)
	}
	for _, text := range []string{"stopped waiting: /web: needs 640 cpus", "gantry deployment wait 0000", "gantry deployment cancel 0000"} {
		if !strings.Contains(errOut.String(), text) {
			t.Errorf("got %q, want it to hold %q", errOut, text)
		}
	}
	if n := len(s.View().Deployments); n != 1 {
		t.Errorf("got %d deployments, want the one that was started", n)
	}
}
