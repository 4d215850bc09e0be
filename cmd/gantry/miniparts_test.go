package main

import (
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

func TestAMissingEngineIsNotBlamedWhenItsSocketIsForbidden(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		err  error
		want string
	}{
		{&fs.PathError{Op: "dial", Path: "x", Err: syscall.EACCES}, "this user may not open the Docker engine's socket unix:///x"},
		{fmt.Errorf("dial: %w", syscall.ENOENT), "no Docker engine answers at unix:///x"},
	} {
		if got := noEngine("unix:///x", row.err); !strings.HasPrefix(got, row.want) {
			t.Errorf("%v: got %q, want it to begin with %q", row.err, got, row.want)
		}
	}
}
