package core

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

func TestARefusedDefinitionIsToldItsLargestMember(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1000)
	pair, bridge := map[string]string{"a": long}, []app.Network{{Mode: app.Bridge}}
	for path, run := range map[string]runspec.Run{
		"/cmd": {Cmd: long}, "/args": {Args: []string{"a", long}}, "/user": {User: long}, "/labels": {Labels: pair},
		"/env":                    {Cmd: long[:600], Env: map[string]string{"a": long[:500]}, EnvSecrets: map[string]string{"b": long[:500]}},
		"/resourceLimits":         {Limits: map[string]app.Limit{long: {}}},
		"/executor":               {Executor: long},
		"/constraints":            {Constraints: []constraint.Constraint{{Field: "a", Value: long}}},
		"/acceptedResourceRoles":  {AcceptedResourceRoles: []string{long}},
		"/fetch":                  {Fetch: []app.Fetch{{URI: long}}},
		"/networks":               {Networks: []app.Network{{Mode: app.Host, Labels: pair}}},
		"/portDefinitions":        {Ports: []app.Port{{Labels: pair}}},
		"/container/portMappings": {Networks: bridge, Container: &app.Container{}, Ports: []app.Port{{Labels: pair}}},
		"/healthChecks":           {HealthChecks: []app.HealthCheck{{Command: long}}},
		"/container":              {Container: &app.Container{Volumes: []app.Volume{{External: &app.ExternalVolume{Options: pair}}}}},
	} {
		wantPath(t, &app.Spec{Run: run}, path)
	}
	for path, s := range map[string]*app.Spec{
		"/secrets": {Secrets: pair}, "/readinessChecks": {Readiness: []app.ReadinessCheck{{Path: long}}},
		"/check": {Check: &app.Check{Command: []string{long}}}, "/dependencies": {Dependencies: []app.ID{app.ID(long)}},
	} {
		wantPath(t, s, path)
	}
}

func wantPath(t *testing.T, s *app.Spec, want string) {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Rand, cfg.Storable = rand.New(rand.NewPCG(1, 1)), func(*app.Spec) error { return errors.New("too large") }
	state := New(cfg, placement.NewCluster(placement.Config{}), Stored{}, time.Unix(0, 0))
	s.ID = "/web"
	e := state.Step(time.Unix(1, 0), Asked{Command: ChangeApps{Changes: []AppChange{{Spec: s}}}})
	refusal, ok := errors.AsType[*UnstorableError](e.Replies[0].Err)
	if !ok || refusal.Path != want || len(e.Persist) > 0 {
		t.Errorf("%s: got %v with path %q", want, e.Replies[0].Err, refusal.Path)
	}
}
