// Package sandbox knows what an executor finds around it on an agent: the
// files its task writes to, which it keeps bounded, and the cgroup it was put
// into. It runs nothing.
package sandbox

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/gantry-mesos/gantry/pkg/ownership"
)

// Rotation bounds a file: at Bytes it becomes NAME.1, and at most Keep old ones remain.
type Rotation struct {
	// Bytes is the size of one file; 0 means unbounded.
	Bytes int64
	// Keep is how many full files are kept beside the current one.
	Keep int
}

// File is a file that takes everything and stays bounded. Safe for concurrent use.
type File struct {
	path     string
	rotation Rotation

	mu   sync.Mutex
	f    *os.File
	size int64
}

// OpenFile opens the file for appending.
func OpenFile(path string, r Rotation) (*File, error) {
	file := &File{path: path, rotation: r}
	if err := file.open(); err != nil {
		return nil, fmt.Errorf("open output: %w", err)
	}
	return file, nil
}

func (f *File) open() error {
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644) // Mesos' own sandbox files are world-readable, too
	if err != nil {
		return err
	}
	ownership.Follow(file) // also after a rotation: the task's user may open what it writes to
	f.size = 0
	if info, err := file.Stat(); err == nil {
		f.size = info.Size()
	}
	f.f = file
	return nil
}

// Write appends p. It never fails: a full disk costs output, not the task.
func (f *File) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rotation.Bytes > 0 && f.size > 0 && f.size+int64(len(p)) > f.rotation.Bytes {
		f.rotate()
	}
	if f.f == nil && f.open() != nil {
		return len(p), nil
	}
	n, _ := f.f.Write(p)
	f.size += int64(n)
	return len(p), nil
}

func (f *File) rotate() {
	if f.f != nil {
		_ = f.f.Close()
		f.f = nil
	}
	if f.rotation.Keep == 0 {
		_ = os.Remove(f.path)
		return
	}
	for i := f.rotation.Keep - 1; i >= 1; i-- {
		_ = os.Rename(f.path+"."+strconv.Itoa(i), f.path+"."+strconv.Itoa(i+1))
	}
	_ = os.Rename(f.path, f.path+".1")
}

// Close closes the file; what is written later opens it again.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return nil
	}
	err := f.f.Close()
	f.f = nil
	return err
}

// Output returns where the task's stream goes: to the file NAME in the
// sandbox, or to the inherited stream if that is a pipe, behind which the
// agent's own logger waits and rotates. inherited may be nil.
func Output(dir, name string, inherited *os.File, r Rotation) (io.WriteCloser, error) {
	if inherited != nil {
		if info, err := inherited.Stat(); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
			return keepOpen{inherited}, nil
		}
	}
	return OpenFile(filepath.Join(dir, name), r)
}

// keepOpen is an inherited stream, which is not ours to close.
type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }
