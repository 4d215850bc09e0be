package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// goal is what a deployment shall reach.
type goal struct {
	result api.DeploymentResult
	apps   []string
	// gone are those of the Apps that shall not exist afterwards.
	gone []string
}

// goalOf is the goal of a deployment under way: its Apps have its version and
// run, or are gone.
func goalOf(d api.Deployment) goal {
	g := goal{apps: d.AffectedApps, result: api.DeploymentResult{DeploymentID: d.ID, Version: d.Version}}
	for _, step := range d.Steps {
		for _, a := range step.Actions {
			if a.Action == "StopApplication" {
				g.gone = append(g.gone, a.App)
			}
		}
	}
	return g
}

// wait follows a deployment to its end and fails unless its goal is reached.
func (c *cli) wait(ctx context.Context, client *api.Client, cmd *cobra.Command, timeout time.Duration, g goal) error {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, fmt.Errorf("deployment %s has not ended after %v", g.result.DeploymentID, timeout))
		defer cancel()
	}
	p := newProgress(cmd.ErrOrStderr(), g)
	defer p.end()
	start := time.Now()
	ticker := time.NewTicker(c.poll)
	defer ticker.Stop()
	unreachable := 0
	for {
		ended, err := look(ctx, client, g, p)
		switch {
		case err == nil:
			unreachable = 0
		case !passing(err) || unreachable >= unreachableMax:
			return c.stopped(ctx, err, p, g)
		default:
			unreachable++
		}
		if ended {
			if err := reached(ctx, client, g, p); err != nil {
				return c.stopped(ctx, err, p, g)
			}
			p.finished(time.Since(start))
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return c.stopped(ctx, context.Cause(ctx), p, g)
		}
	}
}

// unreachableMax is how often in a row a scheduler may not answer before
// waiting ends: long enough for another one to take over.
const unreachableMax = 60

// passing reports whether an error may be over at the next look: nobody
// answers, or nobody leads.
func passing(err error) bool {
	if _, ok := errors.AsType[*api.UnreachableError](err); ok {
		return true
	}
	e, ok := errors.AsType[*api.Error](err)
	return ok && (e.Status == http.StatusBadGateway || e.Status == http.StatusServiceUnavailable)
}

// stopped explains why waiting ended before the deployment did.
func (c *cli) stopped(ctx context.Context, err error, p *progress, g goal) error {
	if ctx.Err() == nil {
		return err
	}
	p.end()
	cause := context.Cause(ctx)
	if errors.Is(cause, context.Canceled) {
		cause = errors.New("stopped waiting")
	}
	id := g.result.DeploymentID
	text := "; it goes on. Follow it with: gantry deployment wait " + id + "\nUndo it with: gantry deployment cancel " + id
	if p.trouble != "" {
		text = ": " + p.trouble + text
	}
	return fmt.Errorf("%w%s", cause, text)
}

// look takes one look at a deployment and its Apps and reports whether it has ended.
func look(ctx context.Context, client *api.Client, g goal, p *progress) (ended bool, err error) {
	list, err := client.Deployments(ctx)
	if err != nil {
		return false, err
	}
	if !slices.ContainsFunc(list, func(d api.Deployment) bool { return d.ID == g.result.DeploymentID }) {
		return true, nil
	}
	queue, err := client.Queue(ctx)
	if err != nil {
		return false, err
	}
	troubles := ""
	states := make([]appState, 0, len(g.apps))
	for _, id := range g.apps {
		s, err := stateOf(ctx, client, id, queue)
		if err != nil {
			return false, err
		}
		if s.trouble != "" && troubles == "" {
			troubles = id + ": " + s.trouble
		}
		states = append(states, s)
	}
	p.trouble = troubles
	p.show(states)
	return false, nil
}

// appState is an App as progress shows it.
type appState struct {
	id           string
	done, wanted int
	// text counts instances; trouble says what holds them up, as far as is known.
	text, trouble string
	// failure is the first line of what the last task failed with, if it is of this version.
	failure string
	exists  bool
	version time.Time
}

