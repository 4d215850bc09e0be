// Package archive is a state as one file: a line that says what it is, then all
// records compressed, then how many there are and the SHA-256 of them. It is what
// is exported, imported, and kept before records are written in another form.
package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/gantry-mesos/gantry/scheduler/store"
)

const (
	// magic begins every archive; the number after it is the archive's version.
	magic = "gantry-archive "
	// version is written and read.
	version = "1"
)

var (
	// ErrNoArchive says that what was read is no archive.
	ErrNoArchive = errors.New("this is no archive of a state")
	// ErrVersion says that another version of Gantry wrote the archive.
	ErrVersion = errors.New("the archive has a version that this program does not read")
	// ErrDamaged says that the archive is cut off or changed: nothing in it counts.
	ErrDamaged = errors.New("the archive is damaged")
)

// Writer writes an archive. It is used by one goroutine.
type Writer struct {
	to    *zstd.Encoder
	sum   hash.Hash
	frame []byte
	count uint64
}

// NewWriter begins an archive.
func NewWriter(w io.Writer) (*Writer, error) {
	if _, err := io.WriteString(w, magic+version+"\n"); err != nil {
		return nil, fmt.Errorf("write the archive: %w", err)
	}
	to, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("write the archive: %w", err)
	}
	return &Writer{to: to, sum: sha256.New()}, nil
}

// Add writes one record; it keeps neither key nor value.
func (w *Writer) Add(key string, value []byte) error {
	w.frame = binary.AppendUvarint(w.frame[:0], uint64(len(key)))
	w.frame = append(w.frame, key...)
	w.frame = binary.AppendUvarint(w.frame, uint64(len(value)))
	w.frame = append(w.frame, value...)
	w.count++
	return w.write(w.frame)
}

func (w *Writer) write(b []byte) error {
	_, _ = w.sum.Write(b) // never fails
	if _, err := w.to.Write(b); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return nil
}

// Close writes the end, without which the archive is damaged.
func (w *Writer) Close() error {
	err := w.write(binary.AppendUvarint([]byte{0}, w.count))
	if err == nil {
		_, err = w.to.Write(w.sum.Sum(nil))
	}
	if err = errors.Join(err, w.to.Close()); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return nil
}

// Read calls fn with every record, in the order of writing, and checks the end. When
// it fails, with ErrNoArchive, ErrVersion or ErrDamaged, or an error of fn, what fn
// was told counts for nothing. The value belongs to fn.
func Read(r io.Reader, fn func(key string, value []byte) error) (records int, err error) {
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(r, head); err != nil || string(head) != magic {
		return 0, ErrNoArchive
	}
	is := bufio.NewReader(r)
	line, err := is.ReadString('\n')
	if err != nil {
		return 0, ErrNoArchive
	}
	if line != version+"\n" {
		return 0, fmt.Errorf("%w: it is version %.20q, this program reads %s; use the version of gantry that wrote it", ErrVersion, line, version)
	}
	dec, err := zstd.NewReader(is, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return 0, fmt.Errorf("read the archive: %w", err)
	}
	defer dec.Close()
	in := &reader{from: bufio.NewReader(dec), sum: sha256.New()}
	for {
		key, value, end, err := in.record()
		if err != nil {
			return 0, fmt.Errorf("%w after %d records: %w", ErrDamaged, records, err)
		}
		if end {
			return records, in.end(records)
		}
		if err := fn(key, value); err != nil {
			return 0, err
		}
		records++
	}
}

// reader reads what a Writer compressed, and sums it up.
type reader struct {
	from *bufio.Reader
	sum  hash.Hash
}

// ReadByte implements io.ByteReader.
func (r *reader) ReadByte() (byte, error) {
	b, err := r.from.ReadByte()
	if err == nil {
		_, _ = r.sum.Write([]byte{b}) // never fails
	}
	return b, err
}

func (r *reader) record() (key string, value []byte, end bool, err error) {
	k, err := r.part(store.KeyMax)
	if err != nil || len(k) == 0 {
		return "", nil, true, err
	}
	value, err = r.part(store.ValueMax)
	return string(k), value, false, err
}

// part reads a length and that many bytes.
func (r *reader) part(limit uint64) ([]byte, error) {
	size, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fmt.Errorf("a part of %d bytes, the limit is %d", size, limit)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(r.from, b); err != nil {
		return nil, err
	}
	_, _ = r.sum.Write(b) // never fails
	return b, nil
}

// end checks what follows the last record.
func (r *reader) end(records int) error {
	count, err := binary.ReadUvarint(r)
	want := r.sum.Sum(nil)
	got := make([]byte, len(want))
	if err == nil {
		_, err = io.ReadFull(r.from, got)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w: its end is missing: %w", ErrDamaged, err)
	case count != uint64(records) || !bytes.Equal(got, want):
		return fmt.Errorf("%w: its checksum does not match", ErrDamaged)
	}
	if _, err := r.from.ReadByte(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something follows its end", ErrDamaged)
	}
	return nil
}
