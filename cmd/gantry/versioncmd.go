package main

import (
	"context"
	"runtime"
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

func (c *cli) newVersionCmd() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the versions of this program and of the scheduler", Example: "  gantry version\n  gantry version -o json", Args: args(0, 0, ""),
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, _ []string) error {
			v := versions{Client: version, Commit: commit, Go: runtime.Version()}
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
