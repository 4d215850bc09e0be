package app

import (
	"strings"
	"testing"
)

func TestParseID(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]ID{
		"web": "/web", "/web/": "/web", "//prod//web": "/prod/web", "/a.b/c-d": "/a.b/c-d", "/tasks/x": "/tasks/x", "/0": "/0",
	} {
		if got, err := ParseID(in); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "/", "/Web", "/a_b", "/-a", "/a-", "/a..b", "/.", "/a/..", "/a/tasks", "/versions", "/a/restart", "/a b", "/ä", "/" + strings.Repeat("a", 200)} {
		if got, err := ParseID(in); err == nil {
			t.Errorf("%q: got %q, want an error", in, got)
		}
	}
}

func TestReferencesAreResolvedFromTheirGroup(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		group     ID
		ref, want string
	}{
		{"/a/b", "c", "/a/b/c"}, {"/a/b", "./c", "/a/b/c"}, {"/a/b", "../c", "/a/c"}, {"/a/b", "../../../c", "/c"}, {"/a/b", "/c/d", "/c/d"},
		{"/a/b", "/c/../d", "/d"}, {"/", "c", "/c"}, {"/a", "..", "/"},
	} {
		if got := row.group.Resolve(row.ref); string(got) != row.want {
			t.Errorf("%s from %s: got %s, want %s", row.ref, row.group, got, row.want)
		}
	}
}
