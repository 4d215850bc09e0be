package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
)

// importing holds the flags of gantry import marathon.
type importing struct {
	change
	from, credentials, adopt                  string
	groups                                    []string
	dryRun, overwrite, suspended, skipRefused bool
}

func (c *cli) newImportCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Take over apps of a Marathon", Args: groupArgs, RunE: showHelp}
	cmd.AddCommand(c.newImportMarathonCmd())
	return cmd
}

func (c *cli) newImportMarathonCmd() *cobra.Command {
	var im importing
	cmd := &cobra.Command{
		Use: "marathon --from URL|FILE", Short: "Create the apps of a running Marathon, or of a saved listing, here",
		Long: `Read the groups and apps of a running Marathon, or of a file with what its
GET /v2/groups or GET /v2/apps answered ("-" is standard input), tell of each app
what becomes of it and what will differ and why, and only then create them, in
one deployment. Marathon is only read. Its tasks go on: stop them there once those
of Gantry have taken over (docs/migrating-from-marathon.md).

An import can be repeated: what is here already and like that is left alone, what
differs, too, unless --overwrite says otherwise. Pods are listed and not imported.`,
		Example: `  gantry import marathon --from http://marathon:8080 --dry-run
  gantry import marathon --from http://marathon:8080 --groups /shop,/team --suspended
  gantry import marathon --from groups.json --wait`,
		Args: args(0, 0, ""),
	}
	im.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&im.from, "from", "", "address of the Marathon, such as http://marathon:8080, or a file; required")
	f.StringVar(&im.credentials, "from-credentials-file", "", "file with a line user:password for the Marathon")
	f.StringSliceVar(&im.groups, "groups", nil, "take only the apps in these groups, such as /shop,/team; repeatable")
	f.BoolVar(&im.dryRun, "dry-run", false, "only report, change nothing")
	f.StringVar(&im.adopt, "adopt", "no", "no: new tasks are started, those of Marathon are not taken over; there is nothing else yet")
	f.BoolVar(&im.overwrite, "overwrite", false, "make apps that are here and differ what they are in Marathon")
	f.BoolVar(&im.suspended, "suspended", false, "create apps with 0 instances, to be scaled up one by one")
	f.BoolVar(&im.skipRefused, "skip-refused", false, "import the others when some apps are refused")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, _ []string) error {
		return c.importMarathon(ctx, client, cmd, &im)
	})
	return cmd
}

func (im *importing) check() error {
	if im.from == "" {
		return usageError(errors.New("--from is required: an address such as http://marathon:8080, or a file"))
	}
	if im.adopt != "no" {
		return usageError(fmt.Errorf("--adopt %q: use no. Mesos lets a framework have only tasks that it has started itself, so those of Marathon cannot be taken over", im.adopt))
	}
	return nil
}

func (c *cli) importMarathon(ctx context.Context, client *api.Client, cmd *cobra.Command, im *importing) error {
	if err := im.check(); err != nil {
		return err
	}
	source, err := im.read(ctx, cmd)
	if err != nil {
		return err
	}
	here, err := lookHere(ctx, client)
	if err != nil {
		return err
	}
	report := importReport{From: im.name(), Pods: source.pods, Apps: []importItem{}, Groups: here.missing(source.needs)}
	for _, definition := range source.apps {
		item, err := im.tryApp(ctx, client, here, definition)
		if err != nil {
			return err
		}
		report.Apps = append(report.Apps, item)
	}
	report.checkDependencies(here)
	if err := c.printImport(cmd, &report); err != nil {
		return err
	}
	refused := report.count(actionRefused)
	if refused > 0 && !im.skipRefused {
		return fmt.Errorf("%d of %d apps are refused; nothing was imported. Mend them in Marathon, leave them out with --groups, or import the others with --skip-refused", refused, len(report.Apps))
	}
	if im.dryRun {
		return nil
	}
	return c.carryOut(ctx, client, cmd, im, &report)
}

// carryOut imports what the report says.
func (c *cli) carryOut(ctx context.Context, client *api.Client, cmd *cobra.Command, im *importing, report *importReport) error {
	for _, g := range report.Groups {
		if err := client.SetGroupDependencies(ctx, g.ID, g.Dependencies); err != nil {
			return fmt.Errorf("group %s: %w", g.ID, err)
		}
	}
	var ids, bodies []string
	for _, item := range report.Apps {
		if item.Action == actionCreate || item.Action == actionOverwrite {
			ids, bodies = append(ids, item.App), append(bodies, string(item.definition))
		}
	}
	if len(ids) == 0 {
		_, err := fmt.Fprintln(cmd.ErrOrStderr(), "nothing to import")
		return err
	}
	o := im.options()
	o.Replace = true
	result, err := client.UpdateApps(ctx, []byte("["+strings.Join(bodies, ",")+"]"), o)
	if err != nil {
		return err
	}
	if c.output != "table" {
		if !im.wait {
			return nil // the report is all that is printed
		}
		return c.wait(ctx, client, cmd, im.timeout, goal{apps: ids, result: result})
	}
	return c.finish(ctx, client, cmd, &im.change, goal{apps: ids, result: result})
}

// present is what there is already.
type present struct {
	apps map[string]api.App
	// needs are the dependencies of groups.
	needs map[string][]string
}

func lookHere(ctx context.Context, client *api.Client) (present, error) {
	apps, err := client.Apps(ctx, nil)
	if err != nil {
		return present{}, err
	}
	tree, err := client.MarathonTree(ctx)
	if err != nil {
		return present{}, err
	}
	p := present{apps: make(map[string]api.App, len(apps)), needs: map[string][]string{}}
	for _, a := range apps {
		p.apps[a.ID] = a
	}
	var walk func(g api.MarathonGroup)
	walk = func(g api.MarathonGroup) {
		p.needs[g.ID] = g.Dependencies
		for _, sub := range g.Groups {
			walk(sub)
		}
	}
	walk(tree)
	return p, nil
}

// missing are the groups whose dependencies are others here, or that are not here.
func (p present) missing(wanted []groupNeeds) []groupNeeds {
	out := []groupNeeds{}
	for _, g := range wanted {
		if have := p.needs[g.ID]; !slices.Equal(slices.Sorted(slices.Values(have)), slices.Sorted(slices.Values(g.Dependencies))) {
			out = append(out, g)
		}
	}
	return out
}

// within reports whether an id is in one of the groups that are wanted.
func (im *importing) within(id string) bool {
	return len(im.groups) == 0 || slices.ContainsFunc(im.groups, func(g string) bool {
		group := app.Canonical(g)
		return app.Canonical(id) == group || app.Canonical(id).Within(group)
	})
}
