package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
)

func (c *cli) newTaskCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "task", Short: "See tasks, what they write, and end them", Args: groupArgs, RunE: showHelp,
		Long: `A task is one run of one instance of an app. When it ends, its instance gets
another one.`,
	}
	cmd.AddCommand(c.newTaskListCmd(), c.newTaskKillCmd(), c.newTaskGoneCmd(), c.newTaskLogsCmd(), c.newTaskFilesCmd(), c.newTaskDownloadCmd())
	return cmd
}

func (c *cli) newTaskListCmd() *cobra.Command {
	return &cobra.Command{
		Use: "list [APP]", Aliases: []string{"ls"}, Short: "List tasks of all apps, or of one", ValidArgsFunction: c.completeApps,
		Example: `  gantry task list
  gantry task list /web
  gantry task list '/prod/*' -o json`,
		Args: args(0, 1, "at most one APP"),
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
			tasks, err := client.Tasks(ctx, strings.Join(args, ""))
			if err != nil {
				return err
			}
			return c.printTasks(cmd.OutOrStdout(), tasks)
		}),
	}
}

func (c *cli) printTasks(w io.Writer, tasks []api.Task) error {
	return c.print(w, tasks, func(t *table) {
		resident := slices.ContainsFunc(tasks, func(t api.Task) bool { return len(t.LocalVolumes) > 0 })
		head := []any{"TASK", "STATE", "HEALTH", "HOST", "PORTS", "STARTED", "VERSION"}
		if resident {
			head = append(head, "VOLUMES")
		}
		checked := slices.ContainsFunc(tasks, func(t api.Task) bool { return t.CheckResult != nil })
		if checked {
			head = append(head, "CHECK")
		}
		t.row(head...)
		for _, task := range tasks {
			row := []any{task.ID, taskState(task), taskHealth(task), task.Host, ports(task), task.StartedAt, task.Version}
			if resident {
				row = append(row, volumes(task))
			}
			if checked && task.CheckResult != nil {
				row = append(row, checkResult(task.CheckResult))
			}
			t.row(row...)
		}
	})
}

// taskState is the task's state in short; an instance that has only its volumes
// is waiting for their agent, or stopped.
func taskState(t api.Task) string {
	switch {
	case !onlyVolumes(t):
		return strings.ToLower(strings.TrimPrefix(t.State, "TASK_"))
	case t.State == "TASK_KILLED":
		return "stopped"
	default:
		return "waiting"
	}
}

// onlyVolumes reports whether an instance has no task at present, but data.
func onlyVolumes(t api.Task) bool { return len(t.LocalVolumes) > 0 && t.StagedAt.IsZero() }

func volumes(t api.Task) string {
	paths := make([]string, len(t.LocalVolumes))
	for i, v := range t.LocalVolumes {
		paths[i] = v.ContainerPath
	}
	return strings.Join(paths, ",")
}

// taskHealth is what the checks last said of a task that runs; of others they
// say nothing that still holds.
func taskHealth(t api.Task) string {
	if t.State != "TASK_RUNNING" {
		return ""
	}
	for _, r := range t.HealthCheckResults {
		if !r.Alive {
			return fmt.Sprintf("unhealthy (%d)", r.ConsecutiveFailures)
		}
	}
	if len(t.HealthCheckResults) == 0 {
		return ""
	}
	return "healthy"
}

func ports(t api.Task) string {
	texts := make([]string, len(t.Ports))
	for i, p := range t.Ports {
		texts[i] = strconv.Itoa(p)
	}
	return strings.Join(texts, ",")
}

func (c *cli) newTaskGoneCmd() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "gone TASK...", Short: "Say that unreachable tasks are dead, so that they are replaced at once", ValidArgsFunction: c.completeTasks,
		Long: `Say that tasks which are unreachable are dead, as when their machine burnt down:
they are replaced at once, whatever the app's unreachableStrategy. A task that comes
back nevertheless is killed. One with persistent volumes keeps them, and waits for
their agent. Where a whole agent is lost for ever, 'gantry agent gone' says it of all.`,
		Example: `  gantry task gone web.0d3c --yes`,
		Args:    args(1, math.MaxInt, "one TASK or more"),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "really do it")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		if !yes {
			return usageError(errors.New("a task that lives on would run twice until it is reachable; be sure that it is dead, then add --yes"))
		}
		ids, _, err := named(ctx, client, args)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := client.TaskGone(ctx, id); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "task %s is given up\n", id)
		}
		return nil
	})
	return cmd
}

func (c *cli) newTaskKillCmd() *cobra.Command {
	var ch change
	var o api.KillOptions
	cmd := &cobra.Command{
		Use: "kill TASK...", Short: "End tasks; their instances get new ones, unless --scale", ValidArgsFunction: c.completeTasks,
		Long: `End tasks. Their instances get new ones, unless --scale lowers the app's number
of instances instead. An id may be shortened to any beginning that is unique,
also without the "instance-" in it.`,
		Example: `  gantry task kill web.instance-0d3c2a9e-4a57-4c55-9a53-5f0e4f0c8c11._app.1
  gantry task kill web.instance-0d3c
  gantry task kill web.0d3c
  gantry task kill --scale $(gantry task list /web -o json | jq -r '.[0].id')`,
		Args: args(1, math.MaxInt, "one TASK or more"),
	}
	cmd.Flags().BoolVar(&o.Scale, "scale", false, "lower the app's instances instead of replacing the task")
	cmd.Flags().BoolVar(&o.Wipe, "wipe", false, "also destroy the instance's persistent volumes and give its reservation back")
	ch.flags(cmd)
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		if o.Scale && o.Wipe {
			return usageError(errors.New("--scale and --wipe exclude each other: one lowers the app's instances, the other replaces them elsewhere"))
		}
		if ch.wait && !o.Scale {
			return usageError(errors.New("--wait needs --scale: a task that is replaced is no deployment to wait for"))
		}
		o.Force = ch.force
		ids, apps, err := named(ctx, client, args)
		if err != nil {
			return err
		}
		tasks, result, err := client.KillTasks(ctx, ids, o)
		if err != nil {
			return err
		}
		if o.Scale {
			return c.finish(ctx, client, cmd, &ch, goal{apps: apps, result: result})
		}
		return c.print(cmd.OutOrStdout(), tasks, func(t *table) {
			for _, task := range tasks {
				t.row("task " + task.ID + " on " + task.Host + " is being ended")
			}
			for _, id := range ids {
				if !slices.ContainsFunc(tasks, func(t api.Task) bool { return t.ID == id }) {
					t.row("task " + id + " cannot be ended now; its instance keeps its volumes until --wipe destroys them")
				}
			}
		})
	})
	return cmd
}
