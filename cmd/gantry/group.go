package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
)

func (c *cli) newGroupCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "group", Short: "Create, change, see and remove groups of apps", Args: groupArgs, RunE: showHelp,
		Long: `A group holds apps and groups; /shop/web is an app in the group /shop. It is
changed as a whole, in one deployment or not at all, and starts in the order of
what its apps, or groups, depend on:

  id: /shop
  apps:
    - {id: web, cmd: ./serve, instances: 2, dependencies: [db]}
  groups:
    - id: db
      apps:
        - {id: one, cmd: ./store}`,
	}
	cmd.AddCommand(c.newGroupCreateCmd(), c.newGroupUpdateCmd(), c.newGroupListCmd(), c.newGroupShowCmd(), c.newGroupScaleCmd(),
		c.newGroupRollbackCmd(), c.newGroupDestroyCmd(), c.newGroupVersionsCmd())
	return cmd
}

// stateful asks for a group with all that is in it and the state of its Apps.
var stateful = []string{"group.groups", "group.apps", "group.apps.counts", "group.apps.deployments"}

func (c *cli) newGroupListCmd() *cobra.Command {
	return &cobra.Command{
		Use: "list [GROUP]", Aliases: []string{"ls"}, Short: "List groups, or those in a group", ValidArgsFunction: c.completeGroups,
		Example: `  gantry group list
  gantry group list /shop -o json`,
		Args: args(0, 1, "at most one GROUP"),
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
			root, err := client.Group(ctx, strings.Join(args, ""), stateful...)
			if err != nil {
				return err
			}
			return c.print(cmd.OutOrStdout(), root.Groups, func(t *table) {
				t.row("ID", "APPS", "RUNNING", "STATUS", "DEPENDS ON", "VERSION")
				eachGroup(root, func(g api.Group) {
					if g.ID != root.ID {
						sum := total(g)
						t.row(g.ID, len(sum.apps), fmt.Sprintf("%d/%d", sum.running, sum.instances), sum.status, strings.Join(g.Dependencies, " "), g.Version)
					}
				})
			})
		}),
	}
}

// eachGroup calls f for a group and each group in it, at any depth.
func eachGroup(g api.Group, f func(api.Group)) {
	f(g)
	for _, sub := range g.Groups {
		eachGroup(sub, f)
	}
}

// sum is what a group is, with all that is in it.
type sum struct {
	apps               []api.App
	running, instances int
	// status is the worst of the Apps', "" without Apps.
	status string
}

// worst orders statuses, the most troublesome first.
var worst = []string{"unhealthy", "waiting", "deploying", "starting", "running", "suspended"}

func total(of api.Group) (s sum) {
	found := map[string]bool{}
	eachGroup(of, func(g api.Group) {
		for _, a := range g.Apps {
			s.apps = append(s.apps, a)
			s.running += value(a.TasksRunning)
			s.instances += a.Instances
			found[status(a)] = true
		}
	})
	for _, st := range worst {
		if found[st] {
			s.status = st
			break
		}
	}
	return s
}

func (c *cli) newGroupShowCmd() *cobra.Command {
	return &cobra.Command{
		Use: "show GROUP", Short: "Show a group and the apps in it", ValidArgsFunction: c.completeGroups,
		Example: `  gantry group show /shop
  gantry group show /shop -o yaml`,
		Args: args(1, 1, "a GROUP such as /shop"),
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
			if c.output != "table" {
				g, err := client.Group(ctx, args[0])
				if err != nil {
					return err
				}
				return c.print(cmd.OutOrStdout(), g, nil)
			}
			g, err := client.Group(ctx, args[0], stateful...)
			if err != nil {
				return err
			}
			return c.printGroup(cmd.OutOrStdout(), g)
		}),
	}
}

func (c *cli) printGroup(w io.Writer, g api.Group) error {
	all := total(g)
	err := c.print(w, nil, func(t *table) {
		t.row("id", g.ID)
		t.row("status", all.status)
		t.row("apps", len(all.apps))
		t.row("instances", fmt.Sprintf("%d running of %d", all.running, all.instances))
		eachGroup(g, func(sub api.Group) {
			if len(sub.Dependencies) > 0 {
				t.row("depends on", strings.TrimPrefix(sub.ID+": ", g.ID+": ")+strings.Join(sub.Dependencies, " "))
			}
		})
		if g.EnforceRole {
			t.row("role", "new apps take the group's name")
		}
		t.row("version", g.Version)
	})
	if err != nil || len(all.apps) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return c.print(w, nil, func(t *table) {
		t.row("APP", "INSTANCES", "STATUS", "DEPENDS ON", "RUNS")
		for _, a := range all.apps {
			t.row(a.ID, fmt.Sprintf("%d/%d", value(a.TasksRunning), a.Instances), status(a), strings.Join(a.Dependencies, " "), runs(a))
		}
	})
}

func (c *cli) newGroupVersionsCmd() *cobra.Command {
	return &cobra.Command{
		Use: "versions GROUP [VERSION]", Short: "List a group's versions, or show one", ValidArgsFunction: c.completeGroups,
		Long: `List the versions of a group that are known, newest first, or show what was in it
at one of them. Any change of what is in a group makes a version of it. 'gantry
group rollback' returns to one.`,
		Example: `  gantry group versions /shop
  gantry group versions /shop 2026-03-01T12:00:00.000Z -o yaml`,
		Args: args(1, 2, "a GROUP and perhaps a VERSION"),
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				g, err := client.GroupVersion(ctx, args[0], args[1])
				if err != nil {
					return err
				}
				return c.print(cmd.OutOrStdout(), g, func(t *table) {
					t.row("APP", "INSTANCES", "DEPENDS ON", "RUNS")
					for _, a := range total(g).apps {
						t.row(a.ID, a.Instances, strings.Join(a.Dependencies, " "), runs(a))
					}
				})
			}
			versions, err := client.GroupVersions(ctx, args[0])
			if err != nil {
				return err
			}
			return c.print(cmd.OutOrStdout(), versions, func(t *table) {
				t.row("VERSION")
				for _, v := range versions {
					t.row(v)
				}
			})
		}),
	}
}

// completeGroups completes ids of groups.
func (c *cli) completeGroups(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.ask(cmd, func(ctx context.Context, client *api.Client) (ids []cobra.Completion, err error) {
		root, err := client.Group(ctx, "/", "group.groups")
		eachGroup(root, func(g api.Group) {
			if g.ID != root.ID {
				ids = append(ids, g.ID)
			}
		})
		return ids, err
	})
}
