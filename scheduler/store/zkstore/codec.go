package zkstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"

	"github.com/klauspost/compress/zstd"

	"github.com/gantry-mesos/gantry/scheduler/store"
)

const (
	// formatVersion begins the content of every entry and bucket.
	formatVersion = 1
	// nodeMax bounds the content of a znode. ZooKeeper drops the connection of
	// a client that sends 1 MiB; with the checks that guard it, a write of one
	// znode stays under half of that.
	nodeMax = 500 << 10
	// frameMax bounds what is compressed together, but for a single larger record.
	frameMax = 256 << 10
	// decodedMax bounds the memory for one frame, against damaged content.
	decodedMax = 64 << 20
	// buckets is the number of znodes that the records are spread over.
	buckets = 256
)

// Kinds of content, the second byte.
const (
	kindEntry  = 'L'
	kindBucket = 'B'
	kindPage   = 'P'
)

// ErrCorrupt says that the content of a znode is damaged or was written by an
// unknown version of Gantry.
var ErrCorrupt = errors.New("the state in ZooKeeper is damaged")

var errShort = errors.New("the content ends too early")

// bucketOf spreads keys over the buckets; it must never change.
func bucketOf(key string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	return int(h.Sum32() % buckets)
}

// codec turns changes into contents of znodes and back. It may be used by
// several goroutines.
type codec struct {
	nodeMax int
	enc     *zstd.Encoder
	dec     *zstd.Decoder
}

func newCodec(nodeMax int) (*codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2),
		zstd.WithWindowSize(512<<10), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(true))
	if err != nil {
		return nil, fmt.Errorf("compressor: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(decodedMax))
	if err != nil {
		return nil, fmt.Errorf("decompressor: %w", err)
	}
	return &codec{nodeMax: nodeMax, enc: enc, dec: dec}, nil
}

func (c *codec) close() { c.dec.Close() }

// pack compresses changes into payloads, each small enough for one znode. It
// returns one empty payload for no changes.
func (c *codec) pack(changes []store.Change) [][]byte {
	payloads := [][]byte{nil}
	var raw []byte
	flush := func() {
		frame := c.enc.EncodeAll(raw, nil)
		raw = raw[:0]
		last := payloads[len(payloads)-1]
		if len(last) > 0 && len(last)+len(frame)+binary.MaxVarintLen32 > c.nodeMax {
			payloads, last = append(payloads, nil), nil
		}
		last = binary.AppendUvarint(last, uint64(len(frame)))
		payloads[len(payloads)-1] = append(last, frame...)
	}
	for _, change := range changes {
		if len(raw) > 0 && len(raw)+len(change.Key)+len(change.Value) > min(frameMax, c.nodeMax) {
			flush()
		}
		raw = appendChange(raw, change)
	}
	if len(raw) > 0 {
		flush()
	}
	return payloads
}

// appendChange writes the key, then 0 for a deletion or the length of the
// value plus one and the value.
func appendChange(b []byte, c store.Change) []byte {
	b = binary.AppendUvarint(b, uint64(len(c.Key)))
	b = append(b, c.Key...)
	if c.Value == nil {
		return binary.AppendUvarint(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(c.Value))+1)
	return append(b, c.Value...)
}

// unpack calls f for each change of a payload. The values share memory.
func (c *codec) unpack(payload []byte, f func(store.Change)) error {
	for len(payload) > 0 {
		frame, rest, err := cut(payload)
		if err != nil {
			return err
		}
		payload = rest
		raw, err := c.dec.DecodeAll(frame, nil)
		if err != nil {
			return err
		}
		for len(raw) > 0 {
			var change store.Change
			if change, raw, err = readChange(raw); err != nil {
				return err
			}
			f(change)
		}
	}
	return nil
}

func readChange(raw []byte) (c store.Change, rest []byte, err error) {
	key, raw, err := cut(raw)
	if err != nil {
		return c, nil, err
	}
	c.Key = string(key)
	size, n := binary.Uvarint(raw)
	if n <= 0 || size > uint64(len(raw)-n)+1 {
		return c, nil, errShort
	}
	raw = raw[n:]
	if size > 0 {
		c.Value, raw = raw[:size-1:size-1], raw[size-1:]
	}
	return c, raw, nil
}

// cut reads a length and that many bytes.
func cut(b []byte) (part, rest []byte, err error) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return nil, nil, errShort
	}
	b = b[n:]
	return b[:size], b[size:], nil
}

