// Package arch checks which package may import which. The rules are the
// architecture (docs/architecture.md, "Arrows"); a build is fixed by moving
// code, never by widening a rule.
package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/gantry-mesos/gantry/"

// pure packages decide and do nothing else: equal input gives equal output.
var pure = []string{
	"scheduler/core", "scheduler/view", "scheduler/roster", "scheduler/groups", "scheduler/volumes", "scheduler/matching", "scheduler/instance", "scheduler/deployment", "scheduler/offer", "scheduler/placement",
	"scheduler/fairshare", "scheduler/reconciliation", "scheduler/discovery", "executor/core",
	"pkg/app", "pkg/group", "pkg/constraint", "pkg/resource", "pkg/backoff", "pkg/endpoint", "pkg/event", "pkg/runspec", "pkg/dockerparam", "pkg/fault", "pkg/checkup", "pkg/heap", "pkg/timer", "pkg/mesos", "pkg/why",
}

// forbidden in pure packages, each with the reason.
var forbidden = map[string]string{
	"context":                      "a pure package neither waits nor is cancelled",
	"sync":                         "one goroutine owns the state",
	"net":                          "IO belongs to the shell",
	"net/http":                     "IO belongs to the shell",
	"os":                           "IO belongs to the shell",
	"log":                          "what is worth a line is in the effects",
	"go.uber.org/zap":              "what is worth a line is in the effects",
	"math/rand":                    "randomness is an argument, from math/rand/v2",
	"github.com/gogo/protobuf":     "messages stop at pkg/mesos/wire and the record codec",
	"google.golang.org/protobuf":   "messages stop at pkg/mesos/wire and the record codec",
	"github.com/mesos/mesos-go":    "messages stop at pkg/mesos/wire",
	"github.com/go-zookeeper/zk":   "IO belongs to the shell",
	"github.com/moby/moby/client":  "IO belongs to the shell",
	"github.com/spf13/cobra":       "flags belong to cmd",
	"github.com/prometheus/common": "metrics belong to the shell",
}

// mesosGo lists who may import mesos-go's messages.
var mesosGo = []string{"pkg/mesos/wire", "pkg/mesos/schedapi", "pkg/mesos/execapi", "pkg/minicluster", "test/"}

// rules are the packages of the mini cluster that decide and do nothing else. Their language is mesos-go's messages.
var rules = []string{
	"pkg/minicluster/allocator", "pkg/minicluster/constraints", "pkg/minicluster/resources", "pkg/minicluster/validation",
}

// pkg is the part of `go list -json` that the rules look at.
type pkg struct {
	ImportPath   string
	Imports      []string
	Deps         []string
	TestImports  []string
	XTestImports []string
}

func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module) }

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps,TestImports,XTestImports", module+"...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return pkgs
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		pkgs = append(pkgs, p)
	}
}

// below reports whether name is one of the packages or inside one of them.
func below(name string, dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool {
		return name == strings.TrimSuffix(d, "/") || strings.HasPrefix(name, strings.TrimSuffix(d, "/")+"/")
	})
}

func TestPurePackagesImportOnlyPurePackages(t *testing.T) {
	for _, p := range list(t) {
		if !slices.Contains(pure, p.name()) {
			continue
		}
		for _, imp := range p.Imports {
			for bad, why := range forbidden {
				if imp == bad || strings.HasPrefix(imp, bad+"/") && bad != "net" && bad != "math/rand" && bad != "os" && bad != "log" {
					t.Errorf("%s imports %s: %s", p.name(), imp, why)
				}
			}
			if own, ok := strings.CutPrefix(imp, module); ok && !slices.Contains(pure, own) {
				t.Errorf("%s imports %s, which is not pure", p.name(), own)
			}
		}
		if p.name() != "scheduler/core" {
			continue
		}
		for _, dep := range p.Deps {
			if strings.Contains(dep, "protobuf") {
				t.Errorf("scheduler/core reaches %s: stored and sent messages are made outside", dep)
			}
		}
	}
}

