package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
)

// change holds the flags of commands that start a deployment.
type change struct {
	wait, force, strict bool
	timeout             time.Duration
}

func (ch *change) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&ch.wait, "wait", "w", false, "wait until the deployment has ended, showing its progress")
	cmd.Flags().DurationVar(&ch.timeout, "timeout", 0, "with --wait: give up waiting after this time, such as 5m; 0 never does")
	cmd.Flags().BoolVar(&ch.force, "force", false, "override running deployments that hold the app")
}

// strictFlag is for commands that send a file.
func (ch *change) strictFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&ch.strict, "strict", false, "refuse a definition in which something has no effect, such as a misspelt member, instead of warning of it")
}

func (ch *change) options() api.ChangeOptions {
	return api.ChangeOptions{Force: ch.force, Strict: ch.strict}
}

// finish reports a deployment that was started, or waits for its end.
func (c *cli) finish(ctx context.Context, client *api.Client, cmd *cobra.Command, ch *change, g goal) error {
	if g.result.DeploymentID == "" {
		if _, err := fmt.Fprintln(cmd.ErrOrStderr(), "no change: "+strings.Join(g.apps, ", ")+" is like that already"); err != nil || c.output == "table" {
			return err
		}
		return c.print(cmd.OutOrStdout(), g.result, nil)
	}
	if !ch.wait {
		return c.print(cmd.OutOrStdout(), g.result, func(t *table) {
			t.row("deployment " + g.result.DeploymentID + " started; follow it with: gantry deployment wait " + g.result.DeploymentID)
		})
	}
	if err := c.wait(ctx, client, cmd, ch.timeout, g); err != nil {
		return err
	}
	if c.output == "table" {
		return nil
	}
	return c.print(cmd.OutOrStdout(), g.result, nil)
}

func (c *cli) newAppCreateCmd() *cobra.Command {
	var ch change
	cmd := &cobra.Command{
		Use: "create FILE|-", Short: "Create an app from JSON or YAML",
		Long: `Create an app from a file, or from standard input with "-". The app must not
exist yet; use 'gantry app update' to change one. A file with several apps (a
JSON array, or several YAML documents) creates all of them in one deployment. A
file with a group is taken as by 'gantry group create'.`,
		Example: `  gantry app create web.json
  gantry app create web.yaml --wait
  echo '{"id":"/sleep","cmd":"sleep 1000","cpus":0.1,"mem":32}' | gantry app create - --wait`,
		Args: args(1, 1, "a FILE, or - for standard input"),
	}
	ch.flags(cmd)
	ch.strictFlag(cmd)
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		definition, err := readInput(cmd, args[0])
		if err != nil {
			return err
		}
		if isGroup(definition) {
			return c.createGroup(ctx, client, cmd, &ch, args[0], definition)
		}
		if many := several(definition); many != nil {
			g, err := createAll(ctx, client, definition, many, ch.options())
			if err != nil {
				return err
			}
			return c.finish(ctx, client, cmd, &ch, g)
		}
		created, err := client.CreateApp(ctx, definition, ch.options())
		if err != nil {
			return err
		}
		g := goal{apps: []string{created.ID}, result: api.DeploymentResult{Version: created.Version}}
		if len(created.Deployments) > 0 {
			g.result.DeploymentID = created.Deployments[0].ID
		}
		if !ch.wait && c.output != "table" {
			return c.print(cmd.OutOrStdout(), created, nil)
		}
		return c.finish(ctx, client, cmd, &ch, g)
	})
	return cmd
}

