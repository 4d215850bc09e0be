// Package frames reads and writes the RecordIO framing of the Mesos event
// streams ("Mesos, RecordIO"): each record is its length in decimal digits, a
// line feed, and that many bytes. How the bytes arrive in pieces has no meaning.
package frames

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
)

const (
	// DefaultMax is the longest record that a Reader accepts unless told
	// otherwise, 256 MiB: an OFFERS event takes about 1 KiB for each agent.
	DefaultMax = 256 << 20

	// headerMax is how many digits a length may have; more is no length that fits in 64 bits.
	headerMax = 19
	// chunk is how much memory a length is trusted with before its bytes arrive.
	chunk = 1 << 20
	// keepMax is the largest buffer that is kept for the next, smaller record.
	keepMax = 4 << 20
	// readBuffer holds the bytes read ahead; many small records take one read.
	readBuffer = 64 << 10
)

// ErrLength means that the stream is not RecordIO: a length was expected and
// something else came. The stream can't be read on.
var ErrLength = errors.New("record length is not a decimal number")

// TooLongError means that a record is longer than the reader accepts. The
// stream can't be read on.
type TooLongError struct {
	Length uint64 // of the record, in bytes
	Max    int    // that the reader accepts
}

// Error says both lengths.
func (e *TooLongError) Error() string {
	return fmt.Sprintf("record of %d bytes is longer than the limit of %d", e.Length, e.Max)
}

// Reader reads records from a stream. It is not safe for concurrent use.
type Reader struct {
	in  *bufio.Reader
	max int
	buf []byte
}

// NewReader returns a reader of records up to limit bytes; 0 means DefaultMax.
func NewReader(r io.Reader, limit int) *Reader {
	if limit <= 0 {
		limit = DefaultMax
	}
	return &Reader{in: bufio.NewReaderSize(r, readBuffer), max: limit}
}

// Next returns the next record, which stays valid until the following call. It
// returns io.EOF when the stream ends between two records,
// io.ErrUnexpectedEOF when it ends within one, ErrLength or a *TooLongError
// when it can't be read on, and the stream's own errors as they are.
func (r *Reader) Next() ([]byte, error) {
	n, err := r.length()
	if err != nil {
		return nil, err
	}
	if cap(r.buf) > keepMax && n <= keepMax {
		r.buf = nil
	}
	r.buf = r.buf[:0]
	for len(r.buf) < n {
		have := len(r.buf)
		step := min(n-have, max(chunk, have))
		r.buf = append(r.buf, make([]byte, step)...)
		if _, err := io.ReadFull(r.in, r.buf[have:]); err != nil {
			return nil, within(err)
		}
	}
	return r.buf, nil
}

// length reads the digits and the line feed before a record.
func (r *Reader) length() (int, error) {
	var digits [headerMax]byte
	n := 0
	for {
		c, err := r.in.ReadByte()
		if err != nil {
			if n > 0 {
				err = within(err)
			}
			return 0, err
		}
		if c == '\n' {
			break
		}
		if c < '0' || c > '9' || n == len(digits) {
			return 0, fmt.Errorf("%w: %q", ErrLength, string(digits[:n])+string([]byte{c}))
		}
		digits[n] = c
		n++
	}
	length, err := strconv.ParseUint(string(digits[:n]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %q", ErrLength, string(digits[:n]))
	}
	if length > uint64(r.max) {
		return 0, &TooLongError{Length: length, Max: r.max}
	}
	return int(length), nil
}

// within turns the end of the stream into an unexpected one.
func within(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Append appends a record to dst, framed, and returns the result.
func Append(dst, record []byte) []byte {
	dst = strconv.AppendInt(dst, int64(len(record)), 10)
	dst = append(dst, '\n')
	return append(dst, record...)
}
