package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/pause"
)

func (c *cli) newEventsCmd() *cobra.Command {
	var types []string
	var since string
	cmd := &cobra.Command{
		Use: "events", Short: "Show what happens", Args: args(0, 0, ""),
		Long: `Shows what happens until Ctrl-C: changes, deployments and their steps, instances,
tasks and their health, and the subscription with Mesos. With --since it begins
with what happened before, as far as the leader keeps it. When the scheduler is
restarted or another one leads it goes on with that one, and says what is missing.`,
		Example: `  gantry events
  gantry events --since 10m --type deployment_success,deployment_failed
  gantry events --since 1772368496789012 -o json`,
	}
	cmd.Flags().StringSliceVar(&types, "type", []string{api.AllEvents}, "types of the events to show, such as status_update_event (default all)")
	cmd.Flags().StringVar(&since, "since", "", "begin after the event with this number, or so long ago (10m)")
	cmd.RunE = c.with(func(ctx context.Context, client *api.Client, cmd *cobra.Command, _ []string) error {
		f := follower{out: cmd.OutOrStdout(), output: c.output, options: api.EventOptions{Types: types}}
		if err := f.begin(since); err != nil {
			return usageError(err)
		}
		return f.follow(ctx, client, cmd.ErrOrStderr())
	})
	return cmd
}

// follower shows events.
type follower struct {
	out     io.Writer
	output  string
	options api.EventOptions
	// from leaves out what happened before; zero leaves out nothing.
	from time.Time
	// seen says that an event has come.
	seen bool
}

// begin says where to begin: at a number, or so long ago.
func (f *follower) begin(since string) error {
	if since == "" {
		return nil
	}
	if _, err := strconv.ParseUint(since, 10, 64); err == nil {
		f.options.After = since
		return nil
	}
	ago, err := time.ParseDuration(since)
	if err != nil || ago < 0 {
		return fmt.Errorf("--since %q: it is the number of an event, or a duration such as 10m", since)
	}
	f.options.After, f.from = "0", time.Now().Add(-ago)
	return nil
}

// triesMax is how often in a row, a second apart, a broken stream is asked for again.
const triesMax = 60

// follow shows events until ctx ends, or nobody answers any more.
func (f *follower) follow(ctx context.Context, client *api.Client, errOut io.Writer) error {
	for tries := 0; ; tries++ {
		connected := false
		err := client.Events(ctx, f.options, func(e api.StreamEvent) error {
			connected = true
			return f.take(e)
		})
		if ctx.Err() != nil {
			return nil //nolint:nilerr // that is how a user ends it
		}
		if connected {
			tries = 0
		}
		if err != nil && (!again(err) || !f.seen || tries == triesMax) {
			return err
		}
		if tries == 0 {
			_, _ = fmt.Fprintln(errOut, "the stream has ended; trying again")
		}
		if !pause.For(ctx, time.Second) {
			return nil
		}
	}
}

// again reports whether a later try may succeed.
func again(err error) bool {
	if e, ok := errors.AsType[*api.Error](err); ok {
		return e.Status >= 500
	}
	_, ok := errors.AsType[*api.UnreachableError](err)
	return ok
}

// take shows one event, unless it happened too long ago.
func (f *follower) take(e api.StreamEvent) error {
	var w words
	if err := json.Unmarshal(e.Data, &w); err != nil {
		return fmt.Errorf("event %s: %w", e.ID, err)
	}
	if e.Type == "gap" && !f.seen && !f.from.IsZero() {
		return nil // nobody asked for all that ever was
	}
	first := !f.seen
	f.seen = true
	f.options.After = cmp.Or(e.ID, f.options.After)
	if w.Timestamp.Before(f.from) {
		return nil
	}
	return f.show(e, w, first)
}

func (f *follower) show(e api.StreamEvent, w words, first bool) error {
	const columns = "%-16s  %-24s  %-33s  %s\n"
	switch f.output {
	case "json", "yaml":
		data := e.Data
		if e.ID != "" {
			data = append([]byte(`{"number":`+e.ID+`,`), bytes.TrimPrefix(data, []byte("{"))...)
		}
		if f.output == "yaml" {
			text, err := yaml.JSONToYAML(data)
			if err != nil {
				return fmt.Errorf("write YAML: %w", err)
			}
			_, err = fmt.Fprintf(f.out, "---\n%s", text)
			return err
		}
		_, err := fmt.Fprintf(f.out, "%s\n", data)
		return err
	}
	if first {
		if _, err := fmt.Fprintf(f.out, columns, "EVENT", "TIME", "TYPE", "WHAT"); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(f.out, columns, cmp.Or(e.ID, "-"), w.Timestamp, e.Type, w.text())
	return err
}

// words are the members of events that a line tells.
type words struct {
	Timestamp  api.Time
	ID         string
	AppID      string
	RunSpecID  string
	InstanceID string
	TaskID     string
	TaskStatus string
	Condition  string
	Healthy    *bool
	Alive      *bool
	GroupID    string
	AgentID    string
	Master     string
	Host       string
	Message    string
	Reason     string
	LastLost   json.Number
	Plan       struct {
		ID    string
		Steps []api.Step
	}
	CurrentStep   api.Step
	AppDefinition struct{ ID string }
	RemoteAddress string
	Tasks         int
	Volumes       []string
}

// text says what happened to what, and why.
func (w *words) text() string {
	parts := []string{shortTask(cmp.Or(w.TaskID, w.InstanceID, w.AppID, w.RunSpecID, w.AppDefinition.ID, w.GroupID, w.ID, w.Plan.ID))}
	add := func(before, text string) {
		if text != "" {
			parts = append(parts, before+text)
		}
	}
	add("", cmp.Or(w.TaskStatus, w.Condition))
	if health := cmp.Or(w.Healthy, w.Alive); health != nil {
		add("", map[bool]string{true: "healthy", false: "unhealthy"}[*health])
	}
	for _, a := range w.CurrentStep.Actions {
		add("", a.Action+" "+a.App)
	}
	add("", strings.Join(w.Volumes, " "))
	if w.Tasks > 0 {
		add("", strconv.Itoa(w.Tasks)+" tasks")
	}
	add("on ", cmp.Or(w.Host, w.AgentID))
	add("", cmp.Or(w.Master, w.RemoteAddress))
	add("events are missing up to ", w.LastLost.String())
	text := strings.TrimSpace(strings.Join(parts, " "))
	if why := strings.ReplaceAll(cmp.Or(w.Reason, w.Message), "\n", " "); why != "" {
		text += ": " + why
	}
	return strings.TrimPrefix(text, ": ")
}