func (c *cli) newAppUpdateCmd() *cobra.Command {
	var ch change
	var replace bool
	cmd := &cobra.Command{
		Use: "update [APP] FILE|-", Short: "Change apps from JSON or YAML, or create them", ValidArgsFunction: c.completeUpdate,
		Long: `Change an app from a file, or from standard input with "-", and create it if it
does not exist. Each member that the file holds replaces the app's; the others
stay as they are. With --replace they return to their defaults. What 'app show'
and 'app list' print as JSON or YAML is taken, too; their state is ignored.

A file with several apps (a JSON array, or several YAML documents) changes all
of them in one deployment, or none. A file with a group is taken as by 'gantry
group update'.`,
		Example: `  gantry app update web.json --wait
  echo '{"env": {"LEVEL": "debug"}}' | gantry app update /web -
  gantry app update everything.yaml --replace`,
		Args: args(1, 2, "perhaps an APP, and a FILE or - for standard input"),
	}
	ch.flags(cmd)
	ch.strictFlag(cmd)
	cmd.Flags().BoolVar(&replace, "replace", false, "take the file as the whole definition")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		body, err := readInput(cmd, args[len(args)-1])
		if err != nil {
			return err
		}
		if isGroup(body) {
			id, err := groupIn(args[len(args)-1], body)
			if err == nil && len(args) > 1 {
				err = usageError(fmt.Errorf("%s holds a group; leave out %s", inputName(args[1]), args[0]))
			}
			if err != nil {
				return err
			}
			return c.updateGroup(ctx, client, cmd, &ch, id, body)
		}
		o := ch.options()
		o.Replace = replace
		g, err := update(ctx, client, args, body, o)
		if err != nil {
			return err
		}
		if same, err := unchanged(ctx, client, g); err != nil || same {
			g.result.DeploymentID = ""
			return errors.Join(err, c.finish(ctx, client, cmd, &ch, g))
		}
		return c.finish(ctx, client, cmd, &ch, g)
	})
	return cmd
}

// several returns the ids of a JSON array of Apps, nil for anything else.
func several(body []byte) []string {
	var many []struct{ ID string }
	if json.Unmarshal(body, &many) != nil {
		return nil
	}
	ids := make([]string, len(many))
	for i, a := range many {
		ids[i] = string(app.Canonical(a.ID))
	}
	return ids
}

// createAll creates several Apps in one deployment, unless one of them exists.
func createAll(ctx context.Context, client *api.Client, body []byte, ids []string, o api.ChangeOptions) (goal, error) {
	for _, id := range ids {
		_, err := client.App(ctx, id)
		if err == nil {
			return goal{}, fmt.Errorf("app %s exists already; nothing was created. Use 'gantry app update' to change apps", id)
		}
		if e, ok := errors.AsType[*api.Error](err); !ok || e.Status != http.StatusNotFound {
			return goal{}, err
		}
	}
	result, err := client.UpdateApps(ctx, body, o)
	return goal{apps: ids, result: result}, err
}

// update sends one App's change or that of many.
func update(ctx context.Context, client *api.Client, args []string, body []byte, o api.ChangeOptions) (goal, error) {
	if many := several(body); many != nil {
		if len(args) > 1 {
			return goal{}, usageError(fmt.Errorf("%s holds several apps; leave out %s", inputName(args[1]), args[0]))
		}
		result, err := client.UpdateApps(ctx, body, o)
		return goal{apps: many, result: result}, err
	}
	var one struct{ ID string }
	if len(args) > 1 {
		one.ID = args[0]
	} else if err := json.Unmarshal(body, &one); err != nil || one.ID == "" {
		return goal{}, usageError(fmt.Errorf("%s names no app: give it an id, or name the app before the file", inputName(args[0])))
	}
	result, err := client.UpdateApp(ctx, one.ID, body, o)
	return goal{apps: []string{string(app.Canonical(one.ID))}, result: result}, err
}

// unchanged reports whether a change left all its Apps as they were: none got its
// version, and it does nothing either.
func unchanged(ctx context.Context, client *api.Client, g goal) (bool, error) {
	if _, going, err := underWay(ctx, client, g.result.DeploymentID); going || err != nil {
		return false, err
	}
	for _, id := range g.apps {
		a, err := client.App(ctx, id)
		if e, ok := errors.AsType[*api.Error](err); ok && e.Status == http.StatusNotFound {
			return false, nil
		}
		if err != nil || !a.Version.Before(g.result.Version.Time) {
			return false, err
		}
	}
	return true, nil
}

// completeUpdate completes Apps and files.
func (c *cli) completeUpdate(cmd *cobra.Command, args []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective) {
	ids, _ := c.completeApps(cmd, args, prefix)
	return ids, cobra.ShellCompDirectiveDefault
}

