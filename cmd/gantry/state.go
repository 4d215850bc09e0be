package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/scheduler/backup"
)

func (c *cli) newStateCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "state", Short: "Export, import, check and compact what a scheduler stores", Args: groupArgs, RunE: showHelp,
		Long: `Look after the state of a scheduler, which is in a directory (--state-dir) or in
ZooKeeper (--zk). Without either, export and check ask the running scheduler at --url.

What is exported from one kind of store can be imported into the other. In an
archive are the definitions of all apps with their variables: keep it as secret
as those.`,
	}
	cmd.AddCommand(c.newStateExportCmd(), c.newStateImportCmd(), c.newStateCheckCmd(), c.newStateCompactCmd())
	return cmd
}

// placeFlags say where a state is.
func placeFlags(cmd *cobra.Command, p *backup.Place) {
	cmd.Flags().StringVar(&p.Dir, "state-dir", "", "the directory of the state, while no scheduler runs there")
	cmd.Flags().StringVar(&p.ZK, "zk", "", "the state in ZooKeeper: zk://h1:2181,h2:2181/gantry")
}

// checkPlace demands one place, or at most one.
func checkPlace(p backup.Place, needed bool) error {
	if p.Dir != "" && p.ZK != "" {
		return usageError(errors.New("--state-dir and --zk are two places; name one"))
	}
	if needed && p.Dir == "" && p.ZK == "" {
		return usageError(errors.New("name the state: --state-dir DIR or --zk zk://host:2181/path"))
	}
	return nil
}

func (c *cli) newStateExportCmd() *cobra.Command {
	var (
		p        backup.Place
		leaveOut bool
		kept     string
	)
	cmd := &cobra.Command{
		Use: "export FILE", Short: "Write a state into a file", Args: args(1, 1, "FILE"),
		Long: `Write all records into FILE, as they are between two changes; "-" is standard
output. A state in ZooKeeper can be exported while a scheduler leads.`,
		Example: `  gantry state export backup.gantry
  gantry state export backup.gantry --zk zk://10.0.0.1:2181/gantry
  gantry state export old.gantry --zk zk://10.0.0.1:2181/gantry --backup before-format-3-20260301T120000.gantry`,
	}
	placeFlags(cmd, &p)
	cmd.Flags().BoolVar(&leaveOut, "leave-out-damaged", false, "leave out what cannot be read, and name it")
	cmd.Flags().StringVar(&kept, "backup", "", "export the copy of this name that the scheduler kept before it rewrote records")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkPlace(p, kept != ""); err != nil {
			return err
		}
		var b bytes.Buffer
		r, err := c.exportState(cmd.Context(), p, &b, leaveOut, kept)
		if err != nil {
			return err
		}
		if err := writeArchive(cmd, args[0], b.Bytes()); err != nil {
			return err
		}
		for _, d := range r.Damaged {
			fmt.Fprintf(cmd.ErrOrStderr(), "left out: %s: %s\n", d.Name, d.Text)
		}
		if args[0] == "-" {
			return nil
		}
		return c.printReport(cmd, r)
	}
	return cmd
}

// exportState writes an archive of a place, of a copy kept there, or of the running scheduler.
func (c *cli) exportState(ctx context.Context, p backup.Place, w io.Writer, leaveOut bool, kept string) (backup.Report, error) {
	if p == (backup.Place{}) {
		a, err := c.runningState(ctx, leaveOut)
		if err != nil {
			return backup.Report{}, err
		}
		return backup.Export(ctx, a, w, leaveOut)
	}
	src, err := p.Read(ctx)
	if err != nil {
		return backup.Report{}, err
	}
	defer func() { _ = src.Close() }() // nothing is left to write
	if kept == "" {
		return backup.Export(ctx, src, w, leaveOut)
	}
	data, err := src.Kept(ctx, kept)
	if err != nil {
		return backup.Report{}, err
	}
	return backup.Export(ctx, backup.Archived{Data: data}, w, leaveOut)
}

