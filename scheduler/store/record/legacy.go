package record

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/archive"
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

// migrate stores what was read in an old form in today's, after a copy of all records
// has been kept, where the store can keep one.
func (j *Journal) migrate(ctx context.Context, l *loading) error {
	j.migrated, j.copied = len(l.anew), ""
	if len(l.anew) == 0 {
		return nil
	}
	if keeper, ok := j.store.(store.Keeper); ok {
		name := fmt.Sprintf("before-format-%d-%s.gantry", format, time.Now().UTC().Format("20060102T150405"))
		if err := j.backUp(ctx, keeper, name); err != nil {
			return fmt.Errorf("back up the state before it is written in format %d: %w", format, err)
		}
		j.copied = name
	}
	return j.store.Append(ctx, l.anew)
}

// backUp keeps an archive of all records, and reads it back.
func (j *Journal) backUp(ctx context.Context, keeper store.Keeper, name string) error {
	var b bytes.Buffer
	w, err := archive.NewWriter(&b)
	if err != nil {
		return err
	}
	records := 0
	err = j.store.Load(ctx, func(key string, value []byte) error {
		records++
		return w.Add(key, value)
	})
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	if err := keeper.Keep(ctx, name, b.Bytes()); err != nil {
		return err
	}
	kept, err := keeper.Kept(ctx, name)
	if err != nil {
		return err
	}
	n, err := archive.Read(bytes.NewReader(kept), func(string, []byte) error { return nil })
	if err == nil && n != records {
		err = fmt.Errorf("%s has %d of %d records", name, n, records)
	}
	return err
}

// Copied returns the name of the copy that was kept before the last Load rewrote
// records, "" if it rewrote none.
func (j *Journal) Copied() string { return j.copied }

// Migrated returns how many records the last Load has rewritten from an older format.
func (j *Journal) Migrated() int { return j.migrated }
