package codec

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
)

func records(r io.Reader) (all []string, err error) {
	in := NewRecordReader(r, 1<<20)
	for {
		record, err := in.Next()
		if err != nil {
			return all, err
		}
		all = append(all, string(record))
	}
}

func TestRecordReaderIsIndependentOfChunking(t *testing.T) {
	t.Parallel()
	want := []string{`{"type":"HEARTBEAT"}`, "", "x\n3"}
	var stream []byte
	for _, r := range want {
		stream = AppendRecord(stream, []byte(r))
	}
	for name, r := range map[string]io.Reader{
		"at once": bytes.NewReader(stream), "byte by byte": iotest.OneByteReader(bytes.NewReader(stream)),
		"halves": iotest.HalfReader(bytes.NewReader(stream)), "error with data": iotest.DataErrReader(bytes.NewReader(stream)),
	} {
		got, err := records(r)
		if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: got error %v, want EOF", name, err)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s: -got +want:\n%s", name, diff)
		}
	}
}

func TestRecordReaderRefusesBadFrames(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"x\n", "-1\n", "\n", "3\nab", "12", "2000000\n", "999999999999999999999999\n"} {
		if got, err := records(bytes.NewReader([]byte(in))); err == nil || err == io.EOF || len(got) > 0 { //nolint:errorlint // exactly EOF
			t.Errorf("%q: got %q, %v, want an error", in, got, err)
		}
	}
}

func FuzzRecordReader(f *testing.F) {
	f.Add([]byte("20\n{\"type\":\"HEARTBEAT\"}0\n"))
	f.Add([]byte("5\nab"))
	f.Fuzz(func(t *testing.T, data []byte) {
		whole, err1 := records(bytes.NewReader(data))
		pieces, err2 := records(iotest.OneByteReader(bytes.NewReader(data)))
		if diff := cmp.Diff(whole, pieces); diff != "" {
			t.Errorf("chunking changes the records:\n%s", diff)
		}
		if (err1 == nil) != (err2 == nil) || err1 != nil && err1.Error() != err2.Error() {
			t.Errorf("chunking changes the error: %v, %v", err1, err2)
		}
	})
}

func FuzzCall(f *testing.F) {
	f.Add([]byte(`{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u","name":"n","roles":"r","offer_filters":{"r":{}}}}}`))
	f.Add([]byte(`{"type":"ACCEPT","framework_id":{"value":"f"},"accept":{"offer_ids":[{"value":"o"}],"operations":[{"type":"LAUNCH"}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var a, b, c scheduler.Call
		if UnmarshalJSON(data, &a) != nil {
			return
		}
		text, err := MarshalJSON(&a)
		if err != nil {
			t.Fatal(err)
		}
		if err := UnmarshalJSON(text, &b); err != nil {
			t.Fatalf("own output %s: %v", text, err)
		}
		again, err := MarshalJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text, again) {
			t.Errorf("round trip changes the text:\n%s\n%s", text, again)
		}
		_ = Protobuf.Unmarshal(data, &c) // must not panic
	})
}
