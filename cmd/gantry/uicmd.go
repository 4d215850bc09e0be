package main

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// newUICmd opens the web page of the scheduler.
func (c *cli) newUICmd() *cobra.Command {
	var show bool
	cmd := &cobra.Command{
		Use:   "ui [APP]",
		Short: "Open the web page of the scheduler, or of an app there",
		Long: `Open the web page that every scheduler serves, or the page of an app there, in
this machine's browser. It asks for user and password itself, if the scheduler does.`,
		Example: `  gantry ui
  gantry ui /web
  gantry ui --print`,
		Args: args(0, 1, "at most an APP"),
		RunE: c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, args []string) error {
			if _, err := client.Status(ctx); err != nil {
				return err
			}
			address := client.PageAddress()
			if len(args) == 1 {
				address += "apps/" + strings.Trim(args[0], "/")
			}
			fmt.Fprintln(cmd.OutOrStdout(), address)
			if show {
				return nil
			}
			name, arg := opener()
			if err := exec.CommandContext(ctx, name, append(arg, address)...).Run(); err != nil {
				return fmt.Errorf("open %s with %s: %w; open it by hand, or use --print", address, name, err)
			}
			return nil
		}),
		ValidArgsFunction: c.completeApps,
	}
	cmd.Flags().BoolVar(&show, "print", false, "only print the page's address")
	return cmd
}

// opener is what opens an address in the user's browser.
func opener() (name string, args []string) {
	switch runtime.GOOS {
	case "darwin":
		return "open", nil
	case "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler"}
	default:
		return "xdg-open", nil
	}
}