func stateOf(ctx context.Context, client *api.Client, id string, queue []api.QueueItem) (appState, error) {
	s := appState{id: id}
	a, err := client.App(ctx, id)
	if e, ok := errors.AsType[*api.Error](err); ok && e.Status == http.StatusNotFound {
		tasks, err := client.Tasks(ctx, "")
		if err != nil {
			return s, err
		}
		left := len(slices.DeleteFunc(tasks, func(t api.Task) bool { return t.AppID != id }))
		s.text = fmt.Sprintf("%d task(s) left", left)
		return s, nil
	}
	if err != nil {
		return s, err
	}
	s.exists, s.wanted, s.version = true, a.Instances, a.Version.Time
	s.count(a)
	s.trouble, s.failure = trouble(a, queue), lastFailure(a)
	return s, nil
}

// count counts an App's tasks: those of its newest version that run and are
// healthy, those that start, and those of older versions.
func (s *appState) count(a api.App) {
	running, starting, old := 0, 0, 0
	for _, t := range a.Tasks {
		switch {
		case onlyVolumes(t):
		case a.VersionInfo != nil && t.Version.Before(a.VersionInfo.LastConfigChangeAt.Time):
			old++
		case t.State == "TASK_STAGING" || t.State == "TASK_STARTING":
			starting++
		case t.State == "TASK_RUNNING":
			running++
			if len(a.HealthChecks) == 0 || taskHealth(t) == "healthy" {
				s.done++
			}
		}
	}
	s.text = fmt.Sprintf("%d of %d running", running, a.Instances)
	if len(a.HealthChecks) > 0 {
		s.text += fmt.Sprintf(", %d healthy", s.done)
	}
	if starting > 0 {
		s.text += fmt.Sprintf(", %d starting", starting)
	}
	if old > 0 {
		s.text += fmt.Sprintf(", %d of the old version", old)
	}
}

// troubleMax is how many characters of a trouble are shown: some lines of a terminal.
const troubleMax = 300

// trouble says why instances of an App do not come up; what the queue tells of
// the last failure is not told again.
func trouble(a api.App, queue []api.QueueItem) string {
	var texts []string
	for _, item := range queue {
		if item.App.ID == a.ID && item.Count > 0 && item.Explanation != "" {
			texts = append(texts, item.Explanation)
		}
	}
	text := strings.Join(texts, "; ")
	if f := a.LastTaskFailure; f != nil && !f.Version.Before(a.Version.Time) {
		if line := lastFailure(a); !strings.Contains(text, f.State) || !strings.Contains(text, line) {
			if text != "" {
				text += "; "
			}
			text += "last failure: " + f.State + " on " + f.Host + ": " + line
		}
		if strings.Contains(strings.TrimSpace(f.Message), "\n") {
			text += " ... (the rest: gantry app show " + a.ID + ")"
		}
	}
	if r := []rune(text); len(r) > troubleMax {
		text = string(r[:troubleMax]) + "... (the rest: gantry app show " + a.ID + ")"
	}
	return text
}

// lastFailure is the first line of what a task of an App's present version failed with.
func lastFailure(a api.App) string {
	f := a.LastTaskFailure
	if f == nil || f.Version.Before(a.Version.Time) {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(f.Message), "\n")
	return line
}

// reached fails unless the Apps are what the deployment was to make of them: a
// deployment that was cancelled, overridden or given up vanishes, too.
func reached(ctx context.Context, client *api.Client, g goal, p *progress) error {
	queue, err := client.Queue(ctx)
	if err != nil {
		return err
	}
	states := make([]appState, 0, len(g.apps))
	for _, id := range g.apps {
		s, err := stateOf(ctx, client, id, queue)
		if err != nil {
			return err
		}
		states = append(states, s)
	}
	p.show(states)
	for _, s := range states {
		if err := s.reached(g); err != nil {
			return err
		}
	}
	return nil
}

func (s appState) reached(g goal) error {
	unmet := func(text string) error {
		if s.trouble != "" {
			text += ": " + s.trouble
		}
		return fmt.Errorf("deployment %s has ended without reaching its goal: app %s %s\nSee: gantry app show %s", g.result.DeploymentID, s.id, text, s.id)
	}
	switch {
	case slices.Contains(g.gone, s.id) && s.exists:
		return unmet("still exists")
	case slices.Contains(g.gone, s.id):
		return nil
	case !s.exists:
		return unmet("does not exist any more")
	case !g.result.Version.IsZero() && s.version.After(g.result.Version.Time):
		return unmet("was changed again meanwhile")
	case s.done < s.wanted:
		return unmet("has " + s.text)
	default:
		return nil
	}
}
