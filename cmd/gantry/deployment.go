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
--force the deployment only stops, and its apps stay as they are now.`,
		Example: `  gantry deployment cancel 5ed4c0c5-9ff8-4a6f-a0cd-f57f59a34b43 --wait
  gantry deployment cancel 5ed4c0c5-9ff8-4a6f-a0cd-f57f59a34b43 --force`,
		Args: args(1, 1, "a DEPLOYMENT; see 'gantry deployment list'"),
	}
	ch.flags(cmd)
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		result, err := client.CancelDeployment(ctx, args[0], ch.force)
		if err != nil {
			return err
		}
		if result.DeploymentID == "" {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "deployment %s stopped; its apps stay as they are\n", args[0])
			return err
		}
		apps, err := affected(ctx, client, result.DeploymentID)
		if err != nil {
			return err
		}
		return c.finish(ctx, client, cmd, &ch, goal{apps: apps, undo: true, result: result})
	})
	return cmd
}

// affected returns the Apps of a deployment, none if it has ended.
func affected(ctx context.Context, client *api.Client, id string) ([]string, error) {
	list, err := client.Deployments(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(d api.Deployment) bool { return d.ID == id })
	if i < 0 {
		return nil, nil
	}
	return list[i].AffectedApps, nil
}

func (c *cli) newDeploymentWaitCmd() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "wait DEPLOYMENT", Short: "Wait until a deployment has ended, showing its progress", ValidArgsFunction: c.completeDeployments,
		Long: `Wait until a deployment is no longer under way. Deployments that have ended leave
no trace, so one that does not exist counts as ended.`,
		Example: "  gantry deployment wait 5ed4c0c5-9ff8-4a6f-a0cd-f57f59a34b43 --timeout 10m",
		Args:    args(1, 1, "a DEPLOYMENT; see 'gantry deployment list'"),
	}
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "give up waiting after this time, such as 5m; 0 never does")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		apps, err := affected(ctx, client, args[0])
		if err != nil {
			return err
		}
		if apps == nil {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "deployment %s is not under way\n", args[0])
			return err
		}
		return c.wait(ctx, client, cmd, timeout, goal{apps: apps, undo: true, result: api.DeploymentResult{DeploymentID: args[0]}})
	})
	return cmd
}
