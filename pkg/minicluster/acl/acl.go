// Package acl reads the access control lists of Apache Mesos' --acls flag and decides by them.
//
// A list has entries for each action; an entry names principals ("subjects") and objects, for instance roles or users.
// The first entry that names both decides; if an entry names the subject but its objects are NONE, the answer is no.
// Without a matching entry the list's permissive setting decides, which is true by default.
package acl

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

// List is a set of access control lists. It implements the master's Authorizer.
type List struct {
	permissive bool
	entries    map[string][]entry
}

// entry is one rule of an action.
type entry struct {
	subjects, objects entity
}

// entity is a set of names.
type entity struct {
	Type   string   `json:"type"` // SOME (the default), ANY or NONE
	Values []string `json:"values"`
}

// objectKeys are the members of an entry that may name its objects. Which of them an action uses follows from the
// entry itself: it has one beside principals.
var objectKeys = []string{
	"roles", "users", "framework_principals", "reserver_principals", "creator_principals", "paths", "flags", "agents",
	"logs", "machines", "level", "volume_types", "role_principals", "weights",
}

// Parse reads the JSON object of the --acls flag.
func Parse(raw []byte) (*List, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("acls: %w", err)
	}
	l := &List{permissive: true, entries: map[string][]entry{}}
	for _, action := range slices.Sorted(maps.Keys(object)) {
		if action == "permissive" {
			if err := json.Unmarshal(object[action], &l.permissive); err != nil {
				return nil, fmt.Errorf("acls: permissive: %w", err)
			}
			continue
		}
		var rules []map[string]entity
		if err := json.Unmarshal(object[action], &rules); err != nil {
			return nil, fmt.Errorf("acls: %s: %w", action, err)
		}
		for _, rule := range rules {
			l.entries[action] = append(l.entries[action], newEntry(rule))
		}
	}
	return l, nil
}

func newEntry(rule map[string]entity) entry {
	e := entry{subjects: rule["principals"], objects: entity{Type: "ANY"}}
	for _, key := range objectKeys {
		if o, ok := rule[key]; ok {
			e.objects = o
		}
	}
	return e
}

// Authorized implements the master's Authorizer.
func (l *List) Authorized(principal *string, a master.Action, object string) bool {
	subject := ""
	if principal != nil {
		subject = *principal
	}
	return l.allowed(string(a), subject, principal != nil, object)
}

func (l *List) allowed(action, subject string, known bool, object string) bool {
	for _, e := range l.entries[action] {
		if !e.subjects.covers(subject, known) {
			continue
		}
		switch {
		case e.subjects.kind() == "NONE":
			return false
		case e.objects.kind() == "NONE":
			return false
		case e.objects.covers(object, object != ""):
			return true
		}
	}
	return l.permissive
}

func (e entity) kind() string {
	if e.Type == "" {
		return "SOME"
	}
	return strings.ToUpper(e.Type)
}

// covers tells whether the entity speaks of the name: ANY and NONE of all of them.
func (e entity) covers(name string, known bool) bool {
	if e.kind() != "SOME" {
		return true
	}
	return known && slices.Contains(e.Values, name)
}
