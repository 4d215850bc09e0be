package record

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/app"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/store"
)

// planPartMax is how many Apps and how many actions one part of a plan has at
// most: with the longest ids both together stay below half of store.ValueMax.
const planPartMax = 400

// planRecords cuts a plan into parts.
func planRecords(d *deployment.Deployment) []*gantryv1.PlanRecord {
	var apps []*gantryv1.PlannedAppRecord
	ids := maps.Clone(d.Original)
	maps.Copy(ids, d.Target)
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		apps = append(apps, &gantryv1.PlannedAppRecord{AppId: string(id), OriginalMs: versionOf(d.Original[id]), TargetMs: versionOf(d.Target[id])})
	}
	var actions []*gantryv1.PlannedActionRecord
	for n, step := range d.Steps {
		for _, a := range step {
			actions = append(actions, &gantryv1.PlannedActionRecord{Step: uint32(n), Kind: uint32(a.Kind), AppId: string(a.App)})
		}
	}
	var parts []*gantryv1.PlanRecord
	for len(apps)+len(actions) > 0 {
		n, m := min(planPartMax, len(apps)), min(planPartMax, len(actions))
		parts = append(parts, &gantryv1.PlanRecord{Apps: apps[:n], Actions: actions[:m]})
		apps, actions = apps[n:], actions[m:]
	}
	return parts
}

func versionOf(s *app.Spec) int64 {
	if s == nil {
		return 0
	}
	return millis(s.Version)
}

func planKey(id deployment.ID, n int) string { return planPrefix + escape(id) + "/" + strconv.Itoa(n) }

// putDeployment writes a deployment as references to definitions, which have
// records of their own.
func (j *Journal) putDeployment(d *deployment.Deployment) ([]store.Change, error) {
	parts := planRecords(d)
	head, err := put(deploymentPrefix+escape(d.ID), &gantryv1.DeploymentRecord{
		Id: string(d.ID), VersionMs: millis(d.Version), Current: uint32(d.Current),
		StartedNs: nanos(d.Started), ProgressedNs: nanos(d.Progressed), Parts: uint32(len(parts)),
	})
	if err != nil {
		return nil, err
	}
	writes := []store.Change{head}
	for n, part := range parts {
		w, err := put(planKey(d.ID, n), part)
		if err != nil {
			return nil, err
		}
		writes = append(writes, w)
	}
	j.parts[d.ID] = len(parts)
	return writes, nil
}

// dropDeployment deletes all records of a deployment.
func (j *Journal) dropDeployment(id deployment.ID) []store.Change {
	writes := []store.Change{{Key: deploymentPrefix + escape(id)}, {Key: progressPrefix + escape(id)}}
	for n := range j.parts[id] {
		writes = append(writes, store.Change{Key: planKey(id, n)})
	}
	delete(j.parts, id)
	return writes
}

// loading gathers what a deployment is put together from: its records come in
// the order of their keys, the definitions that they refer to among them.
type loading struct {
	core.Stored
	plans     map[deployment.ID][]*gantryv1.PlanRecord
	progress  map[deployment.ID]*gantryv1.ProgressRecord
	wantParts map[deployment.ID]int
	edits     map[int64][]*gantryv1.EditRecord
	unknown   unknowns
	// anew is what is to be written in today's format.
	anew []store.Change
}

// readDeployment takes the head of a deployment, or the whole of one of format 1.
func (l *loading) readDeployment(r *gantryv1.DeploymentRecord) error {
	d := &deployment.Deployment{
		ID: deployment.ID(r.Id), Version: fromMillis(r.VersionMs), Current: int(r.Current), State: deployment.Active,
		Started: fromNanos(r.StartedNs), Progressed: fromNanos(r.ProgressedNs),
		Original: map[app.ID]*app.Spec{}, Target: map[app.ID]*app.Spec{},
	}
	l.Deployments = append(l.Deployments, d)
	l.wantParts[d.ID] = int(r.Parts)
	for _, s := range r.Steps {
		var step deployment.Step
		for _, a := range s.Actions {
			step = append(step, deployment.Action{Kind: deployment.ActionKind(a.Kind), App: app.ID(a.AppId)})
		}
		d.Steps = append(d.Steps, step)
	}
	if err := errors.Join(specsOf(d.Original, r.Original), specsOf(d.Target, r.Target)); err != nil {
		return err
	}
	return l.rewriteDeployment(r, d.Original, d.Target)
}

