package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
)

// isGroup reports whether a file holds a group, which has lists that no App has.
func isGroup(body []byte) bool {
	var doc map[string]json.RawMessage
	if json.Unmarshal(body, &doc) != nil {
		return false
	}
	_, apps := doc["apps"]
	_, groups := doc["groups"]
	return apps || groups
}

// finishGroup reports the deployment of a group, or that there was nothing to do.
func (c *cli) finishGroup(ctx context.Context, client *api.Client, cmd *cobra.Command, ch *change, id string, result api.DeploymentResult) error {
	d, going, err := underWay(ctx, client, result.DeploymentID)
	if err != nil {
		return err
	}
	if going {
		return c.finish(ctx, client, cmd, ch, goalOf(d))
	}
	is, err := client.Group(ctx, id, "group.groups")
	if err == nil && is.Version.Before(result.Version.Time) {
		return c.finish(ctx, client, cmd, ch, goal{apps: []string{string(app.Canonical(id))}})
	}
	return c.finish(ctx, client, cmd, ch, goal{result: result})
}

func (c *cli) newGroupCreateCmd() *cobra.Command {
	var ch change
	cmd := &cobra.Command{
		Use: "create FILE|-", Short: "Create a group from JSON or YAML",
		Long: `Create a group with all that a file holds, or standard input with "-", in one
deployment. The group must not exist yet; use 'gantry group update' to change one.`,
		Example: `  gantry group create shop.yaml --wait
  echo '{"id":"/shop"}' | gantry group create -`,
		Args: args(1, 1, "a FILE, or - for standard input"),
	}
	ch.flags(cmd)
	ch.strictFlag(cmd)
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		body, err := readInput(cmd, args[0])
		if err != nil {
			return err
		}
		return c.createGroup(ctx, client, cmd, &ch, args[0], body)
	})
	return cmd
}

func (c *cli) createGroup(ctx context.Context, client *api.Client, cmd *cobra.Command, ch *change, file string, body []byte) error {
	id, err := groupIn(file, body)
	if err != nil {
		return err
	}
	result, err := client.CreateGroup(ctx, body, ch.options())
	if err != nil {
		return err
	}
	return c.finishGroup(ctx, client, cmd, ch, id, result)
}

// groupIn returns the group that a file names.
func groupIn(file string, body []byte) (string, error) {
	var doc struct{ ID string }
	if err := json.Unmarshal(body, &doc); err != nil || doc.ID == "" {
		return "", usageError(fmt.Errorf("%s names no group: give it an id, or name the group before the file", inputName(file)))
	}
	return doc.ID, nil
}

func (c *cli) newGroupUpdateCmd() *cobra.Command {
	var ch change
	var dryRun bool
	cmd := &cobra.Command{
		Use: "update [GROUP] FILE|-", Short: "Change a group from JSON or YAML, or create it", ValidArgsFunction: c.completeGroupUpdate,
		Long: `Change a group from a file, or from standard input with "-", in one deployment, and
create it if it does not exist. The lists that the file holds replace those of
the group: what they do not name is removed. Lists that it leaves out stay.
With --dry-run the steps are shown that there would be, and nothing changes.`,
		Example: `  gantry group update shop.yaml --dry-run
  gantry group update shop.yaml --wait
  echo '{"dependencies": ["/infra"]}' | gantry group update /shop -`,
		Args: args(1, 2, "perhaps a GROUP, and a FILE or - for standard input"),
	}
	ch.flags(cmd)
	ch.strictFlag(cmd)
	cmd.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "show the steps that there would be, and change nothing")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		file := args[len(args)-1]
		body, err := readInput(cmd, file)
		if err != nil {
			return err
		}
		id, err := groupIn(file, body)
		switch {
		case len(args) == 1 && err != nil:
			return err
		case len(args) == 2 && err == nil && app.Canonical(id) != app.Canonical(args[0]):
			return usageError(fmt.Errorf("%s holds the group %s; leave out %s", inputName(file), id, args[0]))
		case len(args) == 2:
			id = args[0]
		}
		if dryRun {
			steps, err := client.PlanGroup(ctx, id, body, ch.options())
			if err != nil {
				return err
			}
			return c.printSteps(cmd.OutOrStdout(), steps)
		}
		return c.updateGroup(ctx, client, cmd, &ch, id, body)
	})
	return cmd
}

func (c *cli) updateGroup(ctx context.Context, client *api.Client, cmd *cobra.Command, ch *change, id string, body []byte) error {
	result, err := client.UpdateGroup(ctx, id, body, ch.options())
	if err != nil {
		return err
	}
	return c.finishGroup(ctx, client, cmd, ch, id, result)
}

func (c *cli) printSteps(w io.Writer, steps []api.Step) error {
	return c.print(w, steps, func(t *table) {
		if len(steps) == 0 {
			t.row("no change")
			return
		}
		t.row("STEP", "ACTION", "APP")
		for n, step := range steps {
			for _, a := range step.Actions {
				t.row(n+1, strings.TrimSuffix(a.Action, "Application"), a.App)
			}
		}
	})
}

