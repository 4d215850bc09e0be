package record

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
	"github.com/gantry-mesos/gantry/scheduler/store"
)

// Until format 2 a definition was stored as the API's JSON. Load rewrites all of
// it at the first start, so that the API's reader has its say once.

// specOfJSON reads a definition that was accepted before: whatever the rules are
// now, it is read by ones that allow it.
func specOfJSON(data []byte) (*app.Spec, error) {
	var own struct {
		Role string `json:"role"`
	}
	if err := json.Unmarshal(data, &own); err != nil {
		return nil, err
	}
	rules := app.Rules{Roles: []string{own.Role}, GPUs: true, Secrets: true, ExternalVolumes: true, AnyDockerParameter: true, MaxInstances: math.MaxInt32}
	return api.Reader{Rules: rules, Default: defaultOfThen}.App(data)
}

// defaultOfThen is what the API filled in when those formats were written. It stays
// as it is, whatever the API fills in now.
func defaultOfThen() app.Spec {
	return app.Spec{
		Instances: 1, Run: runspec.Run{Resources: resource.Vector{CPUs: resource.Units(1), Mem: resource.Units(128)}},
		Backoff: app.Backoff{Initial: time.Second, Factor: 1.15, Max: 300 * time.Second}, KillSelect: app.YoungestFirst,
	}
}

// rewriteApp notes that a definition is to be stored anew, unless it is of today's form.
func (l *loading) rewriteApp(r *gantryv1.AppRecord, s *app.Spec) error {
	if r.Spec != nil {
		return nil
	}
	return l.rewrite(put(appKey(s.ID, r.VersionMs), appRecord(s)))
}

// rewriteDeployment does so for a deployment of format 1, which holds definitions:
// it keeps them, in today's form, until it ends.
func (l *loading) rewriteDeployment(r *gantryv1.DeploymentRecord, original, target map[app.ID]*app.Spec) error {
	if len(r.Original)+len(r.Target) == 0 || allOfToday(r.Original) && allOfToday(r.Target) {
		return nil
	}
	anew := *r
	anew.Original, anew.Target = recordsOf(original), recordsOf(target)
	return l.rewrite(put(deploymentPrefix+escape(r.Id), &anew))
}

func allOfToday(records []*gantryv1.AppRecord) bool {
	for _, r := range records {
		if r.Spec == nil {
			return false
		}
	}
	return true
}

// rewrite adds a change for after loading. A record that was just small enough as
// JSON may be too large now; it stays as it is.
func (l *loading) rewrite(w store.Change, err error) error {
	if err == nil && len(w.Value) <= store.ValueMax {
		l.anew = append(l.anew, w)
	}
	return err
}

// migrate stores what was read in an old form in today's.
func (j *Journal) migrate(ctx context.Context, anew []store.Change) error {
	j.migrated = len(anew)
	if len(anew) == 0 {
		return nil
	}
	return j.store.Append(ctx, anew)
}

// Migrated returns how many records the last Load has rewritten from an older format.
func (j *Journal) Migrated() int { return j.migrated }
