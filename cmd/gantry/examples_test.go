package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/scheduler/httpapi/httpapitest"
)

func TestEveryExampleIsTakenByTheAPI(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/apps/*")
	if err != nil || len(files) < 5 {
		t.Fatalf("got examples %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			fake := httpapitest.New(scriptStart, true)
			server, err := newAPI(fake)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			var out, errOut bytes.Buffer
			line := []string{"app", "update", file, "--wait", "--url", server.URL, "--poll-interval", "1ms"}
			if code := execute(t.Context(), line, strings.NewReader(""), &out, &errOut); code != exitDone {
				t.Fatalf("got exit code %d: %s", code, errOut.String())
			}
			if fake.View().AppCount() == 0 {
				t.Error("got no app")
			}
		})
	}
}
