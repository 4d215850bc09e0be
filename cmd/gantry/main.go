// Command gantry is the scheduler, the embedded cluster and the client of
// Gantry in one program; "gantry help" lists its commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// version and commit are set by the build; without a commit it is the one that
// Go notes, which it does not in a worktree of git.
var (
	version = unversioned
	commit  = ""
)

// unversioned is the version of a program that was built without one.
const unversioned = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The exit codes.
const (
	exitDone = iota
	exitFailed
	exitMisused
)

// execute runs one command line and returns the exit code.
func execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := newRootCmd()
	root.SetArgs(signedLast(root, args))
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(errOut, "gantry: "+explain(err))
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	if _, ok := errors.AsType[*misuse](err); ok {
		fmt.Fprintf(errOut, "Run '%s --help' for how to use it.\n", cmd.CommandPath())
		return exitMisused
	}
	return exitFailed
}

// exitError is an error that ends the program with a code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// misuse is an error of the command line itself.
type misuse struct{ err error }

func (e *misuse) Error() string { return e.err.Error() }
func (e *misuse) Unwrap() error { return e.err }

// usageError marks an error as one of the command line: the program ends with 2.
func usageError(err error) error { return &misuse{err} }

// explain returns an error's text with the way out, where there is a common one.
func explain(err error) string {
	text := err.Error()
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	if _, ok := errors.AsType[*api.UnreachableError](err); ok {
		return text + "\nIs the scheduler running there? Name another with --url or GANTRY_URL, or start a cluster with 'gantry mini'."
	}
	if e, ok := errors.AsType[*api.Error](err); ok && len(e.Deployments) > 0 {
		ids := make([]string, len(e.Deployments))
		for i, d := range e.Deployments {
			ids[i] = d.ID
		}
		first := ids[0]
		return "the app is locked by deployment " + strings.Join(ids, ", ") +
			"\nWait for it (gantry deployment wait " + first + "), cancel it (gantry deployment cancel " + first + "), or override it with --force."
	}
	return text
}

func newRootCmd() *cobra.Command {
	c := &cli{}
	root := &cobra.Command{
		Use:   "gantry",
		Short: "Run Docker services on Apache Mesos",
		Long: `Gantry runs Docker services on an Apache Mesos cluster and speaks Marathon's API.

Without a cluster at hand, 'gantry mini' starts one on this machine. Then:

  gantry app create web.json --wait     start an app and watch it come up
  gantry app list                       see what runs
  gantry app show /web                  see one app, its tasks and its troubles
  gantry app scale /web 5 --wait        run five instances
  gantry app set-image /web nginx:1.27  run another image
  gantry app rollback /web              return to the version before
  gantry app destroy /web               stop it

The client commands ask the scheduler at --url. Every flag can also be given in
the environment: --url as GANTRY_URL.

Exit codes: 0 done, 1 failed, 2 misused.`,
		Args:              groupArgs,
		RunE:              showHelp,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return c.prepare(cmd) },
	}
	root.CompletionOptions.HiddenDefaultCmd = false
	root.SetGlobalNormalizationFunc(dashes)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError(err) })
	c.flags(root)
	root.AddGroup(&cobra.Group{ID: "run", Title: "Run a scheduler:"}, &cobra.Group{ID: "use", Title: "Use a scheduler:"})
	for _, cmd := range []*cobra.Command{newSchedulerCmd(), newMiniCmd(), c.newDNSCmd()} {
		cmd.GroupID = "run"
		root.AddCommand(cmd)
	}
	for _, cmd := range []*cobra.Command{c.newAppCmd(), c.newGroupCmd(), c.newTaskCmd(), c.newDeploymentCmd(), c.newQueueCmd(), c.newAgentCmd(), c.newKillsCmd(), c.newStateCmd(), c.newFrameworkCmd(), c.newEventsCmd(), c.newDiscoveryCmd(), c.newUICmd(), c.newImportCmd(), c.newZKCmd()} {
		cmd.GroupID = "use"
		root.AddCommand(cmd)
	}
	root.AddCommand(c.newVersionCmd())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	misusable(root)
	return root
}

// misusable makes errors of all commands about their arguments those of a
// misuse, also of those that come with cobra.
func misusable(cmd *cobra.Command) {
	switch {
	case cmd.HasSubCommands() && !cmd.Runnable():
		cmd.Args, cmd.RunE = groupArgs, showHelp
	case cmd.Name() == "help":
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			_, rest, err := cmd.Root().Find(args)
			if err == nil && len(rest) > 0 {
				err = fmt.Errorf("there is no command %q to help with", strings.Join(args, " "))
			}
			return err
		}
	}
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			if _, ok := errors.AsType[*misuse](err); err == nil || ok {
				return err
			}
			return usageError(err)
		}
	}
	for _, c := range cmd.Commands() {
		misusable(c)
	}
}

// groupArgs refuses arguments of a command that only groups others: what
// looks like one is a subcommand that does not exist.
func groupArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
	if s := cmd.SuggestionsFor(args[0]); len(s) > 0 {
		text += "; did you mean " + strings.Join(s, " or ") + "?"
	}
	return usageError(errors.New(text))
}

func showHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// args demands from lo to hi arguments; what names them, as in "APP INSTANCES".
func args(lo, hi int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if len(given) >= lo && len(given) <= hi {
			return nil
		}
		if hi == 0 {
			return usageError(fmt.Errorf("%s takes no arguments, got %q", cmd.CommandPath(), given))
		}
		return usageError(fmt.Errorf("%s needs %s, got %d argument(s)", cmd.CommandPath(), what, len(given)))
	}
}
