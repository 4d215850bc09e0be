package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gantry-mesos/gantry/scheduler/store"
)

func TestCheckNamesKeyAndFault(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change store.Change
		want   string
	}{
		{"plain record", store.Change{Key: "app/a/1", Value: []byte("x")}, ""},
		{"deletion", store.Change{Key: "framework"}, ""},
		{"longest key and largest value", store.Change{Key: strings.Repeat("k", store.KeyMax), Value: make([]byte, store.ValueMax)}, ""},
		{"empty key", store.Change{}, "empty"},
		{"long key", store.Change{Key: strings.Repeat("k", store.KeyMax+1)}, "2049 bytes"},
		{"leading slash", store.Change{Key: "/a"}, `"/a": the key has an empty segment`},
		{"trailing slash", store.Change{Key: "a/"}, "empty segment"},
		{"double slash", store.Change{Key: "a//b"}, "empty segment"},
		{"large value", store.Change{Key: "app/big", Value: make([]byte, store.ValueMax+1)}, `"app/big": the value has 458753 bytes, the limit is 458752`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := store.Check([]store.Change{{Key: "ok"}, tt.change})
			if tt.want == "" {
				if err != nil {
					t.Fatalf("Check: %v, want no error", err)
				}
				return
			}
			if _, ok := errors.AsType[*store.InvalidError](err); !ok {
				t.Fatalf("Check = %v, want an InvalidError", err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q does not mention %q", err, tt.want)
			}
			if len(err.Error()) > 300 {
				t.Errorf("error has %d bytes, want a short one", len(err.Error()))
			}
		})
	}
}

type passing struct{ error }

func (passing) Temporary() bool { return true }

func TestIsTemporaryLooksThroughWrapping(t *testing.T) {
	t.Parallel()
	if err := fmt.Errorf("append: %w", passing{errors.New("no server")}); !store.IsTemporary(err) {
		t.Errorf("IsTemporary(%v) = false, want true", err)
	}
	for _, err := range []error{nil, store.ErrNotLeader, store.ErrUnknownOutcome, &store.InvalidError{}} {
		if store.IsTemporary(err) {
			t.Errorf("IsTemporary(%v) = true, want false", err)
		}
	}
}
