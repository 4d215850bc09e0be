package codec

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// AppendRecord appends one RecordIO record to b: the length in decimal, a line feed, the bytes.
func AppendRecord(b, record []byte) []byte {
	b = strconv.AppendInt(b, int64(len(record)), 10)
	b = append(b, '\n')
	return append(b, record...)
}

// maxLengthDigits is enough for any uint64.
const maxLengthDigits = 20

// RecordReader reads RecordIO records one by one, however they are cut into pieces.
type RecordReader struct {
	r   *bufio.Reader
	max uint64
}

// NewRecordReader reads from r and refuses records longer than max bytes.
func NewRecordReader(r io.Reader, maxBytes uint64) *RecordReader {
	return &RecordReader{r: bufio.NewReader(r), max: maxBytes}
}

// Next returns the next record, io.EOF at the end between records, io.ErrUnexpectedEOF in the midst of one. After any
// error the reader is of no more use.
func (r *RecordReader) Next() ([]byte, error) {
	n, err := r.length()
	if err != nil {
		return nil, err
	}
	if n > r.max {
		return nil, fmt.Errorf("record of %d bytes: the limit is %d", n, r.max)
	}
	record := make([]byte, 0, min(n, 64<<10))
	for uint64(len(record)) < n {
		chunk := min(n-uint64(len(record)), 1<<20)
		start := len(record)
		record = append(record, make([]byte, chunk)...)
		if _, err := io.ReadFull(r.r, record[start:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, fmt.Errorf("record of %d bytes: %w", n, err)
		}
	}
	return record, nil
}

func (r *RecordReader) length() (uint64, error) {
	var digits []byte
	for {
		c, err := r.r.ReadByte()
		if err != nil {
			if errors.Is(err, io.EOF) && len(digits) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		if c == '\n' {
			n, err := strconv.ParseUint(string(digits), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("record length %q: want a decimal number", digits)
			}
			return n, nil
		}
		if digits = append(digits, c); len(digits) > maxLengthDigits {
			return 0, fmt.Errorf("record length %q...: want a decimal number", digits)
		}
	}
}
