package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
)

func (c *cli) newAppCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "app", Short: "Create, change, see and stop apps", Args: groupArgs, RunE: showHelp,
		Long: `An app is a service: what to run, on how many instances, with which resources.
It is declared in a file, JSON as Marathon takes it or the same in YAML:

  id: /web
  instances: 2
  cpus: 0.1
  mem: 64
  container:
    docker: {image: nginx}
    portMappings: [{containerPort: 80}]
  networks: [{mode: container/bridge}]`,
	}
	cmd.AddCommand(c.newAppCreateCmd(), c.newAppUpdateCmd(), c.newAppListCmd(), c.newAppShowCmd(), c.newAppScaleCmd(),
		c.newAppSetImageCmd(), c.newAppSetEnvCmd(), c.newAppRollbackCmd(), c.newAppRestartCmd(), c.newAppDestroyCmd(), c.newAppVersionsCmd())
	return cmd
}

func (c *cli) newAppListCmd() *cobra.Command {
	var label, cmdFilter string
	cmd := &cobra.Command{
		Use: "list [TEXT]", Aliases: []string{"ls"}, Short: "List apps, or those whose id holds a text",
		Example: `  gantry app list
  gantry app list prod
  gantry app list --label 'tier in (front,back), owner'
  gantry app list -o json`,
		Args: args(0, 1, "at most one TEXT"),
	}
	cmd.Flags().StringVar(&label, "label", "", "labels that apps must have: k, k==v, k!=v, k in (a,b), k notin (a,b), joined by commas")
	cmd.Flags().StringVar(&cmdFilter, "cmd", "", "text that an app's command must hold")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		filters := url.Values{}
		for name, value := range map[string]string{"label": label, "cmd": cmdFilter, "id": strings.Join(args, "")} {
			if value != "" {
				filters.Set(name, value)
			}
		}
		apps, err := client.Apps(ctx, filters)
		if err != nil {
			return err
		}
		return c.print(cmd.OutOrStdout(), apps, func(t *table) {
			t.row("ID", "INSTANCES", "HEALTHY", "CPUS", "MEM", "STATUS", "RUNS")
			for _, a := range apps {
				t.row(a.ID, fmt.Sprintf("%d/%d", value(a.TasksRunning), a.Instances), health(a), decimal(a.CPUs), decimal(a.Mem), status(a), runs(a))
			}
		})
	})
	return cmd
}

// value is a number that may be absent.
func value(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// health tells how many tasks are healthy, "" for an App without health checks.
func health(a api.App) string {
	if len(a.HealthChecks) == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", value(a.TasksHealthy), a.Instances)
}

// status sums an App up in a word.
func status(a api.App) string {
	switch running := value(a.TasksRunning); {
	case len(a.Deployments) > 0:
		return "deploying"
	case a.Instances == 0 && running == 0:
		return "suspended"
	case running < a.Instances && value(a.TasksStaged) > 0:
		return "starting"
	case running < a.Instances:
		return "waiting"
	case value(a.TasksUnhealthy) > 0:
		return "unhealthy"
	default:
		return "running"
	}
}

// runs tells what an App runs.
func runs(a api.App) string {
	if a.Container != nil && a.Container.Docker != nil {
		return a.Container.Docker.Image
	}
	command := a.Cmd
	if command == "" {
		command = strings.Join(a.Args, " ")
	}
	if r := []rune(command); len(r) > 40 {
		return string(r[:37]) + "..."
	}
	return command
}

func (c *cli) newAppShowCmd() *cobra.Command {
	return &cobra.Command{
		Use: "show APP", Short: "Show an app, its tasks and why it is not running", ValidArgsFunction: c.completeApps,
		Example: `  gantry app show /web
  gantry app show /web -o yaml`,
		Args: args(1, 1, "an APP such as /web"),
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
			a, err := client.App(ctx, args[0], "app.readiness")
			if err != nil {
				return err
			}
			if c.output != "table" {
				return c.print(cmd.OutOrStdout(), a, nil)
			}
			queue, err := client.Queue(ctx)
			if err != nil {
				return err
			}
			return c.printApp(cmd.OutOrStdout(), a, queue)
		}),
	}
}

func (c *cli) printApp(w io.Writer, a api.App, queue []api.QueueItem) error {
	err := c.print(w, nil, func(t *table) {
		t.row("id", a.ID)
		t.row("status", status(a))
		t.row("runs", runs(a))
		t.row("instances", fmt.Sprintf("%d running of %d", value(a.TasksRunning), a.Instances))
		if h := health(a); h != "" {
			t.row("healthy", h)
		}
		t.row("resources", fmt.Sprintf("%s cpus, %s MiB memory, %s MiB disk each", decimal(a.CPUs), decimal(a.Mem), decimal(a.Disk)))
		t.row("network", network(a))
		detail(t, a)
		findings(t, a)
		t.row("version", a.Version)
		for _, d := range a.Deployments {
			t.row("deployment", d.ID)
		}
		if why := waiting(a.ID, queue); why != "" {
			t.row("waiting", why)
		}
		if f := a.LastTaskFailure; f != nil {
			t.row("last failure", fmt.Sprintf("%s %s on %s: %s", f.Timestamp, f.State, f.Host, f.Message))
		}
	})
	if err != nil || len(a.Tasks) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return c.printTasks(w, a.Tasks)
}

// waiting tells what of an App waits in the queue, and why.
func waiting(id string, queue []api.QueueItem) string {
	for _, item := range queue {
		if item.App.ID != id || item.Count == 0 {
			continue
		}
		text := fmt.Sprintf("%d instance(s)", item.Count)
		if !item.Delay.Overdue {
			text += fmt.Sprintf(", next start in %v", time.Duration(item.Delay.TimeLeftSeconds)*time.Second)
		}
		if item.Explanation != "" {
			text += ": " + item.Explanation
		}
		return text
	}
	return ""
}

func network(a api.App) string {
	texts := make([]string, 0, len(a.Networks))
	for _, n := range a.Networks {
		texts = append(texts, strings.TrimSpace(n.Mode+" "+n.Name))
	}
	return strings.Join(texts, ", ")
}

func (c *cli) newAppVersionsCmd() *cobra.Command {
	return &cobra.Command{
		Use: "versions APP [VERSION]", Short: "List an app's versions, or show one", ValidArgsFunction: c.completeApps,
		Long: `List the versions of an app that are kept, newest first, or show the definition
of one. 'gantry app rollback' returns to one.`,
		Example: `  gantry app versions /web
  gantry app versions /web 2026-03-01T12:00:00.000Z -o yaml`,
		Args: args(1, 2, "an APP and perhaps a VERSION"),
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				a, err := client.Version(ctx, args[0], args[1])
				if err != nil {
					return err
				}
				if c.output != "table" {
					return c.print(cmd.OutOrStdout(), a, nil)
				}
				return c.printApp(cmd.OutOrStdout(), a, nil)
			}
			versions, err := client.Versions(ctx, args[0])
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
