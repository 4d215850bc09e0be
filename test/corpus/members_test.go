package corpus

import (
	"reflect"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// unwalked are types with a form of their own: their members are named here.
var unwalked = map[reflect.Type][]string{
	reflect.TypeFor[api.EnvValue]():            {"secret"},
	reflect.TypeFor[api.UnreachableStrategy](): {"inactiveAfterSeconds", "expungeAfterSeconds"},
	reflect.TypeFor[api.Time]():                {},
}

// members are the paths of all members of an App's definition, "a.b.c"; the keys of
// maps and the positions in lists are left out.
func members() []string {
	var out []string
	definition := reflect.TypeFor[api.App]()
	for i := range definition.NumField() {
		f := definition.Field(i)
		if f.Anonymous || f.Name == "VersionInfo" {
			continue // written by the server
		}
		walk(f.Type, nameOf(f), &out)
	}
	return out
}

func nameOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

func walk(t reflect.Type, path string, out *[]string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	*out = append(*out, path)
	if names, ok := unwalked[t]; ok {
		for _, name := range names {
			*out = append(*out, path+"."+name)
		}
		return
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		walk(t.Field(i).Type, path+"."+nameOf(t.Field(i)), out)
	}
}

// chosen are the members whose own members are names that the user chose.
var chosen = map[string]bool{"env": true, "secrets": true, "labels": true}

// collect notes the paths of the members that a document has.
func collect(v any, path string, seen map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			collect(e, path, seen)
		}
	case map[string]any:
		for name, e := range v {
			at := strings.TrimPrefix(path+"."+name, ".")
			if chosen[path] {
				at = path + "[]"
			}
			seen[strings.ReplaceAll(at, "[]", "")] = true
			collect(e, at, seen)
		}
	}
}
