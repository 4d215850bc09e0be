package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/why"
)

func (c *cli) newQueueCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "queue", Short: "See what waits to be started, and why; share the cluster", Args: groupArgs, RunE: showHelp,
		Long: `Instances wait in the queue until an offer of the cluster fits them. Each tenant
(top-level group) has a queue of its own, and the queues share the cluster by
weight, with guarantees and limits.`,
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
		Long: `Show how many instances of an app wait and why, in a sentence: what they need and
the agents do not have, a back-off after failures, a limit of their queue, agents
held for others, or a deployment that has to do something else first.`,
		Args: args(1, 1, "an APP such as /web"),
		RunE: c.with(c.showQueue),
	}, c.newSharesCmd(), c.newQuotaSetCmd(), c.newQuotaResetCmd())
	return cmd
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
	var item api.QueueItem
	if i := slices.IndexFunc(queue, func(item api.QueueItem) bool { return item.App.ID == id }); i >= 0 {
		item = queue[i]
	} else if item, err = notQueued(ctx, client, id); err != nil {
		return err
	}
	if item.Explanation == "" {
		item.Explanation = why.NextOffers
	}
	return c.print(cmd.OutOrStdout(), item, func(t *table) {
		t.row("app", item.App.ID)
		t.row("waiting", fmt.Sprintf("%d instance(s)", item.Count))
		if item.Count == 0 {
			t.row("why", item.Explanation)
			return
		}
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

// notQueued tells of an App of which nothing waits for an offer what it does instead.
func notQueued(ctx context.Context, client *api.Client, id string) (api.QueueItem, error) {
	a, err := client.App(ctx, id)
	if err != nil {
		return api.QueueItem{}, err
	}
	list, err := client.Deployments(ctx)
	if err != nil {
		return api.QueueItem{}, err
	}
	facts := []string{fmt.Sprintf("%d of %d instances run", value(a.TasksRunning), a.Instances)}
	if n := value(a.TasksStaged); n > 0 {
		facts = append(facts, fmt.Sprintf("%d are being started", n))
	}
	for _, d := range list {
		if slices.Contains(d.AffectedApps, id) {
			facts = append(facts, deploying(d, id))
		}
	}
	return api.QueueItem{App: a, Explanation: "nothing of it waits for an offer: " + strings.Join(facts, ", ")}, nil
}

// deploying says what the deployment of an App does now.
func deploying(d api.Deployment, id string) string {
	var others []string
	for _, a := range d.CurrentActions {
		if a.App == id {
			return fmt.Sprintf("deployment %s is at it (step %d of %d)", d.ID, d.CurrentStep, d.TotalSteps)
		}
		others = append(others, strings.ToLower(strings.TrimSuffix(a.Action.Action, "Application"))+" "+a.App)
	}
	if len(others) == 0 {
		return fmt.Sprintf("deployment %s has not come to it", d.ID)
	}
	return fmt.Sprintf("deployment %s has to %s first (step %d of %d)", d.ID, strings.Join(others, ", "), d.CurrentStep, d.TotalSteps)
}