func specsOf(to map[app.ID]*app.Spec, records []*gantryv1.AppRecord) error {
	for _, r := range records {
		s, err := specOf(r)
		if err != nil {
			return err
		}
		to[s.ID] = s
	}
	return nil
}

func recordsOf(specs map[app.ID]*app.Spec) []*gantryv1.AppRecord {
	var out []*gantryv1.AppRecord
	for _, id := range slices.Sorted(maps.Keys(specs)) {
		out = append(out, appRecord(specs[id]))
	}
	return out
}

// readPlan takes a part of a plan by the rest of its key, "<id>/<n>".
func (l *loading) readPlan(rest string, r *gantryv1.PlanRecord) error {
	id, number, _ := strings.Cut(rest, "/")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return fmt.Errorf("part %q of a plan is no number", number)
	}
	parts := l.plans[deployment.ID(id)]
	for len(parts) <= n {
		parts = append(parts, nil)
	}
	parts[n] = r
	l.plans[deployment.ID(id)] = parts
	return nil
}

// reference names a definition.
type reference struct {
	app app.ID
	ms  int64
}

// join puts the deployments together once all records are read.
func (l *loading) join() error {
	specs := make(map[reference]*app.Spec, len(l.Versions)+len(l.Past))
	for _, s := range slices.Concat(l.Past, l.Versions) {
		specs[reference{s.ID, millis(s.Version)}] = s
	}
	for _, d := range l.Deployments {
		if err := l.complete(d, specs); err != nil {
			return &UnreadableError{Key: deploymentPrefix + escape(d.ID), Err: err}
		}
	}
	return l.joinEdits(specs)
}

// incomplete returns what refers to records that are not there.
func (l *loading) incomplete() []*UnreadableError {
	err := l.join()
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*UnreadableError](err); ok {
		return []*UnreadableError{e}
	}
	return []*UnreadableError{{Key: "the records together", Err: err}}
}

// complete gives a deployment its plan and its progress.
func (l *loading) complete(d *deployment.Deployment, specs map[reference]*app.Spec) error {
	parts := l.plans[d.ID]
	if len(parts) != l.wantParts[d.ID] || slices.Contains(parts, nil) {
		return fmt.Errorf("it has %d parts of its plan, %d are needed", len(parts), l.wantParts[d.ID])
	}
	for _, part := range parts {
		for _, a := range part.Apps {
			err := errors.Join(refer(d.Original, specs, reference{app.ID(a.AppId), a.OriginalMs}), refer(d.Target, specs, reference{app.ID(a.AppId), a.TargetMs}))
			if err != nil {
				return err
			}
		}
		for _, a := range part.Actions {
			for len(d.Steps) <= int(a.Step) {
				d.Steps = append(d.Steps, nil)
			}
			d.Steps[a.Step] = append(d.Steps[a.Step], deployment.Action{Kind: deployment.ActionKind(a.Kind), App: app.ID(a.AppId)})
		}
	}
	if p := l.progress[d.ID]; p != nil {
		d.Current, d.Progressed = int(p.Current), fromNanos(p.ProgressedNs)
	}
	if d.Current >= len(d.Steps) {
		return fmt.Errorf("it is at step %d of %d", d.Current+1, len(d.Steps))
	}
	return nil
}

// refer adds the definition that a reference names, if it names one.
func refer(to map[app.ID]*app.Spec, specs map[reference]*app.Spec, r reference) error {
	if r.ms == 0 {
		return nil
	}
	spec := specs[r]
	if spec == nil {
		return fmt.Errorf("it refers to version %s of app %s, which is not stored", fromMillis(r.ms).Format("2006-01-02T15:04:05.000Z"), r.app)
	}
	to[r.app] = spec
	return nil
}