// completeGroupUpdate completes groups and files.
func (c *cli) completeGroupUpdate(cmd *cobra.Command, args []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective) {
	ids, _ := c.completeGroups(cmd, args, prefix)
	return ids, cobra.ShellCompDirectiveDefault
}

func (c *cli) newGroupScaleCmd() *cobra.Command {
	var ch change
	cmd := &cobra.Command{
		Use: "scale GROUP FACTOR", Short: "Multiply the instances of all apps in a group", ValidArgsFunction: c.completeGroups,
		Long: `Multiply the instances of each app in a group, at any depth, and round up. 0 stops
all of them and keeps the apps; what had none has none afterwards.`,
		Example: `  gantry group scale /shop 1.5 --wait
  gantry group scale /shop 0`,
		Args: args(2, 2, "a GROUP and a FACTOR"),
	}
	ch.flags(cmd)
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		by, err := strconv.ParseFloat(args[1], 64)
		if err != nil || by < 0 {
			return usageError(fmt.Errorf("got %q for FACTOR, expected a number of at least 0, such as 2 or 0.5", args[1]))
		}
		result, err := client.ScaleGroup(ctx, args[0], by, ch.options())
		if err != nil {
			return err
		}
		return c.finishGroup(ctx, client, cmd, &ch, args[0], result)
	})
	return cmd
}

func (c *cli) newGroupRollbackCmd() *cobra.Command {
	var ch change
	cmd := &cobra.Command{
		Use: "rollback GROUP [VERSION]", Short: "Return to an earlier version of a group", ValidArgsFunction: c.completeGroups,
		Long: `Make a group what it was at an earlier version, or before its last change: apps
and groups that came since go, those that went return. A group that was removed
returns if its VERSION is named.`,
		Example: `  gantry group rollback /shop --wait
  gantry group rollback /shop 2026-03-01T12:00:00.000Z`,
		Args: args(1, 2, "a GROUP and perhaps a VERSION; see 'gantry group versions'"),
	}
	ch.flags(cmd)
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		id, version := args[0], strings.Join(args[1:], "")
		if version == "" {
			versions, err := client.GroupVersions(ctx, id)
			if err != nil {
				return err
			}
			if len(versions) < 2 {
				return fmt.Errorf("group %s has no version before its last change; see: gantry group versions %s", app.Canonical(id), app.Canonical(id))
			}
			version = versions[1].String()
		}
		result, err := client.RollBackGroup(ctx, id, version, ch.options())
		if err != nil {
			return err
		}
		return c.finishGroup(ctx, client, cmd, &ch, id, result)
	})
	return cmd
}

func (c *cli) newGroupDestroyCmd() *cobra.Command {
	var ch change
	var yes bool
	cmd := &cobra.Command{
		Use: "destroy GROUP", Aliases: []string{"delete", "rm"}, Short: "Stop all apps of a group and forget it", ValidArgsFunction: c.completeGroups,
		Long: `Stop all apps of a group, at any depth, and forget them and the group. Asks first
on a terminal; elsewhere --yes is needed.`,
		Example: `  gantry group destroy /shop --wait
  gantry group destroy /shop --yes`,
		Args: args(1, 1, "a GROUP such as /shop"),
	}
	ch.flags(cmd)
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		if !yes {
			if err := confirmGroup(ctx, client, cmd, args[0]); err != nil {
				return err
			}
		}
		result, err := client.DeleteGroup(ctx, args[0], ch.options())
		if err != nil {
			return err
		}
		return c.finishGroup(ctx, client, cmd, &ch, args[0], result)
	})
	return cmd
}

// confirmGroup asks on a terminal whether a group shall go.
func confirmGroup(ctx context.Context, client *api.Client, cmd *cobra.Command, id string) error {
	if !terminal(cmd.InOrStdin()) {
		return needsYes()
	}
	g, err := client.Group(ctx, id, stateful...)
	if err != nil {
		return err
	}
	all := total(g)
	return asked(ctx, cmd, fmt.Sprintf("Destroy %s with its %d app(s) and %d task(s)?", g.ID, len(all.apps), all.running))
}

func needsYes() error {
	return usageError(errors.New("destroying needs a confirmation, which only a terminal can give; add --yes to go on without"))
}

// asked asks on a terminal, and fails unless the answer is yes.
func asked(ctx context.Context, cmd *cobra.Command, question string) error {
	fmt.Fprint(cmd.ErrOrStderr(), question+" [y/N] ")
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case text := <-answer:
		if text == "y" || text == "yes" {
			return nil
		}
		return errors.New("nothing was destroyed")
	case <-ctx.Done():
		return errors.New("interrupted; nothing was destroyed")
	}
}
