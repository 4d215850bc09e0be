package api

import (
	"encoding/json"

	"github.com/gantry-mesos/gantry/pkg/group"
)

// Group is a group's JSON ("Marathon, groups"): its lists are always written.
type Group struct {
	ID   string `json:"id"`
	Apps []App  `json:"apps"`
	// Pods is empty: there are none.
	Pods         []json.RawMessage `json:"pods"`
	Groups       []Group           `json:"groups"`
	Dependencies []string          `json:"dependencies"`
	// EnforceRole is written only when true, for clients that do not know it.
	EnforceRole bool `json:"enforceRole,omitempty"`
	Version     Time `json:"version,omitzero"`
}

// GroupUpdate is what a request asks of a group: a version to return to, a factor
// for the instances of all its Apps, or what it is to be. Lists that are there
// replace those of the group.
type GroupUpdate struct {
	// ID is absolute, or relative to the path that is asked; default that path.
	ID string `json:"id,omitempty"`
	// Apps are complete definitions, with ids relative to the group.
	Apps         []App         `json:"apps,omitzero"`
	Groups       []GroupUpdate `json:"groups,omitzero"`
	Dependencies []string      `json:"dependencies,omitzero"`
	// EnforceRole has new Apps of a group at the top use its name as role.
	EnforceRole *bool `json:"enforceRole,omitempty"`
	// Version is that of an earlier version, alone in the request.
	Version Time `json:"version,omitzero"`
	// ScaleBy multiplies instances, alone in the request.
	ScaleBy *float64 `json:"scaleBy,omitempty"`
}

// FromGroup is a group with all that is in it, as the API shows it.
func FromGroup(n *group.Node) Group {
	g := Group{
		ID: string(n.ID), Apps: make([]App, 0, len(n.Apps)), Pods: []json.RawMessage{}, Groups: make([]Group, 0, len(n.Groups)),
		Dependencies: make([]string, 0, len(n.Dependencies)), EnforceRole: n.EnforceRole, Version: Time{n.Version},
	}
	for _, a := range n.Apps {
		g.Apps = append(g.Apps, FromSpec(a))
	}
	for _, sub := range n.Groups {
		g.Groups = append(g.Groups, FromGroup(sub))
	}
	for _, d := range n.Dependencies {
		g.Dependencies = append(g.Dependencies, string(d))
	}
	return g
}

// Plan is what a change would do, as a dry run answers it.
type Plan struct {
	Steps []Step `json:"steps"`
}
