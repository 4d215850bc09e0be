package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// versions is what "gantry version" prints.
type versions struct {
	Client string `json:"client"`
	Commit string `json:"commit"`
	Go     string `json:"go"`
	// Server is "" when no scheduler answers.
	Server string `json:"server,omitempty"`
}

// commitMax is how many characters of a commit are shown.
const commitMax = 12

// built describes this program: by what the build set, else by what Go noted of
// the working copy it was built from.
func built(info *debug.BuildInfo, ok bool) versions {
	v := versions{Client: version, Commit: "unknown: not built from a git checkout", Go: runtime.Version()}
	if !ok {
		return v
	}
	if v.Client == unversioned && info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Client = info.Main.Version
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	switch revision := settings["vcs.revision"]; {
	case commit != "":
		v.Commit = commit
	case revision != "":
		v.Commit = revision[:min(len(revision), commitMax)]
		if settings["vcs.modified"] == "true" {
			v.Commit += " with changes"
		}
	}
	return v
}

func (c *cli) newVersionCmd() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the versions of this program and of the scheduler", Example: "  gantry version\n  gantry version -o json", Args: args(0, 0, ""),
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, _ []string) error {
			v := built(debug.ReadBuildInfo())
			asked, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			if info, err := client.Info(asked); err == nil {
				v.Server = info.BuildRef
			}
			return c.print(cmd.OutOrStdout(), v, func(t *table) {
				t.row("gantry", v.Client)
				t.row("commit", v.Commit)
				t.row("go", v.Go)
				server := v.Server
				if server == "" {
					server = "no scheduler answers at " + client.Address()
				}
				t.row("server", server)
			})
		}),
	}
}
