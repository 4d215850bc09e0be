package wire

import (
	"encoding/binary"
	"errors"
	"math"
)

// Wire types of protobuf fields.
const (
	typeVarint = 0
	type64     = 1
	typeBytes  = 2
	type32     = 5
)

var errMalformed = errors.New("malformed protobuf message")

// walker reads the fields of one protobuf message one after the other, without
// copying. After the first error it yields no more fields.
type walker struct {
	rest  []byte
	field int // number of the current field
	kind  int // wire type of the current field
	num   uint64
	data  []byte
	err   error
}

// next reads the next field and reports whether there was one.
func (w *walker) next() bool {
	if len(w.rest) == 0 || w.err != nil {
		return false
	}
	key, n := binary.Uvarint(w.rest)
	if n <= 0 || key>>3 == 0 || key>>3 > math.MaxInt32 {
		return w.fail()
	}
	w.field, w.kind, w.rest = int(key>>3), int(key&7), w.rest[n:]
	switch w.kind {
	case typeVarint:
		w.num, n = binary.Uvarint(w.rest)
		if n <= 0 {
			return w.fail()
		}
		w.rest = w.rest[n:]
	case type64:
		return w.fixed(8)
	case type32:
		return w.fixed(4)
	case typeBytes:
		length, n := binary.Uvarint(w.rest)
		if n <= 0 || length > uint64(len(w.rest)-n) {
			return w.fail()
		}
		end := n + int(length)
		w.data, w.rest = w.rest[n:end], w.rest[end:]
	default:
		return w.fail()
	}
	return true
}

func (w *walker) fixed(size int) bool {
	if len(w.rest) < size {
		return w.fail()
	}
	w.data, w.rest = w.rest[:size], w.rest[size:]
	return true
}

func (w *walker) fail() bool {
	w.err = errMalformed
	return false
}

// bytes returns the current field, which must be a string, bytes or a message.
func (w *walker) bytes() []byte {
	if w.kind != typeBytes {
		w.fail()
		return nil
	}
	return w.data
}

// varint returns the current field, which must be an integer or enum.
func (w *walker) varint() uint64 {
	if w.kind != typeVarint {
		w.fail()
	}
	return w.num
}

// double returns the current field, which must be a double.
func (w *walker) double() float64 {
	if w.kind != type64 {
		w.fail()
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(w.data))
}

// count returns how many fields of each number below 16 a message has.
func count(message []byte) (n [16]int) {
	w := walker{rest: message}
	for w.next() {
		if w.field < len(n) {
			n[w.field]++
		}
	}
	return n
}

// interner keeps one copy of strings that recur within an event.
type interner map[string]string

func (i interner) string(b []byte) string {
	if s, ok := i[string(b)]; ok {
		return s
	}
	s := string(b)
	i[s] = s
	return s
}
