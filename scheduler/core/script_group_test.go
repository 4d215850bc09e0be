package core_test

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/scheduler/core"
)

// groupOf makes the commands of groups:
//
//	group /shop web:instances=2,cmd=x db/ needs=/db   what is in it: Apps, and groups with a slash
//	ungroup /shop                                     removes it
//	regroup /shop 1                                   brings the version before the newest one back
//	scalegroup /shop 1.5
func (s *script) groupOf(verb string, id app.ID, words []string, args map[string]string) core.Command {
	c := core.ChangeGroup{ID: id, Force: args["force"] == "true", DryRun: args["dryrun"] == "true"}
	tree := s.state.View().Groups
	if g := tree.Group(id); g != nil {
		c.Base = g.Version
	}
	if args["base"] == "old" {
		c.Base = began
	}
	switch verb {
	case "group":
		c.Target = s.nodeOf(id, words, args)
	case "regroup":
		n, _ := strconv.Atoi(words[0])
		versions := tree.Versions(id)
		if n >= len(versions) {
			s.t.Fatalf("%s has versions %v", id, versions)
		}
		c.Target, c.Rollback = tree.At(id, versions[n], s.specsIn(id)), true
	case "scalegroup":
		by, _ := strconv.ParseFloat(words[0], 64)
		c.Target = tree.At(id, c.Base, s.specsIn(id)).Scaled(by)
	}
	return c
}

func (s *script) nodeOf(id app.ID, words []string, args map[string]string) *group.Node {
	g := group.Group{ID: id, EnforceRole: args["enforce"] == "true"}
	for need := range strings.SplitSeq(args["needs"], ",") {
		if need != "" {
			g.Dependencies = append(g.Dependencies, app.Canonical(need))
		}
	}
	var groups []*group.Group
	var apps []*app.Spec
	for _, word := range words {
		if name, ok := strings.CutSuffix(word, "/"); ok {
			groups = append(groups, &group.Group{ID: id.Resolve(name)})
			continue
		}
		name, text, _ := strings.Cut(word, ":")
		own := map[string]string{}
		for pair := range strings.SplitSeq(text, ",") {
			if k, v, ok := strings.Cut(pair, "="); ok {
				own[k] = v
			}
		}
		apps = append(apps, s.specOf(id.Resolve(name), own))
	}
	return group.Build(g, slices.Values(groups), slices.Values(apps))
}

// specsIn are the Apps in a group, without those that leave.
func (s *script) specsIn(id app.ID) func(yield func(*app.Spec) bool) {
	return func(yield func(*app.Spec) bool) {
		for _, below := range s.state.Below(id) {
			if spec := s.state.Spec(below); spec != nil && !yield(spec) {
				return
			}
		}
	}
}
