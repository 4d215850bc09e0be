package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// shownMax is how many ids an error lists.
const shownMax = 5

// only returns the one id that given is, or begins. An id that none begins with
// is returned as it is, for the scheduler to refuse.
func only(kind, given string, known []string) (string, error) {
	if slices.Contains(known, given) {
		return given, nil
	}
	var found []string
	for _, id := range known {
		if strings.HasPrefix(id, given) || strings.HasPrefix(short(id), given) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return given, nil
	case 1:
		return found[0], nil
	}
	slices.Sort(found)
	rest := ""
	if len(found) > shownMax {
		rest = fmt.Sprintf("\n  and %d more", len(found)-shownMax)
		found = found[:shownMax]
	}
	return "", usageError(fmt.Errorf("%q is the beginning of several %ss; give more of it:\n  %s%s", given, kind, strings.Join(found, "\n  "), rest))
}

// short is a task's id as people type it.
func short(id string) string { return strings.Replace(id, ".instance-", ".", 1) }

// deploymentNamed returns the full id of a deployment.
func deploymentNamed(ctx context.Context, client *api.Client, given string) (string, error) {
	list, err := client.Deployments(ctx)
	if err != nil {
		return "", err
	}
	ids := make([]string, len(list))
	for i, d := range list {
		ids[i] = d.ID
	}
	return only("deployment", given, ids)
}

// taskNamed returns the full id of a task; one that has ended is not among those
// that are known, and needs its full id.
func taskNamed(ctx context.Context, client *api.Client, given string) (string, error) {
	if strings.Contains(given, "._app.") {
		return given, nil
	}
	tasks, err := client.Tasks(ctx, "")
	if err != nil {
		return "", err
	}
	ids := make([]string, len(tasks))
	for i, t := range tasks {
		ids[i] = t.ID
	}
	return only("task", given, ids)
}

// named returns the full ids of tasks and their Apps, and an error that names
// those that do not exist.
func named(ctx context.Context, client *api.Client, given []string) (ids, apps []string, err error) {
	tasks, err := client.Tasks(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	appOf := map[string]string{}
	for _, t := range tasks {
		appOf[t.ID] = t.AppID
	}
	known := slices.Sorted(maps.Keys(appOf))
	wanted := map[string]bool{}
	for _, text := range given {
		id, err := only("task", text, known)
		if err != nil {
			return nil, nil, err
		}
		if appOf[id] == "" {
			return nil, nil, fmt.Errorf("task %q does not exist; nothing was ended. See 'gantry task list'", text)
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		wanted[appOf[id]] = true
	}
	return ids, slices.Sorted(maps.Keys(wanted)), nil
}
