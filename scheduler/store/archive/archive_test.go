package archive_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/scheduler/store/archive"
)

func written(t *testing.T, records map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := archive.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range records {
		if err := w.Add(key, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	for _, want := range []map[string]string{{}, {"a": ""}, {"framework": "\x03x", "instance/web.1": "\x03yy", "app/%2Fweb/1": "\x03z"}} {
		got := map[string]string{}
		n, err := archive.Read(bytes.NewReader(written(t, want)), func(key string, value []byte) error {
			got[key] = string(value)
			return nil
		})
		if err != nil || n != len(want) {
			t.Errorf("%d records, %v, want %d", n, err, len(want))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
	}
}

func TestDamageAnywhereIsFound(t *testing.T) {
	t.Parallel()
	whole := written(t, map[string]string{"framework": "one", "instance/web.1": "two"})
	none := func(string, []byte) error { return nil }
	for n := range whole {
		flipped := bytes.Clone(whole)
		flipped[n] ^= 1
		if _, err := archive.Read(bytes.NewReader(flipped), none); err == nil {
			// The frame's own header has bits without a meaning; the records are whole.
			got := map[string]string{}
			_, _ = archive.Read(bytes.NewReader(flipped), func(k string, v []byte) error { got[k] = string(v); return nil })
			if diff := cmp.Diff(map[string]string{"framework": "one", "instance/web.1": "two"}, got); diff != "" {
				t.Errorf("byte %d changed: read with other records:\n%s", n, diff)
			}
		}
		if _, err := archive.Read(bytes.NewReader(whole[:n]), none); err == nil {
			t.Errorf("cut to %d bytes: read without an error", n)
		}
	}
	if _, err := archive.Read(bytes.NewReader(append(bytes.Clone(whole), 'x')), none); err == nil {
		t.Error("something after the end: read without an error")
	}
}

func TestOtherFilesAndVersionsAreToldApart(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"": archive.ErrNoArchive, "hello, world, what is this, then": archive.ErrNoArchive,
		"gantry-archive 2\nwhatever": archive.ErrVersion, "gantry-archive 1\n": archive.ErrDamaged,
	} {
		if _, err := archive.Read(bytes.NewReader([]byte(text)), nil); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}
