package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// difference is a member that is not the same in two definitions.
type difference struct {
	// Path leads to the member, such as "/container/docker".
	Path string `json:"path"`
	// Was and Is are the values before and after, null when there is none.
	Was any `json:"was"`
	Is  any `json:"is"`
	// Why says where it comes from.
	Why string `json:"why"`
}

// stateMembers are what an app's JSON tells beside its definition.
var stateMembers = []string{
	"version", "versionInfo", "tasks", "tasksStaged", "tasksRunning", "tasksHealthy", "tasksUnhealthy", "deployments", "lastTaskFailure",
	"readinessCheckResults", "taskStats", "tasksStats",
}

// older are members of older forms, each with those that it becomes.
var older = []struct {
	path    []string
	becomes []string
}{
	{[]string{"uris"}, []string{"/fetch"}},
	{[]string{"ports"}, []string{"/portDefinitions", "/container/portMappings"}},
	{[]string{"ipAddress"}, []string{"/networks", "/container", "/portDefinitions"}},
	{[]string{"container", "docker", "network"}, []string{"/networks", "/portDefinitions"}},
	{[]string{"container", "docker", "portMappings"}, []string{"/container/portMappings"}},
	{[]string{"storeUrls"}, nil},
	{[]string{"taskRateLimit"}, nil},
}

// document is a definition as JSON decodes it, without its state.
func document(a api.App) (map[string]any, error) {
	data, err := api.Marshal(a)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	for _, member := range stateMembers {
		delete(doc, member)
	}
	return doc, nil
}

// contentDifferences compares an app that is here with what its definition would
// make of it.
func contentDifferences(wanted, is api.App) ([]difference, error) {
	a, err := document(is)
	if err != nil {
		return nil, err
	}
	b, err := document(wanted)
	if err != nil {
		return nil, err
	}
	return compare("", a, b, func(string, any, any) string { return "changed here, or in Marathon" }), nil
}

// formDifferences compares a definition as Marathon told it with what it would be
// stored as. What Marathon did not tell has its default, which is the same.
func formDifferences(source map[string]any, tried api.App) ([]difference, error) {
	is, err := document(tried)
	if err != nil {
		return nil, err
	}
	var out []difference
	var become []string
	for _, form := range older {
		was, ok := taken(source, form.path)
		if !ok {
			continue
		}
		path := "/" + strings.Join(form.path, "/")
		if form.becomes == nil {
			out = append(out, difference{Path: path, Was: was, Why: "had no effect in Marathon for long, and has none here"})
			continue
		}
		become = append(become, form.becomes...)
		out = append(out, difference{Path: path, Was: was, Is: nil, Why: "an older form; becomes " + strings.Join(form.becomes, " and ")})
	}
	for _, d := range compare("", source, is, whyForm) {
		if d.Was != nil && !slices.ContainsFunc(become, func(path string) bool {
			return d.Path == path || strings.HasPrefix(d.Path, path+"/") || strings.HasPrefix(d.Path, path+"(")
		}) {
			out = append(out, d)
		}
	}
	return out, nil
}

// taken returns a member and takes it out of the document, so that it counts once.
func taken(doc map[string]any, path []string) (any, bool) {
	for _, name := range path[:len(path)-1] {
		sub, ok := doc[name].(map[string]any)
		if !ok {
			return nil, false
		}
		doc = sub
	}
	name := path[len(path)-1]
	v := doc[name]
	if empty(v) {
		return nil, false
	}
	delete(doc, name)
	return v, true
}

// whyForm says why a member is stored as something else.
func whyForm(path string, _, is any) string {
	member, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case is == nil:
		return "Gantry does not keep it"
	case member == "cpus" || member == "mem" || member == "disk" || member == "gpus":
		return "Mesos counts in thousandths"
	case member == "constraints":
		return "the same constraint twice counts once"
	default:
		return "stored in its canonical form"
	}
}

// compare lists the leaves in which two values differ. What is absent, null or
// empty is the same, as is a port of 0, which is still to be assigned.
func compare(path string, was, is any, why func(path string, was, is any) string) []difference {
	if empty(was) && empty(is) || reflect.DeepEqual(was, is) || strings.HasSuffix(strings.ToLower(path), "port") && is == 0.0 {
		return nil
	}
	a, isMap := was.(map[string]any)
	b, alsoMap := is.(map[string]any)
	if isMap && alsoMap {
		names := maps.Clone(a)
		maps.Copy(names, b)
		var out []difference
		for _, name := range slices.Sorted(maps.Keys(names)) {
			out = append(out, compare(path+"/"+name, a[name], b[name], why)...)
		}
		return out
	}
	x, isList := was.([]any)
	y, alsoList := is.([]any)
	if isList && alsoList && len(x) == len(y) {
		var out []difference
		for i := range x {
			out = append(out, compare(path+"("+strconv.Itoa(i)+")", x[i], y[i], why)...)
		}
		return out
	}
	if alike(path, was, is) {
		return nil
	}
	return []difference{{Path: path, Was: was, Is: is, Why: why(path, was, is)}}
}

// choices are members whose values are names, which may be in any case.
var choices = []string{"mode", "protocol", "type", "scheme", "ipProtocol", "killSelection"}

// alike reports whether two values mean the same: the number of a constraint may be
// a text, and names of choices may be in any case.
func alike(path string, was, is any) bool {
	a, b := fmt.Sprint(was), fmt.Sprint(is)
	member := path[strings.LastIndexByte(path, '/')+1:]
	return a == b && strings.HasPrefix(path, "/constraints") || slices.Contains(choices, member) && strings.EqualFold(a, b)
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	default:
		return false
	}
}
