package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
)

// importAction is what becomes of an app.
type importAction string

// What can become of an app.
const (
	actionCreate    importAction = "create"
	actionSame      importAction = "is here"
	actionDiffers   importAction = "differs, left alone"
	actionOverwrite importAction = "overwrite"
	actionRefused   importAction = "refused"
)

// importReport is all that an import does.
type importReport struct {
	From string       `json:"from"`
	Apps []importItem `json:"apps"`
	// Groups are those whose dependencies are set, Pods those that are not imported.
	Groups []groupNeeds `json:"groups"`
	Pods   []string     `json:"pods,omitempty"`
}

// importItem is what becomes of one app, and what will differ.
type importItem struct {
	App    string       `json:"app"`
	Action importAction `json:"action"`
	// Differences are members that will not be what they are in Marathon, or, of an
	// app that is here, that are not; Notes what works in another way.
	Differences []difference `json:"differences,omitempty"`
	Notes       []string     `json:"notes,omitempty"`
	// Reasons say why it is refused.
	Reasons []string `json:"reasons,omitempty"`

	definition []byte
	needs      []string
}

func (r *importReport) count(a importAction) int {
	n := 0
	for _, item := range r.Apps {
		if item.Action == a {
			n++
		}
	}
	return n
}

// tryApp finds out what becomes of one app.
func (im *importing) tryApp(ctx context.Context, client *api.Client, here present, source map[string]any) (importItem, error) {
	text, _ := source["id"].(string)
	item := importItem{App: string(app.Canonical(text)), Action: actionCreate}
	is, exists := here.apps[item.App]
	if im.suspended {
		source["instances"] = is.Instances // 0 of one that is not here
	}
	for _, member := range stateMembers {
		delete(source, member)
	}
	var err error
	if item.definition, err = api.Marshal(source); err != nil {
		return item, err
	}
	warn := client.Warn
	var warnings []string
	client.Warn = func(text string) { warnings = append(warnings, strings.TrimPrefix(text, "(0)")) }
	tried, err := client.TryApp(ctx, item.definition)
	client.Warn = warn
	if e, ok := errors.AsType[*api.Error](err); ok && e.Status >= 400 && e.Status < 500 {
		item.Action, item.Reasons = actionRefused, reasons(e)
		return item, nil
	}
	if err != nil {
		return item, err
	}
	item.needs = tried.Dependencies
	if item.Differences, err = formDifferences(source, tried); err != nil {
		return item, err
	}
	for _, text := range warnings {
		if strings.HasPrefix(text, "/dependencies(") {
			continue // it does not know what else is imported: see checkDependencies
		}
		if !slices.ContainsFunc(item.Differences, func(d difference) bool { return strings.HasPrefix(text, d.Path+" ") }) {
			item.Notes = append(item.Notes, text)
		}
	}
	item.Notes = append(item.Notes, behaviours(tried)...)
	if !exists {
		return item, nil
	}
	if item.Differences, err = contentDifferences(tried, is); err != nil {
		return item, err
	}
	switch {
	case len(item.Differences) == 0:
		item.Action, item.Notes = actionSame, nil
	case im.overwrite:
		item.Action = actionOverwrite
	default:
		item.Action = actionDiffers
	}
	return item, nil
}

// reasons are the texts of a refusal.
func reasons(e *api.Error) []string {
	if e.Status == http.StatusNotFound {
		return []string{"this scheduler is too old to try definitions: " + e.Message}
	}
	var out []string
	for _, d := range e.Details {
		for _, text := range d.Errors {
			if !strings.HasPrefix(text, "error.") {
				_, path, _ := strings.Cut(d.Path, "(0)") // the place in the list of one
				out = append(out, path+": "+text)
			}
		}
	}
	if out == nil {
		out = append(out, e.Message)
	}
	return out
}

// checkDependencies notes dependencies on what is neither here nor imported.
func (r *importReport) checkDependencies(here present) {
	known := func(id string) bool {
		for _, item := range r.Apps {
			if item.Action != actionRefused && (item.App == id || app.ID(item.App).Within(app.ID(id))) {
				return true
			}
		}
		for have := range here.apps {
			if have == id || app.ID(have).Within(app.ID(id)) {
				return true
			}
		}
		return false
	}
	for i := range r.Apps {
		for _, need := range r.Apps[i].needs {
			if !known(need) {
				r.Apps[i].Notes = append(r.Apps[i].Notes, "depends on "+need+", which is neither here nor imported: the dependency has no effect until it is")
			}
		}
	}
}

// printImport shows the report: as a table, of apps with something to say in full.
func (c *cli) printImport(cmd *cobra.Command, r *importReport) error {
	if c.output != "table" {
		return c.print(cmd.OutOrStdout(), r, nil)
	}
	err := c.print(cmd.OutOrStdout(), nil, func(t *table) {
		t.row("APP", "WHAT BECOMES OF IT", "DIFFERENCES", "NOTES")
		for _, item := range r.Apps {
			t.row(item.App, item.Action, len(item.Differences), len(item.Notes))
		}
	})
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, item := range r.Apps {
		item.tell(&b)
	}
	for _, g := range r.Groups {
		fmt.Fprintf(&b, "\ngroup %s will depend on %s\n", g.ID, strings.Join(g.Dependencies, ", "))
	}
	for _, pod := range r.Pods {
		fmt.Fprintf(&b, "\npod %s is not imported: pods are not served yet; what runs in one container can be an app\n", pod)
	}
	fmt.Fprintf(&b, "\n%d apps of %s: %d to create, %d to overwrite, %d here already, %d that differ and are left alone, %d refused\n",
		len(r.Apps), r.From, r.count(actionCreate), r.count(actionOverwrite), r.count(actionSame), r.count(actionDiffers), r.count(actionRefused))
	_, err = fmt.Fprint(cmd.OutOrStdout(), b.String())
	return err
}

// tell writes what there is to say of one app.
func (item *importItem) tell(b *strings.Builder) {
	if len(item.Differences)+len(item.Notes)+len(item.Reasons) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s: %s\n", item.App, item.Action)
	for _, reason := range item.Reasons {
		fmt.Fprintf(b, "  refused: %s\n", reason)
	}
	for _, d := range item.Differences {
		fmt.Fprintf(b, "  %s: %s -> %s: %s\n", d.Path, brief(d.Was), brief(d.Is), d.Why)
	}
	for _, note := range item.Notes {
		fmt.Fprintf(b, "  %s\n", note)
	}
}

// brief is a value as JSON, cut when it is long.
func brief(v any) string {
	if v == nil {
		return "absent"
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if r := []rune(string(data)); len(r) > 80 {
		return string(r[:80]) + "..."
	}
	return string(data)
}
