package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
)

func (c *cli) newAgentCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "agent", Short: "See agents, empty them and take them back", Args: groupArgs, RunE: showHelp,
		Long: `An agent is a machine of the Mesos cluster. The scheduler asks the leading master
about them with its own credentials; draining needs the rights of an operator.`,
	}
	cmd.AddCommand(c.newAgentListCmd(), c.newAgentShowCmd(), c.newAgentDrainCmd(), c.newAgentUndrainCmd(), c.newAgentGoneCmd())
	return cmd
}

func (c *cli) newAgentListCmd() *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List agents with what is used of them", Args: args(0, 0, ""),
		Example: `  gantry agent list
  gantry agent list -o json | jq -r '.[] | select(.state == "draining").id'`,
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, _ []string) error {
			list, err := client.Agents(ctx)
			if err != nil {
				return err
			}
			return c.print(cmd.OutOrStdout(), list, func(t *table) {
				t.row("AGENT", "HOST", "STATE", "CPUS", "MEM", "TASKS")
				for _, a := range list {
					t.row(a.ID, a.Hostname, a.State, part(a.Allocated.CPUs, a.Total.CPUs), part(a.Allocated.Mem, a.Total.Mem), len(a.Tasks))
				}
			})
		}),
	}
}

// part shows what is used of a resource.
func part(used, total float64) string { return fmt.Sprintf("%.4g of %.4g", used, total) }

func (c *cli) newAgentShowCmd() *cobra.Command {
	return &cobra.Command{
		Use: "show AGENT", Short: "Show an agent and our tasks there", Args: args(1, 1, "the id of an AGENT"), ValidArgsFunction: c.completeAgents,
		Example: "  gantry agent show 9444f135-84f8-43bd-8fad-db1812b89ae4-S0",
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
			a, err := client.Agent(ctx, args[0])
			if err != nil {
				return err
			}
			return c.printAgent(cmd, a)
		}),
	}
}

func (c *cli) printAgent(cmd *cobra.Command, a api.Agent) error {
	return c.print(cmd.OutOrStdout(), a, func(t *table) {
		t.row("agent", a.ID)
		t.row("host", a.Hostname+" ("+a.Address+")")
		t.row("state", a.State)
		if a.Region != "" {
			t.row("region, zone", a.Region+", "+a.Zone)
		}
		t.row("cpus", part(a.Allocated.CPUs, a.Total.CPUs))
		t.row("mem", part(a.Allocated.Mem, a.Total.Mem)+" MiB")
		t.row("disk", part(a.Allocated.Disk, a.Total.Disk)+" MiB")
		if a.Total.GPUs > 0 {
			t.row("gpus", part(a.Allocated.GPUs, a.Total.GPUs))
		}
		t.row("Mesos", a.Version)
		t.row("registered", a.Registered)
		for _, task := range a.Tasks {
			t.row("task", task)
		}
	})
}

func (c *cli) newAgentDrainCmd() *cobra.Command {
	var yes bool
	var grace time.Duration
	var o api.DrainOptions
	cmd := &cobra.Command{
		Use: "drain AGENT", Short: "End all tasks of an agent and keep it empty", Args: args(1, 1, "the id of an AGENT"), ValidArgsFunction: c.completeAgents,
		Long: `Ends all tasks of an agent, those of other frameworks, too, and keeps it from
offering anything until "gantry agent undrain". Our tasks are started elsewhere as
soon as they have ended. "gantry agent show" tells when it is drained.`,
		Example: `  gantry agent drain --yes 9444f135-84f8-43bd-8fad-db1812b89ae4-S0
  gantry agent drain --yes --max-grace-period 30s --mark-gone 9444f135-84f8-43bd-8fad-db1812b89ae4-S0`,
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "really do it")
	cmd.Flags().DurationVar(&grace, "max-grace-period", 0, "the longest that a task gets to end (default: its own grace period)")
	cmd.Flags().BoolVar(&o.MarkGone, "mark-gone", false, "mark the agent as gone once it is drained, which cannot be undone")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		if grace < 0 {
			return usageError(fmt.Errorf("--max-grace-period %v is negative", grace))
		}
		if cmd.Flags().Changed("max-grace-period") {
			o.Grace = &grace
		}
		if err := sure(ctx, client, args[0], yes, "drain"); err != nil {
			return err
		}
		a, err := client.DrainAgent(ctx, args[0], o)
		if err != nil {
			return err
		}
		return c.printAgent(cmd, a)
	})
	return cmd
}

// sure asks for --yes, naming what would end.
func sure(ctx context.Context, client *api.Client, id string, yes bool, what string) error {
	if yes {
		return nil
	}
	a, err := client.Agent(ctx, id)
	if err != nil {
		return err
	}
	ends := "none of our tasks"
	if len(a.Tasks) > 0 {
		ends = fmt.Sprintf("%d of our tasks (%s)", len(a.Tasks), strings.Join(a.Tasks[:min(3, len(a.Tasks))], ", "))
		if len(a.Tasks) > 3 {
			ends = strings.TrimSuffix(ends, ")") + ", ...)"
		}
	}
	return usageError(fmt.Errorf("to %s agent %s on %s ends %s and all of other frameworks there; add --yes to do it", what, a.ID, a.Hostname, ends))
}

func (c *cli) newAgentUndrainCmd() *cobra.Command {
	return &cobra.Command{
		Use: "undrain AGENT", Short: "Take a drained agent back", Args: args(1, 1, "the id of an AGENT"), ValidArgsFunction: c.completeAgents,
		Example: "  gantry agent undrain 9444f135-84f8-43bd-8fad-db1812b89ae4-S0",
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
			a, err := client.UndrainAgent(ctx, args[0])
			if err != nil {
				return err
			}
			return c.printAgent(cmd, a)
		}),
	}
}

func (c *cli) newAgentGoneCmd() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "gone AGENT", Short: "Tell the master that an agent never comes back", Args: args(1, 1, "the id of an AGENT"), ValidArgsFunction: c.completeAgents,
		Long: `Tells the master that an agent never comes back. All its tasks count as ended, so
that they are replaced at once; if it does come back it is turned away. This
cannot be undone.`,
		Example: "  gantry agent gone --yes 9444f135-84f8-43bd-8fad-db1812b89ae4-S0",
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "really do it")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, _ *cobra.Command, args []string) error {
		if !yes {
			return usageError(errors.New("this cannot be undone; add --yes to do it"))
		}
		return client.MarkAgentGone(ctx, args[0])
	})
	return cmd
}

// completeAgents completes ids of agents.
func (c *cli) completeAgents(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return c.ask(cmd, func(ctx context.Context, client *api.Client) ([]cobra.Completion, error) {
		list, err := client.Agents(ctx)
		ids := make([]cobra.Completion, 0, len(list))
		for _, a := range list {
			ids = append(ids, cobra.CompletionWithDesc(a.ID, a.State+" on "+a.Hostname))
		}
		slices.Sort(ids)
		return ids, err
	})
}
