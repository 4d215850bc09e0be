package conformance

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// frameMax bounds a record of a stream; a longer one is an error of the server.
const frameMax = 256 << 20

// event is one record of a stream.
type event struct {
	body map[string]any
	at   time.Time
	read bool
}

func (e *event) kind() string {
	s, _ := e.body["type"].(string)
	return s
}

// stream keeps what the server has sent on one RecordIO answer.
type stream struct {
	closeConn func()
	decode    func([]byte) (map[string]any, error)

	mu      sync.Mutex
	events  []*event
	ended   bool
	endedAt time.Time
	err     error         // why reading ended, nil at the server's regular end
	changed chan struct{} // closed and renewed at every change
}

func newStream(body io.Reader, closeConn func(), decode func([]byte) (map[string]any, error)) *stream {
	s := &stream{closeConn: closeConn, decode: decode, changed: make(chan struct{})}
	go s.readAll(bufio.NewReaderSize(body, 64<<10))
	return s
}

func (s *stream) readAll(r *bufio.Reader) {
	var err error
	for err == nil {
		var frame []byte
		if frame, err = readFrame(r); err != nil {
			break
		}
		var body map[string]any
		if body, err = s.decode(frame); err != nil {
			err = fmt.Errorf("decode record %.200q: %w", frame, err)
			break
		}
		s.change(func() { s.events = append(s.events, &event{body: body, at: time.Now()}) })
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	s.change(func() { s.ended, s.endedAt, s.err = true, time.Now(), err })
	s.closeConn()
}

func (s *stream) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// readFrame reads one record: its length in decimal, a newline, the bytes.
func readFrame(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		if errors.Is(err, io.EOF) && line != "" {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(line, "\n"), 10, 64)
	if err != nil || n > frameMax {
		return nil, fmt.Errorf("bad record length %.40q", line)
	}
	frame := make([]byte, n)
	_, err = io.ReadFull(r, frame)
	return frame, err
}

// wait calls check under the lock until it is done or the deadline is over.
func (s *stream) wait(deadline time.Time, check func() (done bool)) bool {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	for {
		s.mu.Lock()
		done, changed := check(), s.changed
		s.mu.Unlock()
		if done {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		}
	}
}

// unread lists the types of the unread events, for messages.
func (s *stream) unread() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var types []string
	for _, e := range s.events {
		if !e.read {
			types = append(types, e.kind())
		}
	}
	state := "open"
	if s.ended {
		state = "ended"
		if s.err != nil {
			state += ": " + s.err.Error()
		}
	}
	return fmt.Sprintf("unread %v, stream %s", types, state)
}