func (c *cli) newAppScaleCmd() *cobra.Command {
	var ch change
	cmd := &cobra.Command{
		Use: "scale APP [+|-]INSTANCES", Short: "Run more or fewer instances of an app", ValidArgsFunction: c.completeApps,
		Long: `Set how many instances an app has, or with a sign how many more or fewer. Those
that stay are not touched; 0 stops all of them and keeps the app.`,
		Example: `  gantry app scale /web 5 --wait
  gantry app scale /web +2
  gantry app scale /web -1
  gantry app scale /web 0`,
		Args:        args(2, 2, "an APP and a number of INSTANCES"),
		Annotations: map[string]string{signedNumbers: ""},
	}
	ch.flags(cmd)
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		n, err := strconv.Atoi(args[1])
		relative := strings.HasPrefix(args[1], "+") || strings.HasPrefix(args[1], "-")
		if err != nil {
			return usageError(fmt.Errorf("got %q for INSTANCES, expected a whole number of at least 0, or how many more (+2) or fewer (-1)", args[1]))
		}
		if !relative {
			result, err := client.ScaleApp(ctx, args[0], n, ch.options())
			if err != nil {
				return err
			}
			return c.finish(ctx, client, cmd, &ch, goal{apps: []string{string(app.Canonical(args[0]))}, result: result})
		}
		g, err := edit(ctx, client, args[0], ch.options(), func(a api.App) (map[string]any, error) {
			if a.Instances+n < 0 {
				return nil, fmt.Errorf("app %s has %d instance(s), which is fewer than the %d to take away", a.ID, a.Instances, -n)
			}
			return map[string]any{"instances": a.Instances + n}, nil
		})
		if err != nil {
			return err
		}
		return c.finish(ctx, client, cmd, &ch, g)
	})
	return cmd
}

func (c *cli) newAppRestartCmd() *cobra.Command {
	var ch change
	cmd := &cobra.Command{
		Use: "restart APP", Short: "Replace all instances of an app, rolling", ValidArgsFunction: c.completeApps,
		Long: `Replace every instance of an app by a new one, as its upgradeStrategy allows, so
that it stays in service.`,
		Example: "  gantry app restart /web --wait",
		Args:    args(1, 1, "an APP such as /web"),
	}
	ch.flags(cmd)
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		result, err := client.RestartApp(ctx, args[0], ch.options())
		if err != nil {
			return err
		}
		return c.finish(ctx, client, cmd, &ch, goal{apps: []string{string(app.Canonical(args[0]))}, result: result})
	})
	return cmd
}

func (c *cli) newAppDestroyCmd() *cobra.Command {
	var ch change
	var yes bool
	cmd := &cobra.Command{
		Use: "destroy APP", Aliases: []string{"delete", "rm"}, Short: "Stop all instances of an app and forget it", ValidArgsFunction: c.completeApps,
		Long: `Stop all instances of an app and forget the app with its versions. Asks first on
a terminal; elsewhere --yes is needed.`,
		Example: `  gantry app destroy /web --wait
  gantry app destroy /web --yes`,
		Args: args(1, 1, "an APP such as /web"),
	}
	ch.flags(cmd)
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		if !yes {
			if err := confirm(ctx, client, cmd, args[0]); err != nil {
				return err
			}
		}
		result, err := client.DeleteApp(ctx, args[0], ch.options())
		if err != nil {
			return err
		}
		return c.finish(ctx, client, cmd, &ch, goal{apps: []string{string(app.Canonical(args[0]))}, gone: []string{string(app.Canonical(args[0]))}, result: result})
	})
	return cmd
}

// confirm asks on a terminal whether an App shall go.
func confirm(ctx context.Context, client *api.Client, cmd *cobra.Command, id string) error {
	if !terminal(cmd.InOrStdin()) {
		return needsYes()
	}
	a, err := client.App(ctx, id)
	if err != nil {
		return err
	}
	return asked(ctx, cmd, fmt.Sprintf("Destroy %s with its %d instance(s) and %d task(s)?", a.ID, a.Instances, len(a.Tasks)))
}
