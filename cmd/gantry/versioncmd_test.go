package main

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheVersionNamesTheCommitThatGoNoted(t *testing.T) {
	t.Parallel()
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	revision := setting("vcs.revision", "0123456789abcdef0123456789abcdef01234567")
	for _, row := range []struct {
		name string
		info *debug.BuildInfo
		want versions
	}{
		{"no information", nil, versions{Client: "dev", Commit: "unknown: not built from a git checkout"}},
		{"no git", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, versions{Client: "dev", Commit: "unknown: not built from a git checkout"}},
		{"clean", &debug.BuildInfo{Main: debug.Module{Version: "v0.3.0"}, Settings: []debug.BuildSetting{revision, setting("vcs.modified", "false")}},
			versions{Client: "v0.3.0", Commit: "0123456789ab"}},
		{"changed", &debug.BuildInfo{Settings: []debug.BuildSetting{revision, setting("vcs.modified", "true")}},
			versions{Client: "dev", Commit: "0123456789ab with changes"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.want.Go = runtime.Version()
			if d := cmp.Diff(built(row.info, row.info != nil), row.want); d != "" {
				t.Errorf("(-got +want):\n%s", d)
			}
		})
	}
}
