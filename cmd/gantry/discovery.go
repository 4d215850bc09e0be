package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/scrape"
)

func (c *cli) newDiscoveryCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "discovery", Short: "See where tasks are reached, and who uses that", Args: groupArgs, RunE: showHelp,
		Long: `Load balancers, DNS, Prometheus and others are told where tasks are reached. A task
that is not wanted any more is killed only when all of them have let go of it.`,
	}
	cmd.AddCommand(&cobra.Command{
		Use: "list [APP]", Aliases: []string{"ls"}, Short: "List the endpoints of all apps, or of one", ValidArgsFunction: c.completeApps,
		Example: "  gantry discovery list\n  gantry discovery list /prod/web", Args: args(0, 1, "at most one APP"), RunE: c.with(c.listEndpoints),
	}, &cobra.Command{
		Use: "consumers", Short: "List who uses endpoints, and what kills wait for", Example: "  gantry discovery consumers", Args: args(0, 0, ""),
		RunE: c.with(c.listConsumers),
	}, c.newExportCmd())
	return cmd
}

func (c *cli) listEndpoints(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
	var endpoints []*endpoint.Endpoint
	if len(args) == 1 {
		one, err := client.AppEndpoints(ctx, args[0])
		if err != nil {
			return err
		}
		endpoints = one.Endpoints
	} else {
		all, err := client.Endpoints(ctx, "", endpoint.Selector{}, 0)
		if err != nil {
			return err
		}
		endpoints = all.Endpoints
	}
	return c.print(cmd.OutOrStdout(), endpoints, func(t *table) {
		t.row("APP", "TASK", "PORT", "ADDRESS", "STATE", "PUBLISHED")
		for _, e := range endpoints {
			port := e.PortName
			if port == "" {
				port = strconv.Itoa(e.PortIndex)
			}
			t.row(e.App, e.Task, port, e.Address(), e.State, e.Published)
		}
	})
}

func (c *cli) listConsumers(ctx context.Context, client *api.Client, cmd *cobra.Command, _ []string) error {
	list, err := client.Consumers(ctx)
	if err != nil {
		return err
	}
	return c.print(cmd.OutOrStdout(), list, func(t *table) {
		t.row("CONSUMER", "KIND", "BEHIND", "HOLDS")
		for _, u := range list.Consumers {
			t.row(u.ID, u.Kind, u.Behind, len(u.Holds))
		}
		for _, d := range list.Drains {
			t.row("", "", "", "")
			t.row("draining "+string(d.Task), "until "+d.Deadline.Format("15:04:05"), "", strings.Join(d.HeldBy, "; "))
		}
	})
}

// export is where endpoints are written for programs that read files.
type export struct {
	output string
	watch  bool
	all    bool
}

func (c *cli) newExportCmd() *cobra.Command {
	var e export
	cmd := &cobra.Command{
		Use: "export", Short: "Write endpoints to a file for Prometheus' file_sd", Args: args(0, 0, ""),
		Example: "  gantry discovery export\n  gantry discovery export --file /etc/prometheus/targets/gantry.json --watch",
		Long: `Write the endpoints as Prometheus reads them from files (file_sd), for where it
cannot ask the scheduler itself (http_sd). With --watch the file is written anew
with each change, by renaming, until Ctrl-C; without a scheduler it stays.`,
	}
	cmd.Flags().StringVar(&e.output, "file", "-", "file to write, - is standard output")
	cmd.Flags().BoolVarP(&e.watch, "watch", "w", false, "go on with each change")
	cmd.Flags().BoolVar(&e.all, "all", false, "also ports without the label metrics")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, _ []string) error {
		write := func(_ context.Context, s *endpoint.Set) error { return e.write(cmd, s) }
		if e.watch {
			f := api.Follower{Client: client, Show: write, Failed: func(err error) { _, _ = fmt.Fprintln(cmd.ErrOrStderr(), "waiting: "+explain(err)) }}
			return f.Run(ctx)
		}
		changes, err := client.Endpoints(ctx, "", endpoint.Selector{}, 0)
		if err != nil {
			return err
		}
		var set endpoint.Set
		set.Apply(changes)
		return write(ctx, &set)
	})
	return cmd
}

func (e *export) write(cmd *cobra.Command, s *endpoint.Set) error {
	groups := []scrape.Group{}
	for _, service := range s.Services() {
		groups = append(groups, scrape.Groups(service, scrape.Filter{All: e.all})...)
	}
	data, err := api.Marshal(groups)
	if err != nil {
		return err
	}
	if data = append(data, '\n'); e.output == "-" {
		_, err := cmd.OutOrStdout().Write(data)
		return err
	}
	return replaceFile(e.output, data)
}

// replaceFile writes a file by renaming, so that readers see the old one or the new
// one. Its temporary name begins with a dot, which patterns such as *.json leave out.
func replaceFile(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it is gone once it has its name
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
