package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
)

func (c *cli) newQueueCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "queue", Short: "See what waits to be started, and why", Args: groupArgs, RunE: showHelp,
		Long: "Instances wait in the queue until an offer of the cluster fits them.",
	}
	cmd.AddCommand(&cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List the apps with instances that wait", Example: "  gantry queue list", Args: args(0, 0, ""),
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, _ []string) error {
			queue, err := client.Queue(ctx)
			if err != nil {
				return err
			}
			return c.print(cmd.OutOrStdout(), queue, func(t *table) {
				t.row("APP", "WAITING", "SINCE", "DELAY", "WHY")
				for _, item := range queue {
					t.row(item.App.ID, item.Count, item.Since, delay(item), item.Explanation)
				}
			})
		}),
	}, &cobra.Command{
		Use: "show APP", Short: "Show why instances of an app wait", Example: "  gantry queue show /web", ValidArgsFunction: c.completeApps,
		Args: args(1, 1, "an APP such as /web"),
		RunE: c.with(c.showQueue),
	}, &cobra.Command{
		Use: "shares", Short: "List what each tenant's queue has of the cluster", Example: "  gantry queue shares", Args: args(0, 0, ""),
		RunE: c.with(c.listShares),
	})
	return cmd
}

func (c *cli) listShares(ctx context.Context, client *api.Client, cmd *cobra.Command, _ []string) error {
	queues, err := client.Queues(ctx)
	if err != nil {
		return err
	}
	return c.print(cmd.OutOrStdout(), queues, func(t *table) {
		t.row("QUEUE", "WEIGHT", "SHARE", "OF", "CPUS", "MEM", "TASKS", "WAITING")
		for _, q := range queues.Queues {
			share, of := "0%", ""
			if d := q.Dominant; d != nil {
				share, of = fmt.Sprintf("%.1f%%", 100*d.Share), d.Resource
			}
			t.row(q.Queue, q.Weight, share, of, q.Used.CPUs, q.Used.Mem, q.Instances, q.Waiting)
		}
	})
}

func delay(item api.QueueItem) string {
	if item.Delay.Overdue {
		return ""
	}
	return (time.Duration(item.Delay.TimeLeftSeconds) * time.Second).String()
}

func (c *cli) showQueue(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
	queue, err := client.Queue(ctx)
	if err != nil {
		return err
	}
	id := string(app.Canonical(args[0]))
	i := slices.IndexFunc(queue, func(item api.QueueItem) bool { return item.App.ID == id })
	if i < 0 {
		if _, err := client.App(ctx, id); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "no instance of %s waits\n", id)
		return err
	}
	item := queue[i]
	return c.print(cmd.OutOrStdout(), item, func(t *table) {
		t.row("app", item.App.ID)
		t.row("waiting", fmt.Sprintf("%d instance(s)", item.Count))
		t.row("since", item.Since)
		t.row("delay", delay(item))
		t.row("why", item.Explanation)
		s := item.ProcessedOffersSummary
		t.row("offers", fmt.Sprintf("%d looked at, %d of no use", s.ProcessedOffersCount, s.UnusedOffersCount))
		for _, r := range s.RejectSummaryLastOffers {
			if r.Declined > 0 {
				t.row("", fmt.Sprintf("%s: %d of %d", r.Reason, r.Declined, r.Processed))
			}
		}
	})
}
