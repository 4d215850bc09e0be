package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/detector"
	"github.com/gantry-mesos/gantry/pkg/mesos/httptransport"
	"github.com/gantry-mesos/gantry/pkg/mesos/operatorapi"
	"github.com/gantry-mesos/gantry/scheduler/backup"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/identity"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/record"
)

// masterWait bounds the look for a leading master, and its answer.
const masterWait = 20 * time.Second

func (c *cli) newFrameworkCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "framework", Short: "See and mend who a scheduler is to Mesos", Args: groupArgs, RunE: showHelp,
		Long: `Mesos knows a scheduler by its framework id, which is stored with its state
(--state-dir or --zk). Tasks belong to a framework: with another id they are not
there. 'show' tells what is stored and what the master knows, 'adopt' takes the id
of the framework whose tasks are the state's own, and 'reset' forgets it with all
tasks. Stop the schedulers of that state before the latter two.`,
	}
	cmd.AddCommand(c.newFrameworkShowCmd(), c.newFrameworkAdoptCmd(), c.newFrameworkResetCmd())
	return cmd
}

// masterFlags say which master to ask, and as whom.
type masterFlags struct{ master, principal, secretFile string }

func (m *masterFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&m.master, "master", "", "also ask these masters which frameworks they know: zk://..., http://host:5050 or host:5050")
	cmd.Flags().StringVar(&m.principal, "principal", "", "principal to ask with, together with --secret-file")
	cmd.Flags().StringVar(&m.secretFile, "secret-file", "", "file with the principal's secret")
}

// frameworks asks the leading master.
func (m *masterFlags) frameworks(ctx context.Context) ([]operatorapi.Framework, error) {
	creds := httptransport.Credentials{Principal: m.principal}
	if m.secretFile != "" {
		secret, err := os.ReadFile(m.secretFile)
		if err != nil {
			return nil, usageError(fmt.Errorf("--secret-file: %w", err))
		}
		creds.Secret = strings.TrimSpace(string(secret))
	}
	transport, err := httptransport.New(httptransport.Config{HeaderTimeout: masterWait})
	if err != nil {
		return nil, err
	}
	d, err := detector.New(m.master, detector.Options{Log: zap.NewNop()})
	if err != nil {
		return nil, usageError(fmt.Errorf("--master: %w", err))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, masterWait, errors.New("no leading master was found in time"))
	defer cancel()
	g, detecting := errgroup.WithContext(ctx)
	stop, end := context.WithCancel(detecting)
	g.Go(func() error { return d.Run(stop) })
	var found []operatorapi.Framework
	g.Go(func() error {
		defer end()
		leader, err := d.Leader(detecting, detector.Master{})
		if err != nil {
			return fmt.Errorf("find the leading master: %w", err)
		}
		found, err = operatorapi.New(transport, creds).Frameworks(detecting, leader.Address)
		return err
	})
	return found, g.Wait()
}

// frameworkAnswer is what show prints.
type frameworkAnswer struct {
	Stored *identity.Identity `json:"stored,omitempty"`
	// Running is the id of the scheduler at --url.
	Running string           `json:"running,omitempty"`
	Master  []frameworkShown `json:"master,omitempty"`
}

// frameworkShown is a framework that the master knows.
type frameworkShown struct {
	ID        mesos.FrameworkID `json:"id"`
	Name      string            `json:"name"`
	Principal string            `json:"principal,omitempty"`
	State     string            `json:"state"`
}

func frameworkState(f operatorapi.Framework) string {
	switch {
	case f.Completed:
		return "gone for good"
	case f.Connected && f.Active:
		return "subscribed"
	default:
		return "without a scheduler"
	}
}

func (c *cli) newFrameworkShowCmd() *cobra.Command {
	var (
		p backup.Place
		m masterFlags
	)
	cmd := &cobra.Command{
		Use: "show", Short: "Tell the framework id that is stored, and those that the master knows", Args: args(0, 0, ""),
		Example: `  gantry framework show
  gantry framework show --zk zk://10.0.0.1:2181/gantry --master zk://10.0.0.1:2181/mesos`,
	}
	placeFlags(cmd, &p)
	m.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkPlace(p, false); err != nil {
			return err
		}
		a, err := c.lookUpFramework(cmd.Context(), p, m)
		if err != nil {
			return err
		}
		return c.print(cmd.OutOrStdout(), a, func(t *table) { a.rows(t) })
	}
	return cmd
}

func (a *frameworkAnswer) rows(t *table) {
	if a.Stored != nil {
		t.row("STORED", "APPS", "INSTANCES", "MAY RUN", "WITH VOLUMES")
		t.row(a.Stored.Framework, a.Stored.Apps, a.Stored.Instances, a.Stored.Live, a.Stored.Resident)
	} else if a.Master == nil {
		t.row("RUNNING")
		t.row(a.Running)
	}
	if a.Master != nil {
		t.row("AT THE MASTER", "NAME", "PRINCIPAL", "STATE")
		for _, f := range a.Master {
			t.row(f.ID, f.Name, f.Principal, f.State)
		}
	}
}

