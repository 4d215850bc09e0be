package core

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
)

// storable fails if a new definition of a change does not fit into the store:
// nothing has changed then, while a write that fails ends the term.
func (s *State) storable(changes map[app.ID]deployment.Change) error {
	if s.cfg.Storable == nil {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(changes)) {
		c := changes[id]
		if c.Target == nil || c.Target == c.Original {
			continue
		}
		if err := s.cfg.Storable(c.Target); err != nil {
			return &UnstorableError{ID: id, Path: largest(c.Target), Err: err}
		}
	}
	return nil
}

// largest names the member of a definition whose texts take the most room.
func largest(s *app.Spec) string {
	sizes := map[string]int{}
	weigh(sizes, reflect.ValueOf(*s))
	if ports := sizes["/ports"]; s.HostNetworking() {
		sizes["/portDefinitions"] = ports
	} else {
		sizes["/container/portMappings"] = ports
	}
	delete(sizes, "/ports")
	paths := slices.Sorted(maps.Keys(sizes))
	return slices.MaxFunc(paths, func(a, b string) int { return cmp.Compare(sizes[a], sizes[b]) })
}

// memberNames are those that the API calls by another name.
var memberNames = map[string]string{"EnvSecrets": "env", "Limits": "resourceLimits", "Readiness": "readinessChecks"}

// weigh adds the room of each member to that of its path.
func weigh(sizes map[string]int, members reflect.Value) {
	for i := range members.NumField() {
		f := members.Type().Field(i)
		if f.Anonymous {
			weigh(sizes, members.Field(i))
			continue
		}
		name, ok := memberNames[f.Name]
		if !ok {
			name = strings.ToLower(f.Name[:1]) + f.Name[1:]
		}
		sizes["/"+name] += textSize(members.Field(i))
	}
}

// textSize is how many bytes the texts inside a value have.
func textSize(v reflect.Value) (n int) {
	switch v.Kind() { //nolint:exhaustive // all other kinds hold no text
	case reflect.String:
		return v.Len()
	case reflect.Pointer:
		if !v.IsNil() {
			return textSize(v.Elem())
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return 0
		}
		for i := range v.NumField() {
			n += textSize(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			n += textSize(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			n += textSize(key) + textSize(v.MapIndex(key))
		}
	}
	return n
}