// transactionID tells the parts of one transaction from all others.
type transactionID [16]byte

// entry is one part of a transaction.
type entry struct {
	id      transactionID
	part    int
	last    bool
	payload []byte
}

func (e *entry) encode() []byte {
	b := make([]byte, 0, len(e.payload)+32)
	b = append(b, formatVersion, kindEntry)
	b = append(b, e.id[:]...)
	b = binary.AppendUvarint(b, uint64(e.part))
	if e.last {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	return append(b, e.payload...)
}

func decodeEntry(data []byte) (e entry, err error) {
	data, err = head(data, kindEntry)
	if err != nil {
		return e, err
	}
	if len(data) < len(e.id) {
		return e, errShort
	}
	copy(e.id[:], data)
	data = data[len(e.id):]
	part, n := binary.Uvarint(data)
	if n <= 0 || n == len(data) {
		return e, errShort
	}
	return entry{id: e.id, part: int(part), last: data[n] == 1, payload: data[n+1:]}, nil
}

// bucketHead is what precedes the payload of a bucket: the generation counts
// its rewrites and is part of the names of its further pages.
type bucketHead struct {
	generation uint64
	pages      int // besides the bucket's own znode
}

func (h bucketHead) encode(payload []byte) []byte {
	b := append(make([]byte, 0, len(payload)+16), formatVersion, kindBucket)
	b = binary.AppendUvarint(b, h.generation)
	b = binary.AppendUvarint(b, uint64(h.pages))
	return append(b, payload...)
}

func decodeBucket(data []byte) (h bucketHead, payload []byte, err error) {
	data, err = head(data, kindBucket)
	if err != nil {
		return h, nil, err
	}
	generation, n := binary.Uvarint(data)
	if n <= 0 {
		return h, nil, errShort
	}
	pages, m := binary.Uvarint(data[n:])
	if m <= 0 {
		return h, nil, errShort
	}
	return bucketHead{generation, int(pages)}, data[n+m:], nil
}

func encodePage(payload []byte) []byte {
	return append([]byte{formatVersion, kindPage}, payload...)
}

// head checks and removes the first two bytes.
func head(data []byte, kind byte) ([]byte, error) {
	switch {
	case len(data) < 2:
		return nil, errShort
	case data[0] != formatVersion:
		return nil, fmt.Errorf("its format is %d, this program knows %d", data[0], formatVersion)
	case data[1] != kind:
		return nil, fmt.Errorf("its kind is %q, expected %q", data[1], kind)
	}
	return data[2:], nil
}

// wayOut of damage, in the order in which to try.
const wayOut = "see all damage with 'gantry state check --zk URL', then stop all schedulers and import a backup (gantry state import), " +
	"or what is whole (gantry state export --leave-out-damaged); what a newer version wrote needs that version"

func corrupt(path string, cause error) error {
	return &corruptError{path: path, cause: cause}
}

// corruptError is an ErrCorrupt that says where.
type corruptError struct {
	path  string
	cause error
}

func (e *corruptError) Error() string {
	return fmt.Sprintf("%v: znode %s: %v; %s", ErrCorrupt, e.path, e.cause, wayOut)
}

// Is makes it match ErrCorrupt.
func (e *corruptError) Is(target error) bool { return target == ErrCorrupt }

// Unwrap returns what is wrong with the znode.
func (e *corruptError) Unwrap() error {
	return e.cause
}
