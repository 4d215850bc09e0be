package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
)

func (c *cli) newDeploymentCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "deployment", Aliases: []string{"deploy"}, Short: "See, cancel and await changes under way", Args: groupArgs, RunE: showHelp,
		Long: `A deployment moves apps from one version or size to another. While it runs, its
apps are locked against other changes, unless those use --force.`,
	}
	cmd.AddCommand(c.newDeploymentListCmd(), c.newDeploymentCancelCmd(), c.newDeploymentWaitCmd())
	return cmd
}

func (c *cli) newDeploymentListCmd() *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List the deployments under way", Example: "  gantry deployment list", Args: args(0, 0, ""),
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, _ []string) error {
			list, err := client.Deployments(ctx)
			if err != nil {
				return err
			}
			return c.print(cmd.OutOrStdout(), list, func(t *table) {
				t.row("ID", "STEP", "ACTIONS", "STARTED")
				for _, d := range list {
					actions := make([]string, 0, len(d.CurrentActions))
					for _, a := range d.CurrentActions {
						actions = append(actions, strings.TrimSuffix(a.Action.Action, "Application")+" "+a.App)
					}
					t.row(d.ID, fmt.Sprintf("%d/%d", d.CurrentStep, d.TotalSteps), strings.Join(actions, ", "), d.Version)
				}
			})
		}),
	}
}

func (c *cli) newDeploymentCancelCmd() *cobra.Command {
	var ch change
	cmd := &cobra.Command{
		Use: "cancel DEPLOYMENT", Short: "Undo a deployment, or just stop it with --force", ValidArgsFunction: c.completeDeployments,
		Long: `Undo a deployment: another one returns its apps to what they were before. With
--force the deployment only stops, and its apps stay as they are now. The id may
be shortened to any beginning that is unique.`,
		Example: `  gantry deployment cancel 5ed4c0c5-9ff8-4a6f-a0cd-f57f59a34b43 --wait
  gantry deployment cancel 5ed4 --force`,
		Args: args(1, 1, "a DEPLOYMENT; see 'gantry deployment list'"),
	}
	ch.flags(cmd)
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		id, err := deploymentNamed(ctx, client, args[0])
		if err != nil {
			return err
		}
		result, err := client.CancelDeployment(ctx, id, ch.force)
		if err != nil {
			return err
		}
		if result.DeploymentID == "" {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "deployment %s stopped; its apps stay as they are\n", id)
			return err
		}
		d, _, err := underWay(ctx, client, result.DeploymentID)
		if err != nil {
			return err
		}
		g := goalOf(d)
		g.result = result
		return c.finish(ctx, client, cmd, &ch, g)
	})
	return cmd
}

// underWay finds a deployment; ok is false if it is not, or no longer, under way.
func underWay(ctx context.Context, client *api.Client, id string) (d api.Deployment, ok bool, err error) {
	list, err := client.Deployments(ctx)
	if err != nil {
		return api.Deployment{}, false, err
	}
	i := slices.IndexFunc(list, func(d api.Deployment) bool { return d.ID == id })
	if i < 0 {
		return api.Deployment{}, false, nil
	}
	return list[i], true, nil
}

func (c *cli) newDeploymentWaitCmd() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "wait DEPLOYMENT", Short: "Wait until a deployment has ended, showing its progress", ValidArgsFunction: c.completeDeployments,
		Long: `Wait until a deployment is no longer under way. Ends with 0 if its apps are then
what it was to make of them, and with 1 if it was cancelled, overridden or given
up. Deployments that have ended leave no trace: one that is not under way ends
with 1, too. To miss no end, add --wait to the command that starts one.`,
		Example: "  gantry deployment wait 5ed4c0c5-9ff8-4a6f-a0cd-f57f59a34b43 --timeout 10m",
		Args:    args(1, 1, "a DEPLOYMENT; see 'gantry deployment list'"),
	}
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "give up waiting after this time, such as 5m; 0 never does")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		id, err := deploymentNamed(ctx, client, args[0])
		if err != nil {
			return err
		}
		d, ok, err := underWay(ctx, client, id)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("deployment %s is not under way: it has ended, or there never was one. See what runs with: gantry app list", args[0])
		}
		return c.wait(ctx, client, cmd, timeout, goalOf(d))
	})
	return cmd
}
