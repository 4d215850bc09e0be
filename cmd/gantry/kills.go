package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
)

func (c *cli) newKillsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "kills", Short: "See and confirm kills that the scheduler holds back", Args: groupArgs, RunE: showHelp,
		Long: `When the scheduler alone finds that many tasks should not run, as after its store
was lost or replaced, it kills none of them until somebody confirms. Nor does it
destroy persistent volumes of instances that it does not know. If the store is
wrong and the tasks and volumes are right, restore the store instead.

Of an app of which many instances turn unhealthy at once only a share is replaced
at a time (--unhealthy-kill-share); the others need no confirmation, but wait
until the new ones are healthy. To replace one all the same: gantry task kill.`,
	}
	cmd.AddCommand(&cobra.Command{
		Use: "show", Short: "Tell how many kills are held back", Example: "  gantry kills show", Args: args(0, 0, ""),
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, _ []string) error {
			k, err := client.Kills(ctx)
			if err != nil {
				return err
			}
			return c.print(cmd.OutOrStdout(), k, func(t *table) {
				t.row(fmt.Sprintf("%d kill(s) held back", k.Held))
				if k.Volumes > 0 {
					t.row(fmt.Sprintf("volumes of %d unknown instance(s) kept", k.Volumes))
				}
				for _, u := range k.Unhealthy {
					t.row(fmt.Sprintf("%d unhealthy instance(s) of %s left until those that replace others are healthy", u.Held, u.AppID))
				}
			})
		}),
	}, c.newKillsConfirmCmd())
	return cmd
}

func (c *cli) newKillsConfirmCmd() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "confirm", Short: "Let the kills happen that are held back now", Example: "  gantry kills confirm --yes", Args: args(0, 0, ""),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "really do it")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, _ []string) error {
		if !yes {
			return usageError(errors.New("this ends tasks and destroys volumes that may be right; look at 'gantry kills show', then add --yes"))
		}
		k, err := client.ConfirmKills(ctx)
		if err != nil {
			return err
		}
		return c.print(cmd.OutOrStdout(), k, func(t *table) {
			t.row(fmt.Sprintf("%d kill(s) confirmed", k.Confirmed))
			if k.Destroyed > 0 {
				t.row(fmt.Sprintf("volumes of %d unknown instance(s) will be destroyed", k.Destroyed))
			}
		})
	})
	return cmd
}
