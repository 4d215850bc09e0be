package api

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
)

// ignoredMembers are those at the top of an App that the API shows, or once took,
// and that have no effect in a definition ("Marathon, field table").
var ignoredMembers = map[string]bool{
	"version": true, "versionInfo": true, "tasks": true, "tasksStaged": true, "tasksRunning": true, "tasksHealthy": true,
	"tasksUnhealthy": true, "deployments": true, "lastTaskFailure": true, "taskStats": true, "readinessCheckResults": true,
	"storeUrls": true, "taskRateLimit": true,
}

// unknown lists the members of a document that no reader has asked for, each with
// the nearest one that exists. The document has been read before.
func unknown(doc value, again func(value)) []app.Problem {
	var found []value
	strangers(doc, &found, true)
	if len(found) == 0 {
		return nil
	}
	asked := map[string][]string{}
	again(value{path: doc.path, v: doc.v, r: &report{asked: asked}})
	var out []app.Problem
	for _, v := range found {
		at := strings.LastIndexByte(v.path, '/')
		out = append(out, app.Problem{Path: v.path, Text: "is no member that is known here" + suggestion(v.path[at+1:], asked[v.path[:at]])})
	}
	return out
}

// strangers collects the members below v that were not asked for.
func strangers(v value, found *[]value, top bool) {
	switch content := v.v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(content)) {
			m := value{path: v.path + "/" + name, v: content[name], r: v.r}
			switch {
			case m.v == nil, top && ignoredMembers[name]:
			case !v.r.read[m.path]:
				*found = append(*found, m)
			default:
				strangers(m, found, false)
			}
		}
	case []any:
		for i, e := range content {
			strangers(value{path: v.path + "(" + strconv.Itoa(i) + ")", v: e, r: v.r}, found, false)
		}
	}
}

// suggestion names the known member that a name was perhaps meant to be.
func suggestion(name string, known []string) string {
	best, distance := "", 1+len(name)/3
	for _, k := range known {
		if d := edits(strings.ToLower(name), strings.ToLower(k)); d <= distance && (best == "" || d < distance) {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + strconv.Quote(best) + "?"
}

// edits counts the letters to insert, delete or replace to make b of a.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
