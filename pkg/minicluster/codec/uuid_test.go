package codec

import (
	"testing"

	"github.com/google/uuid"
)

func TestUUIDsAreWhatMesosTakesForOne(t *testing.T) {
	t.Parallel()
	random := uuid.New()
	version := func(v byte) []byte {
		b := uuid.New()
		b[6] = v<<4 | b[6]&0xf
		return b[:]
	}
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"a random one", random[:], ""},
		{"version 1", version(1), ""},
		{"version 5", version(5), ""},
		{"version 0", version(0), "Not a valid UUID"},
		{"version 6", version(6), "Not a valid UUID"},
		{"version 15", version(15), "Not a valid UUID"},
		{"nothing", nil, "Not a valid UUID"},
		{"15 bytes", random[:15], "Not a valid UUID"},
		{"zeros", make([]byte, 16), "Not a valid UUID"},
		{"its text", []byte(random.String()), "Not a valid UUID"},
	} {
		if got := InvalidUUID(c.b); got != c.want {
			t.Errorf("%s: InvalidUUID = %q, want %q", c.name, got, c.want)
		}
	}
}