// rooms are what the scheduler's core asks, and what each of them may know of the
// scheduler beside the packages that all of them use.
var rooms = map[string][]string{
	"scheduler/roster":   {"scheduler/deployment"},
	"scheduler/matching": {"scheduler/roster", "scheduler/placement", "scheduler/fairshare"},
	"scheduler/volumes":  {"scheduler/roster", "scheduler/placement"},
	"scheduler/groups":   {},
	"scheduler/view":     {"scheduler/groups", "scheduler/roster", "scheduler/placement", "scheduler/fairshare", "scheduler/deployment"},
}

func TestRoomsOfTheCoreKnowOnlyWhatTheyNeed(t *testing.T) {
	found := 0
	for _, p := range list(t) {
		may, room := rooms[p.name()]
		if !room {
			continue
		}
		found++
		for _, imp := range p.Imports {
			own, ok := strings.CutPrefix(imp, module)
			if ok && below(own, "scheduler") && own != "scheduler/instance" && !slices.Contains(may, own) {
				t.Errorf("%s imports %s: it may know %v; core brings rooms together", p.name(), own, may)
			}
		}
	}
	if found != len(rooms) {
		t.Errorf("found %d of %d rooms", found, len(rooms))
	}
}

func TestTheMiniClusterDecidesWithoutIO(t *testing.T) {
	for _, p := range list(t) {
		if !slices.Contains(rules, p.name()) {
			continue
		}
		for _, imp := range p.Imports {
			if own, ok := strings.CutPrefix(imp, module); ok && !slices.Contains(rules, own) {
				t.Errorf("%s imports %s, which does more than decide", p.name(), own)
			}
			for _, bad := range []string{"context", "sync", "net", "net/http", "os", "log", "go.uber.org/zap"} {
				if imp == bad {
					t.Errorf("%s imports %s: %s", p.name(), imp, forbidden[bad])
				}
			}
		}
	}
}

func TestTheEventLogKnowsEventsOnly(t *testing.T) {
	for _, p := range list(t) {
		for _, imp := range p.Imports {
			if own, ok := strings.CutPrefix(imp, module); ok && p.name() == "scheduler/eventlog" && own != "pkg/event" {
				t.Errorf("%s imports %s: it keeps events of all kinds alike, and its readers are others' matter", p.name(), own)
			}
		}
	}
}

func TestSchedulerAndExecutorDoNotKnowEachOther(t *testing.T) {
	for _, p := range list(t) {
		for _, imp := range p.Imports {
			own, ok := strings.CutPrefix(imp, module)
			if !ok {
				continue
			}
			switch {
			case below(p.name(), "scheduler") && below(own, "executor"), below(p.name(), "executor") && below(own, "scheduler"):
				t.Errorf("%s imports %s: they share pkg only", p.name(), own)
			case below(p.name(), "pkg") && below(own, "scheduler", "executor", "cmd"):
				t.Errorf("%s imports %s: pkg is used by them, not the other way round", p.name(), own)
			}
		}
	}
}

func TestMesosGoStopsAtTheWire(t *testing.T) {
	for _, p := range list(t) {
		for _, imp := range p.Imports {
			if strings.HasPrefix(imp, "github.com/mesos/mesos-go") && !below(p.name(), mesosGo...) {
				t.Errorf("%s imports %s: only %v may", p.name(), imp, mesosGo)
			}
			if strings.HasPrefix(imp, "github.com/mesos/mesos-go/api/v0") {
				t.Errorf("%s imports %s: the v0 API is not used", p.name(), imp)
			}
		}
	}
}

// Doubles and drivers of tests stand in packages of their own, which no program has in it.
func TestProgramsHoldNothingThatIsForTests(t *testing.T) {
	forTests := func(name string) bool {
		return below(name, "test") || strings.HasSuffix(name, "test")
	}
	for _, p := range list(t) {
		if forTests(p.name()) {
			continue
		}
		for _, imp := range p.Imports {
			if own, ok := strings.CutPrefix(imp, module); ok && forTests(own) {
				t.Errorf("%s imports %s, which is for tests", p.name(), own)
			}
		}
	}
}

func TestPackagesAreNamedAfterNouns(t *testing.T) {
	for _, p := range list(t) {
		last := p.name()[strings.LastIndexByte(p.name(), '/')+1:]
		if slices.Contains([]string{"util", "utils", "common", "helpers", "types", "models", "misc"}, last) {
			t.Errorf("%s: %q says nothing about what it owns", p.name(), last)
		}
	}
}
