package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
)

// editMax bounds how often a change is made anew from an App that others change
// at the same time.
const editMax = 10

// edit changes an App by what its present definition is made to; a body of nil
// means that there is nothing to change.
func edit(ctx context.Context, client *api.Client, id string, o api.ChangeOptions, body func(a api.App) (map[string]any, error)) (goal, error) {
	g := goal{apps: []string{string(app.Canonical(id))}}
	for try := 1; ; try++ {
		a, err := client.App(ctx, id)
		if err != nil {
			return g, err
		}
		members, err := body(a)
		if err != nil || members == nil {
			return g, err
		}
		data, err := api.Marshal(members)
		if err != nil {
			return g, err
		}
		o.Base = a.Version
		g.result, err = client.PatchApp(ctx, id, data, o)
		e, refused := errors.AsType[*api.Error](err)
		if !refused || e.Status != http.StatusPreconditionFailed || try == editMax {
			return g, err
		}
	}
}

// editing makes a command's RunE of the change that its arguments say.
func (c *cli) editing(ch *change, body func(a api.App, args []string) (map[string]any, error)) func(*cobra.Command, []string) error {
	return c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		g, err := edit(ctx, client, args[0], ch.options(), func(a api.App) (map[string]any, error) { return body(a, args[1:]) })
		if err != nil {
			return err
		}
		return c.finish(ctx, client, cmd, ch, g)
	})
}

func (c *cli) newAppSetImageCmd() *cobra.Command {
	var ch change
	cmd := &cobra.Command{
		Use: "set-image APP IMAGE", Short: "Run another image, rolling", ValidArgsFunction: c.completeApps,
		Long: `Change the Docker image of an app and nothing else. Its instances are replaced as
its upgradeStrategy allows; 'gantry app rollback' returns to the image before.`,
		Example: "  gantry app set-image /web nginx:1.27 --wait",
		Args:    args(2, 2, "an APP and an IMAGE"),
	}
	ch.flags(cmd)
	cmd.RunE = c.editing(&ch, func(a api.App, args []string) (map[string]any, error) {
		switch {
		case a.Container == nil || a.Container.Docker == nil:
			return nil, fmt.Errorf("app %s runs no image but: %s", a.ID, runs(a))
		case a.Container.Docker.Image == args[0]:
			return nil, nil
		}
		a.Container.Docker.Image = args[0]
		return map[string]any{"container": a.Container}, nil
	})
	return cmd
}

func (c *cli) newAppSetEnvCmd() *cobra.Command {
	var ch change
	cmd := &cobra.Command{
		Use: "set-env APP NAME=VALUE|NAME-...", Short: "Set and remove environment variables, rolling", ValidArgsFunction: c.completeApps,
		Long: `Set environment variables of an app with NAME=VALUE and remove them with NAME-;
the others stay. Its instances are replaced as its upgradeStrategy allows.`,
		Example: `  gantry app set-env /web LEVEL=debug --wait
  gantry app set-env /web LEVEL- 'GREETING=good morning'`,
		Args: args(2, math.MaxInt, "an APP, and NAME=VALUE or NAME- once or more"),
	}
	ch.flags(cmd)
	cmd.RunE = c.editing(&ch, func(a api.App, args []string) (map[string]any, error) {
		env := maps.Clone(a.Env)
		if env == nil {
			env = map[string]api.EnvValue{}
		}
		for _, text := range args {
			name, value, ok := strings.Cut(text, "=")
			switch removed, dash := strings.CutSuffix(text, "-"); {
			case ok && name != "":
				env[name] = api.EnvValue{Value: value}
			case !ok && dash && removed != "":
				delete(env, removed)
			default:
				return nil, usageError(fmt.Errorf("got %q, expected NAME=VALUE to set a variable or NAME- to remove one", text))
			}
		}
		if maps.Equal(env, a.Env) {
			return nil, nil
		}
		return map[string]any{"env": env}, nil
	})
	return cmd
}

func (c *cli) newAppRollbackCmd() *cobra.Command {
	var ch change
	cmd := &cobra.Command{
		Use: "rollback APP [VERSION]", Short: "Return to an earlier version of an app, rolling", ValidArgsFunction: c.completeApps,
		Long: `Make an earlier version of an app its newest one again: the VERSION given, else the
last one before its definition was changed. Scaling is no such change; but the
number of instances becomes that of the version, too.`,
		Example: `  gantry app rollback /web --wait
  gantry app rollback /web 2026-03-01T12:00:00.000Z`,
		Args: args(1, 2, "an APP and perhaps a VERSION"),
	}
	ch.flags(cmd)
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
		version, err := earlier(ctx, client, args)
		if err != nil {
			return err
		}
		body, err := api.Marshal(map[string]string{"version": version})
		if err != nil {
			return err
		}
		g := goal{apps: []string{string(app.Canonical(args[0]))}}
		if g.result, err = client.PatchApp(ctx, args[0], body, ch.options()); err != nil {
			return err
		}
		return c.finish(ctx, client, cmd, &ch, g)
	})
	return cmd
}

// earlier is the version that the arguments of a rollback name.
func earlier(ctx context.Context, client *api.Client, args []string) (string, error) {
	if len(args) == 2 {
		return args[1], nil
	}
	return before(ctx, client, args[0])
}

// before returns the last version of an App before its definition was changed.
func before(ctx context.Context, client *api.Client, id string) (string, error) {
	a, err := client.App(ctx, id)
	if err != nil {
		return "", err
	}
	versions, err := client.Versions(ctx, id)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(versions, func(v api.Time) bool {
		return a.VersionInfo != nil && v.Before(a.VersionInfo.LastConfigChangeAt.Time)
	})
	if i < 0 {
		return "", fmt.Errorf("app %s has no version from before its last change; see: gantry app versions %s", a.ID, a.ID)
	}
	return versions[i].String(), nil
}
