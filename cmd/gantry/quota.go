package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
)

func (c *cli) newSharesCmd() *cobra.Command {
	return &cobra.Command{
		Use: "shares", Short: "List what each tenant's queue has of the cluster, and may have", Example: "  gantry queue shares", Args: args(0, 0, ""),
		Long: `List the queues: the largest part of the cluster that each has of any resource
(its dominant share), the same divided by its weight (the lowest is served next),
what its tasks use, and its guarantee and limit.`,
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, _ []string) error {
			queues, err := client.Queues(ctx)
			if err != nil {
				return err
			}
			return c.print(cmd.OutOrStdout(), queues, func(t *table) { shares(t, queues) })
		}),
	}
}

func shares(t *table, queues api.Queues) {
	t.row("QUEUE", "WEIGHT", "SHARE", "OF", "WEIGHTED", "CPUS", "MEM", "GUARANTEE", "LIMIT", "TASKS", "WAITING")
	for _, q := range queues.Queues {
		share, of, weighted := "0%", "", "0%"
		if d := q.Dominant; d != nil {
			share, of, weighted = percent(d.Share), d.Resource, percent(d.Weighted)
		}
		waiting := strconv.Itoa(q.Waiting)
		if q.AppsLimited > 0 {
			waiting += " (limit)"
		}
		t.row(q.Queue, q.Weight, share, of, weighted, decimal(q.Used.CPUs), decimal(q.Used.Mem), bounds(q.Guarantee), bounds(q.Limit), q.Instances, waiting)
	}
	for _, h := range queues.Held {
		t.row(fmt.Sprintf("agent %s is held for %s since %s", h.Hostname, h.App, h.Since))
	}
}

func percent(part float64) string { return fmt.Sprintf("%.1f%%", 100*part) }

// bounds prints what is bounded as the flags take it: "cpus=10,mem=4096".
func bounds(b *api.Bounds) string {
	if b == nil {
		return ""
	}
	var parts []string
	for _, r := range []struct {
		name string
		n    *float64
	}{{"cpus", b.CPUs}, {"mem", b.Mem}, {"disk", b.Disk}, {"gpus", b.GPUs}} {
		if r.n != nil {
			parts = append(parts, r.name+"="+decimal(*r.n))
		}
	}
	return strings.Join(parts, ",")
}

func (c *cli) newQuotaSetCmd() *cobra.Command {
	var weight float64
	var guarantee, limit string
	cmd := &cobra.Command{
		Use: "set QUEUE", Short: "Set the weight, guarantee or limit of a queue",
		Long: `Set what a tenant's queue may have, from now on and across restarts. What is not
given stays as it is. Amounts are cpus, mem and disk in MiB, and gpus; "none" takes
a guarantee or limit away. Running tasks are not stopped.`,
		Example: `  gantry queue set /prod --weight 3
  gantry queue set /prod --guarantee cpus=100,mem=200000 --limit cpus=400
  gantry queue set /prod/batch --limit none`,
		Args: args(1, 1, "a QUEUE such as /prod"), ValidArgsFunction: c.completeQueues,
	}
	f := cmd.Flags()
	f.Float64Var(&weight, "weight", 1, "part in relation to the sibling queues")
	f.StringVar(&guarantee, "guarantee", "", "what comes before everybody's share: cpus=10,mem=4096, or none")
	f.StringVar(&limit, "limit", "", "what is never exceeded: cpus=10,mem=4096,gpus=0, or none")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		f := cmd.Flags()
		if !f.Changed("weight") && !f.Changed("guarantee") && !f.Changed("limit") {
			return usageError(errors.New("nothing to set; use --weight, --guarantee or --limit"))
		}
		was, err := queueShare(ctx, client, args[0])
		if err != nil {
			return err
		}
		q := was.Quota
		if f.Changed("weight") {
			q.Weight = weight
		}
		if f.Changed("guarantee") {
			if q.Guarantee, err = parseBounds("--guarantee", guarantee); err != nil {
				return err
			}
		}
		if f.Changed("limit") {
			if q.Limit, err = parseBounds("--limit", limit); err != nil {
				return err
			}
		}
		now, err := client.SetQuota(ctx, args[0], q)
		if err != nil {
			return err
		}
		return c.printShare(cmd, now)
	})
	return cmd
}

func (c *cli) newQuotaResetCmd() *cobra.Command {
	return &cobra.Command{
		Use: "reset QUEUE", Short: "Forget what was set for a queue",
		Long:    "Forget what 'gantry queue set' set for a queue. What the scheduler was started with (--queue) holds again.",
		Example: "  gantry queue reset /prod", Args: args(1, 1, "a QUEUE such as /prod"), ValidArgsFunction: c.completeQueues,
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
			now, err := client.ResetQuota(ctx, args[0])
			if err != nil {
				return err
			}
			return c.printShare(cmd, now)
		}),
	}
}

// queueShare returns what a queue has; one that nobody uses has nothing.
func queueShare(ctx context.Context, client *api.Client, queue string) (api.Share, error) {
	s, err := client.QueueShare(ctx, queue)
	if e, ok := errors.AsType[*api.Error](err); ok && e.Status == http.StatusNotFound {
		return api.Share{Queue: queue}, nil
	}
	return s, err
}

func (c *cli) printShare(cmd *cobra.Command, s api.Share) error {
	return c.print(cmd.OutOrStdout(), s, func(t *table) {
		t.row("queue", s.Queue)
		t.row("weight", s.Weight)
		t.row("guarantee", bounds(s.Guarantee))
		t.row("limit", bounds(s.Limit))
	})
}

func parseBounds(flag, text string) (*api.Bounds, error) {
	if text == "none" {
		return nil, nil
	}
	b := &api.Bounds{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || !(n >= 0) {
			return nil, usageError(fmt.Errorf("%s %q: %q is not an amount such as cpus=10", flag, text, part))
		}
		switch name {
		case "cpus":
			b.CPUs = &n
		case "mem":
			b.Mem = &n
		case "disk":
			b.Disk = &n
		case "gpus":
			b.GPUs = &n
		default:
			return nil, usageError(fmt.Errorf("%s %q: unknown resource %q; use cpus, mem, disk or gpus", flag, text, name))
		}
	}
	return b, nil
}

// completeQueues completes paths of queues.
func (c *cli) completeQueues(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.ask(cmd, func(ctx context.Context, client *api.Client) ([]cobra.Completion, error) {
		list, err := client.Queues(ctx)
		paths := make([]cobra.Completion, 0, len(list.Queues))
		for _, q := range list.Queues {
			paths = append(paths, cobra.CompletionWithDesc(q.Queue, fmt.Sprintf("%d tasks, %d waiting", q.Instances, q.Waiting)))
		}
		return paths, err
	})
}
