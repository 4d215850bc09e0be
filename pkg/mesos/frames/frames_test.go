package frames_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gantry-mesos/gantry/pkg/mesos/frames"
)

// readAll reads records until an error, which it returns.
func readAll(r *frames.Reader) ([]string, error) {
	var out []string
	for {
		record, err := r.Next()
		if err != nil {
			return out, err
		}
		out = append(out, string(record))
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		stream  string
		max     int
		want    []string
		wantErr error
	}{
		{"nothing is the end", "", 0, nil, io.EOF},
		{"a record is its length, a line feed and its bytes", "5\nhello", 0, []string{"hello"}, io.EOF},
		{"records follow each other without a separator", "2\nab3\n1\n2", 0, []string{"ab", "1\n2"}, io.EOF},
		{"an empty record is a record", "0\n1\nx", 0, []string{"", "x"}, io.EOF},
		{"leading zeros are allowed", "003\nabc", 0, []string{"abc"}, io.EOF},
		{"a record may be as long as the limit", "3\nabc", 3, []string{"abc"}, io.EOF},
		{"an end within the length is unexpected", "12", 0, nil, io.ErrUnexpectedEOF},
		{"an end after the length is unexpected", "5\n", 0, nil, io.ErrUnexpectedEOF},
		{"an end within the bytes is unexpected", "1\na5\nhel", 0, []string{"a"}, io.ErrUnexpectedEOF},
		{"a length that is not a number is fatal", "{\"a\":1}", 0, nil, frames.ErrLength},
		{"a sign is not a digit", "-1\n", 0, nil, frames.ErrLength},
		{"a carriage return is not a digit", "1\r\nx", 0, nil, frames.ErrLength},
		{"an empty line is not a length", "\n", 0, nil, frames.ErrLength},
		{"endless digits are not a length", strings.Repeat("1", 100), 0, nil, frames.ErrLength},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for how, in := range map[string]io.Reader{
				"at once":       strings.NewReader(tt.stream),
				"byte by byte":  iotest.OneByteReader(strings.NewReader(tt.stream)),
				"half by half":  iotest.HalfReader(strings.NewReader(tt.stream)),
				"end with data": iotest.DataErrReader(strings.NewReader(tt.stream)),
			} {
				got, err := readAll(frames.NewReader(in, tt.max))
				if diff := cmp.Diff(got, tt.want); diff != "" {
					t.Errorf("%s: records (-got +want):\n%s", how, diff)
				}
				if !errors.Is(err, tt.wantErr) {
					t.Errorf("%s: error = %v, want %v", how, err, tt.wantErr)
				}
			}
		})
	}
}

func TestReader_refuses_a_record_above_the_limit(t *testing.T) {
	t.Parallel()
	for stream, want := range map[string]frames.TooLongError{
		"4\nabcd":               {Length: 4, Max: 3},
		"9223372036854775807\n": {Length: 9223372036854775807, Max: 3},
	} {
		_, err := frames.NewReader(strings.NewReader(stream), 3).Next()
		var got *frames.TooLongError
		if !errors.As(err, &got) || *got != want {
			t.Errorf("%q: error = %v, want %v", stream, err, &want)
		}
	}
}

// The test is not parallel: it measures what the whole process allocates.
func TestReader_takes_memory_only_for_bytes_that_arrive(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := frames.NewReader(strings.NewReader("268435456\nabc"), 0).Next()
	runtime.ReadMemStats(&after)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error = %v, want %v", err, io.ErrUnexpectedEOF)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("took %d bytes for a record of which 3 arrived", got)
	}
}

func TestReader_passes_the_errors_of_the_stream(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	in := io.MultiReader(strings.NewReader("1\na"), iotest.ErrReader(broken))
	got, err := readAll(frames.NewReader(in, 0))
	if diff := cmp.Diff(got, []string{"a"}); diff != "" {
		t.Errorf("records (-got +want):\n%s", diff)
	}
	if !errors.Is(err, broken) {
		t.Errorf("error = %v, want %v", err, broken)
	}
}

func TestReader_reads_large_records_and_small_ones_after_them(t *testing.T) {
	t.Parallel()
	want := []string{strings.Repeat("x", 10<<20), "small", strings.Repeat("y", 5<<20)}
	var stream []byte
	for _, w := range want {
		stream = frames.Append(stream, []byte(w))
	}
	got, err := readAll(frames.NewReader(bytes.NewReader(stream), 0))
	if !cmp.Equal(got, want) {
		t.Error("records differ from what was written")
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("error = %v, want EOF", err)
	}
}

// FuzzReader checks that no stream makes the reader panic, that framing does
// not depend on how the bytes arrive, and that what is read can be written again.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{"", "0\n", "5\nhello", "2\nab3\nabc", "12", "5\nhel", "-1\n", "x", "99999999999999999999\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		const limit = 1 << 20
		got, err := readAll(frames.NewReader(bytes.NewReader(stream), limit))
		slow, slowErr := readAll(frames.NewReader(iotest.OneByteReader(bytes.NewReader(stream)), limit))
		if diff := cmp.Diff(slow, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("records differ byte by byte:\n%s", diff)
		}
		if (err == nil) != (slowErr == nil) || (err != nil && err.Error() != slowErr.Error()) {
			t.Errorf("errors differ: %v at once, %v byte by byte", err, slowErr)
		}
		var again []byte
		for _, record := range got {
			again = frames.Append(again, []byte(record))
		}
		reread, err := readAll(frames.NewReader(bytes.NewReader(again), limit))
		if !errors.Is(err, io.EOF) || !cmp.Equal(reread, got, cmpopts.EquateEmpty()) {
			t.Errorf("what was written again reads as %q, %v", reread, err)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	const records = 1000
	var stream []byte
	for range records {
		stream = frames.Append(stream, make([]byte, 200))
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		got := frames.NewReader(bytes.NewReader(stream), 0)
		for {
			if _, err := got.Next(); err != nil {
				break
			}
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}