// runningState asks the scheduler for its state.
func (c *cli) runningState(ctx context.Context, leaveOut bool) (backup.Archived, error) {
	client, err := c.client()
	if err != nil {
		return backup.Archived{}, err
	}
	defer client.Close()
	body, err := client.State(ctx, leaveOut)
	if err != nil {
		return backup.Archived{}, err
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	return backup.Archived{Data: data}, err
}

// writeArchive writes a file that only its owner reads, all of it or none.
func writeArchive(cmd *cobra.Command, name string, data []byte) error {
	if name == "-" {
		_, err := cmd.OutOrStdout().Write(data)
		return err
	}
	half := name + ".part"
	if err := os.WriteFile(half, data, 0o600); err != nil {
		return err
	}
	return os.Rename(half, name)
}

func readArchive(cmd *cobra.Command, name string) (backup.Archived, error) {
	if name == "-" {
		data, err := io.ReadAll(cmd.InOrStdin())
		return backup.Archived{Data: data}, err
	}
	data, err := os.ReadFile(name)
	if err != nil {
		err = usageError(err)
	}
	return backup.Archived{Data: data}, err
}

func (c *cli) newStateImportCmd() *cobra.Command {
	var (
		p       backup.Place
		replace bool
	)
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Write what was exported into a state", Args: args(1, 1, "FILE"),
		Long: `Write the records of FILE into a state that is empty, or instead of what is there
(--replace). Stop all schedulers of that state first. Either all of FILE is
written, and read back, or nothing.`,
		Example: `  gantry state import backup.gantry --state-dir /var/lib/gantry
  gantry state import backup.gantry --zk zk://10.0.0.1:2181/gantry --replace`,
	}
	placeFlags(cmd, &p)
	cmd.Flags().BoolVar(&replace, "replace", false, "replace the state that is there, be it damaged; a file is put aside")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkPlace(p, true); err != nil {
			return err
		}
		a, err := readArchive(cmd, args[0])
		if err != nil {
			return err
		}
		r, err := backup.Import(cmd.Context(), a, p, replace)
		if err != nil {
			return err
		}
		return c.printReport(cmd, r)
	}
	return cmd
}

func (c *cli) newStateCheckCmd() *cobra.Command {
	var p backup.Place
	cmd := &cobra.Command{
		Use: "check [FILE]", Short: "Read a whole state, or a file, and name what is damaged", Args: args(0, 1, "at most one FILE"),
		Example: `  gantry state check
  gantry state check backup.gantry
  gantry state check --state-dir /var/lib/gantry`,
	}
	placeFlags(cmd, &p)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		err := checkPlace(p, false)
		if err == nil && len(args) > 0 && p != (backup.Place{}) {
			err = usageError(errors.New("a FILE and a state are two things to check; name one"))
		}
		if err != nil {
			return err
		}
		r, err := c.checkState(cmd, p, args)
		if err != nil {
			return err
		}
		if err := c.printReport(cmd, r); err != nil {
			return err
		}
		if len(r.Damaged) > 0 {
			return &backup.DamagedError{Damaged: r.Damaged}
		}
		return nil
	}
	return cmd
}

func (c *cli) checkState(cmd *cobra.Command, p backup.Place, args []string) (backup.Report, error) {
	ctx := cmd.Context()
	switch {
	case len(args) > 0:
		a, err := readArchive(cmd, args[0])
		if err != nil {
			return backup.Report{}, err
		}
		return backup.Check(ctx, a)
	case p == (backup.Place{}):
		a, err := c.runningState(ctx, false)
		if err != nil {
			return backup.Report{}, err
		}
		return backup.Check(ctx, a)
	}
	src, err := p.Read(ctx)
	if err != nil {
		return backup.Report{}, err
	}
	defer func() { _ = src.Close() }() // nothing is left to write
	return backup.Check(ctx, src)
}

func (c *cli) newStateCompactCmd() *cobra.Command {
	var p backup.Place
	cmd := &cobra.Command{
		Use: "compact", Short: "Make a state as small as it can be", Args: args(0, 0, ""),
		Long: `Write a file anew without the room that is free in it, or bring the log in
ZooKeeper into the base. Stop all schedulers of that state first. A running
scheduler keeps its state in bounds by itself; a file never shrinks, though.`,
		Example: "  gantry state compact --state-dir /var/lib/gantry",
	}
	placeFlags(cmd, &p)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkPlace(p, true); err != nil {
			return err
		}
		r, err := backup.Compact(cmd.Context(), p)
		if err != nil {
			return err
		}
		return c.print(cmd.OutOrStdout(), r, func(t *table) {
			t.row(fmt.Sprintf("from %d to %d %s", r.Before, r.After, r.Unit))
		})
	}
	return cmd
}

// printReport tells what a state holds.
func (c *cli) printReport(cmd *cobra.Command, r backup.Report) error {
	return c.print(cmd.OutOrStdout(), r, func(t *table) {
		t.row("KIND", "RECORDS")
		for _, kind := range slices.Sorted(maps.Keys(r.Kinds)) {
			t.row(kind, r.Kinds[kind])
		}
		for _, d := range r.Damaged {
			t.row("damaged", d.Name+": "+d.Text)
		}
	})
}