func (c *cli) lookUpFramework(ctx context.Context, p backup.Place, m masterFlags) (*frameworkAnswer, error) {
	a := &frameworkAnswer{}
	if p == (backup.Place{}) && m.master == "" {
		client, err := c.client()
		if err != nil {
			return nil, err
		}
		defer client.Close()
		info, err := client.Info(ctx)
		if err != nil {
			return nil, err
		}
		a.Running = info.FrameworkID
	}
	if p != (backup.Place{}) {
		st, err := readState(ctx, p)
		if err != nil {
			return nil, err
		}
		id := identity.Of(st)
		a.Stored = &id
	}
	if m.master == "" {
		return a, nil
	}
	found, err := m.frameworks(ctx)
	if err != nil {
		return nil, err
	}
	a.Master = []frameworkShown{}
	for _, f := range found {
		a.Master = append(a.Master, frameworkShown{ID: f.ID, Name: f.Name, Principal: f.Principal, State: frameworkState(f)})
	}
	return a, nil
}

// readState reads a state without owning it.
func readState(ctx context.Context, p backup.Place) (core.Stored, error) {
	src, err := p.Read(ctx)
	if err != nil {
		return core.Stored{}, err
	}
	defer src.Close()
	return record.Read(ctx, src)
}

func (c *cli) newFrameworkAdoptCmd() *cobra.Command {
	var (
		p   backup.Place
		m   masterFlags
		dry bool
	)
	cmd := &cobra.Command{
		Use: "adopt ID", Short: "Take the id of the framework whose tasks are the state's own", Args: args(1, 1, "ID"),
		Long: `Store ID as the framework id of a state that has none, as after it was lost: at the
next start the scheduler finds the tasks of that framework, and does not start them
again. With --master the id is checked there first.`,
		Example: `  gantry framework adopt 0c0a3b5e-0001 --zk zk://10.0.0.1:2181/gantry --master zk://10.0.0.1:2181/mesos --dry-run`,
	}
	placeFlags(cmd, &p)
	m.flags(cmd)
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only tell what would be done")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkPlace(p, true); err != nil {
			return err
		}
		id := mesos.FrameworkID(args[0])
		if m.master != "" {
			if err := checkAtMaster(cmd.Context(), m, id); err != nil {
				return err
			}
		}
		return changeIdentity(cmd, p, dry, func(st *core.Stored) ([]core.Change, string, error) {
			changes, err := identity.Adopt(*st, id)
			return changes, fmt.Sprintf("framework id %s, under which %d of %d instances may run", id, identity.Of(*st).Live, len(st.Instances)), err
		})
	}
	return cmd
}

// checkAtMaster demands that the master knows a framework, and would take its id.
func checkAtMaster(ctx context.Context, m masterFlags, id mesos.FrameworkID) error {
	found, err := m.frameworks(ctx)
	if err != nil {
		return err
	}
	for _, f := range found {
		switch {
		case f.ID != id:
		case f.Completed:
			return fmt.Errorf("framework %s is gone for good, and its tasks with it; Mesos takes its id no more: 'gantry framework reset' forgets it", id)
		case f.Connected:
			return fmt.Errorf("a scheduler is subscribed as framework %s; stop it first", id)
		default:
			return nil
		}
	}
	return fmt.Errorf("the master does not know framework %s; see those that it knows with 'gantry framework show --master %s'", id, m.master)
}

func (c *cli) newFrameworkResetCmd() *cobra.Command {
	var (
		p        backup.Place
		dry, yes bool
	)
	cmd := &cobra.Command{
		Use: "reset", Short: "Forget the framework id and all tasks under it", Args: args(0, 0, ""),
		Long: `Forget the framework id. At the next start the scheduler registers as a new
framework and launches every instance anew, whatever the old framework still runs:
only for tasks that are gone, as after Mesos removed the framework. Persistent
volumes stay with the agents that have them.`,
		Example: `  gantry framework reset --state-dir /var/lib/gantry --dry-run
  gantry framework reset --state-dir /var/lib/gantry --yes`,
	}
	placeFlags(cmd, &p)
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only tell what would be done")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "really do it")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkPlace(p, true); err != nil {
			return err
		}
		if !dry && !yes {
			return usageError(errors.New("tasks that still run would be started twice; look with --dry-run, then add --yes"))
		}
		return changeIdentity(cmd, p, dry, func(st *core.Stored) ([]core.Change, string, error) {
			was := identity.Of(*st)
			text := fmt.Sprintf("framework id %s is forgotten, with it the tasks of %d instances; %d instances of %d apps are launched anew by a new framework",
				was.Framework, was.Live, was.Instances, was.Apps)
			if was.Framework == "" && was.Live == 0 {
				return nil, "", errors.New("the state has no framework id and no tasks; there is nothing to forget")
			}
			return identity.Reset(st, time.Now()), text, nil
		})
	}
	return cmd
}

// changeIdentity stores a change of who a state is, and tells it.
func changeIdentity(cmd *cobra.Command, p backup.Place, dry bool, change func(*core.Stored) ([]core.Change, string, error)) error {
	ctx := cmd.Context()
	st, err := readState(ctx, p)
	if err != nil {
		return err
	}
	if dry {
		_, text, err := change(&st)
		if err == nil {
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "would be done: "+text)
		}
		return err
	}
	return p.Own(ctx, false, func(ctx context.Context, s store.Store) error {
		journal := record.New(s)
		st, err := journal.Load(ctx)
		if err != nil {
			return err
		}
		changes, text, err := change(&st)
		if err == nil {
			err = journal.Append(ctx, changes)
		}
		if err == nil {
			_, err = fmt.Fprintln(cmd.OutOrStdout(), text)
		}
		return err
	})
}
