package process

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// stream carries one of the task's output streams to its file. The pipe in
// between belongs to the task's user, who else could write to what is inherited
// but not open /dev/stdout.
type stream struct {
	read, write *os.File
	to          io.Writer
	done        chan struct{}
}

func newStream(to io.Writer, uid, gid int) (*stream, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	s := &stream{read: r, write: w, to: to, done: make(chan struct{})}
	if err := w.Chown(uid, gid); err != nil {
		s.abandon()
		return nil, fmt.Errorf("give pipe to user %d: %w", uid, err)
	}
	return s, nil
}

// carry begins to copy once the command has the other end.
func (s *stream) carry() {
	_ = s.write.Close() // the command has its own
	go func() {
		defer close(s.done)
		_, _ = io.Copy(s.to, s.read) // the output never fails
	}()
}

func (s *stream) abandon() {
	_ = s.read.Close()
	_ = s.write.Close()
}

// streams are those of a command that runs as another user; none otherwise:
// then package exec makes the pipes.
type streams []*stream

// divert makes streams between a command and its output that uid may open.
func (r *Runtime) divert(cmd *exec.Cmd, uid, gid int) (streams, error) {
	out, err := newStream(r.stdout, uid, gid)
	if err != nil {
		return nil, err
	}
	errOut, err := newStream(r.stderr, uid, gid)
	if err != nil {
		out.abandon()
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = out.write, errOut.write
	return streams{out, errOut}, nil
}

// carry begins to copy once the command has the other ends.
func (ss streams) carry() {
	for _, s := range ss {
		s.carry()
	}
}

func (ss streams) abandon() {
	for _, s := range ss {
		s.abandon()
	}
}

// drain waits for the output that is still to come and hands the command's end on.
func (ss streams) drain(err error, wait time.Duration) error {
	for _, s := range ss {
		// A descendant that left the session may keep the other end for ever.
		_ = s.read.SetReadDeadline(time.Now().Add(wait)) // pipes can do that
	}
	for _, s := range ss {
		<-s.done
		_ = s.read.Close()
	}
	return err
}
