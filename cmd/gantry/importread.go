package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
)

// marathonSource is what was read of a Marathon, as far as it is wanted.
type marathonSource struct {
	apps  []map[string]any
	needs []groupNeeds
	pods  []string
}

// groupNeeds is a group with what it depends on.
type groupNeeds struct {
	ID           string   `json:"id"`
	Dependencies []string `json:"dependencies"`
}

// name is where apps come from, without a password.
func (im *importing) name() string {
	if u, err := url.Parse(im.from); err == nil && u.User != nil {
		return u.Redacted()
	}
	return im.from
}

// read reads the source.
func (im *importing) read(ctx context.Context, cmd *cobra.Command) (marathonSource, error) {
	tree, err := im.tree(ctx, cmd)
	if err != nil {
		return marathonSource{}, fmt.Errorf("read %s: %w", im.name(), err)
	}
	var out marathonSource
	if err := im.collect(tree, &out); err != nil {
		return out, fmt.Errorf("read %s: %w", im.name(), err)
	}
	return out, nil
}

func (im *importing) tree(ctx context.Context, cmd *cobra.Command) (api.MarathonGroup, error) {
	if !strings.Contains(im.from, "://") {
		data, err := readInput(cmd, im.from)
		if err != nil {
			return api.MarathonGroup{}, err
		}
		return api.ReadMarathonTree(data)
	}
	marathon, err := api.NewClient(im.from)
	if err != nil {
		return api.MarathonGroup{}, usageError(err)
	}
	defer marathon.Close()
	if im.credentials != "" {
		user, password, err := readLogin(im.credentials)
		if err != nil {
			return api.MarathonGroup{}, usageError(fmt.Errorf("--from-credentials-file %s: %w", im.credentials, err))
		}
		marathon.Authenticate(user, password)
	}
	tree, err := marathon.MarathonTree(ctx)
	if e, ok := errors.AsType[*api.Error](err); ok && e.Status == http.StatusUnauthorized {
		return tree, fmt.Errorf("it asks for a user and a password: --from-credentials-file: %w", err)
	}
	return tree, err
}

// collect takes what is wanted of a group and of those below it.
func (im *importing) collect(g api.MarathonGroup, out *marathonSource) error {
	for _, raw := range g.Apps {
		var a map[string]any
		if err := json.Unmarshal(raw, &a); err != nil {
			return fmt.Errorf("an app of group %s is no object: %w", g.ID, err)
		}
		id, _ := a["id"].(string)
		if id == "" {
			return fmt.Errorf("an app of group %s has no id", g.ID)
		}
		if im.within(id) {
			out.apps = append(out.apps, a)
		}
	}
	for _, raw := range g.Pods {
		var pod struct {
			ID string
		}
		if json.Unmarshal(raw, &pod) == nil && im.within(pod.ID) {
			out.pods = append(out.pods, pod.ID)
		}
	}
	if len(g.Dependencies) > 0 && im.within(g.ID) {
		needs := groupNeeds{ID: g.ID}
		for _, d := range g.Dependencies {
			needs.Dependencies = append(needs.Dependencies, string(app.Canonical(g.ID).Parent().Resolve(d)))
		}
		out.needs = append(out.needs, needs)
	}
	for _, sub := range g.Groups {
		if err := im.collect(sub, out); err != nil {
			return err
		}
	}
	return nil
}
