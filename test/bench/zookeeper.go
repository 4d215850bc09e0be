package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/gantry-mesos/gantry/test/zktest"
)

// noTest is a zktest.TB of a program: what would end a test is a panic that
// inside returns as an error.
type noTest struct {
	dirs     []string
	cleanups []func()
}

var _ zktest.TB = (*noTest)(nil)

// fatal is what Fatal ends with.
type fatal struct{ error }

func (t *noTest) Helper()          {}
func (t *noTest) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }
func (t *noTest) Fatal(args ...any) {
	panic(fatal{errors.New(fmt.Sprint(args...))})
}

func (t *noTest) Fatalf(format string, args ...any) { panic(fatal{fmt.Errorf(format, args...)}) }

func (t *noTest) TempDir() string {
	dir, err := os.MkdirTemp("", "gantry-bench-")
	if err != nil {
		t.Fatal(err)
	}
	t.dirs = append(t.dirs, dir)
	return dir
}

// inside runs f and then undoes what it asked to be undone.
func inside(f func(t *noTest) error) (err error) {
	t := &noTest{}
	defer func() {
		if r := recover(); r != nil {
			failed, ok := r.(fatal)
			if !ok {
				panic(r)
			}
			err = failed.error
		}
		for _, undo := range slices.Backward(t.cleanups) {
			undo()
		}
		for _, dir := range t.dirs {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	return f(t)
}
