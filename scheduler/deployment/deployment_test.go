package deployment

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/group"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

func spec(n int, minimum, over float64) *app.Spec {
	return &app.Spec{ID: "/web", Instances: n, Upgrade: app.UpgradeStrategy{MinimumHealthCapacity: minimum, MaximumOverCapacity: over}}
}

// The rows are the examples of Marathon's documentation: what a rolling upgrade
// of four (or one) working instances does first.
func TestRestartBeginsWithinTheUpgradeStrategy(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		n             int
		minimum, over float64
		start, end    int
	}{
		{4, 1, 1, 4, 0},
		{4, 1, 0.25, 1, 0},
		{4, 1, 0, 1, 0},
		{4, 0.5, 0, 0, 2},
		{4, 0, 0, 0, 4},
		{4, 0.5, 0.2, 0, 2},
		{1, 1, 0.5, 1, 0},
	} {
		t.Run(fmt.Sprintf("n=%d min=%v over=%v", row.n, row.minimum, row.over), func(t *testing.T) {
			t.Parallel()
			got := Advance(RestartApplication, spec(row.n, row.minimum, row.over), Tally{Old: row.n, OldReady: row.n})
			want := Next{Start: row.start, EndOld: row.end}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("next differs (-want +got):\n%s", d)
			}
		})
	}
}

func TestRestartWithPersistentVolumesEndsBeforeItStarts(t *testing.T) {
	t.Parallel()
	s := spec(3, 1, 0)
	s.Container = &app.Container{Volumes: []app.Volume{{Persistent: &app.PersistentVolume{}}}}
	if got, want := Advance(RestartApplication, s, Tally{Old: 3, OldReady: 3}), (Next{EndOld: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestScaleAndStop(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		kind ActionKind
		n    int
		now  Tally
		want Next
	}{
		{"grows", ScaleApplication, 3, Tally{Fresh: 1, FreshReady: 1}, Next{Start: 2}},
		{"waits for readiness", ScaleApplication, 3, Tally{Fresh: 3, FreshReady: 2}, Next{}},
		{"is done", ScaleApplication, 3, Tally{Fresh: 3, FreshReady: 3}, Next{Done: true}},
		{"shrinks", ScaleApplication, 1, Tally{Fresh: 3, FreshReady: 3}, Next{EndAny: 2}},
		{"waits for the end of kills", ScaleApplication, 1, Tally{Fresh: 1, FreshReady: 1, Outgoing: 2}, Next{}},
		{"replaces inactive ones", ScaleApplication, 2, Tally{Fresh: 1, FreshReady: 1, Inactive: 1}, Next{Start: 1}},
		{"stops all", StopApplication, 2, Tally{Old: 1, Fresh: 1, Inactive: 1}, Next{EndAny: 3}},
		{"waits for the last one", StopApplication, 2, Tally{Outgoing: 1}, Next{}},
		{"has stopped", StopApplication, 2, Tally{}, Next{Done: true}},
		{"starts nothing by itself", StartApplication, 2, Tally{}, Next{Done: true}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := Advance(row.kind, spec(row.n, 1, 1), row.now); got != row.want {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}

// A rolling upgrade, whatever the strategy and however its instances come up
// and die, keeps its bounds by its own doing and ends.
func TestRestartKeepsItsBoundsAndEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "instances")
		s := spec(n, float64(rapid.IntRange(0, 10).Draw(t, "minimum"))/10, float64(rapid.IntRange(0, 10).Draw(t, "over"))/10)
		now := Tally{Old: rapid.IntRange(0, 12).Draw(t, "old")}
		now.OldReady = rapid.IntRange(0, now.Old).Draw(t, "oldReady")
		for step := range 500 {
			next := Advance(RestartApplication, s, now)
			if next.Done {
				return
			}
			now = carryOut(t, s, now, next)
			now = happen(t, now, step)
		}
		t.Fatalf("not done after 500 steps: %+v", now)
	})
}

// carryOut applies starts and ends and checks the bounds.
func carryOut(t *rapid.T, s *app.Spec, now Tally, next Next) Tally {
	minReady, maxTotal := bounds(s, now.OldReady+now.FreshReady)
	idle := now.Old - now.OldReady
	lost := max(0, next.EndOld-idle)
	if lost > 0 && now.OldReady+now.FreshReady-lost < minReady {
		t.Fatalf("%+v ends %d working ones of %+v: below %d", next, lost, now, minReady)
	}
	if next.Start > 0 && now.Old+now.Fresh+now.Outgoing+next.Start > max(maxTotal, now.Old+now.Fresh+now.Outgoing) {
		t.Fatalf("%+v makes more than %d of %+v", next, maxTotal, now)
	}
	now.Old -= next.EndOld
	now.OldReady -= lost
	now.Outgoing += next.EndOld + next.EndFresh
	now.Fresh += next.Start - next.EndFresh
	now.FreshReady = min(now.FreshReady, now.Fresh)
	return now
}

// happen lets time pass: kills end, fresh ones get ready, and for a while some fall back.
func happen(t *rapid.T, now Tally, step int) Tally {
	now.Outgoing -= rapid.IntRange(0, now.Outgoing).Draw(t, "ended")
	now.FreshReady += rapid.IntRange(0, now.Fresh-now.FreshReady).Draw(t, "ready")
	if step < 20 {
		now.FreshReady -= rapid.IntRange(0, now.FreshReady).Draw(t, "unready")
	}
	if step > 100 {
		now.Outgoing, now.FreshReady = 0, now.Fresh
	}
	return now
}

func TestVictimsAreTheLeastLoss(t *testing.T) {
	t.Parallel()
	at := func(id string, c instance.Condition, minute int, ready bool) Copy {
		return Copy{&instance.Instance{ID: instance.ID(id), Condition: c, StartedAt: time.Unix(int64(60*minute), 0), Site: mesos.Site{AgentID: "a"}}, ready}
	}
	copies := []Copy{
		at("old", instance.Running, 1, true), at("young", instance.Running, 9, true), at("sick", instance.Running, 2, false),
		at("waiting", instance.Scheduled, 0, false), at("lost", instance.Unreachable, 1, false), at("staging", instance.Staging, 3, false),
	}
	s := spec(1, 1, 1)
	s.KillSelect = app.YoungestFirst
	want := []instance.ID{"waiting", "lost", "staging", "sick", "young", "old"}
	if d := cmp.Diff(want, Victims(s, copies, 9)); d != "" {
		t.Errorf("order differs (-want +got):\n%s", d)
	}
	s.KillSelect = app.OldestFirst
	if got := Victims(s, copies[:2], 1); got[0] != "old" {
		t.Errorf("oldest first: got %v", got)
	}
	if got := Victims(s, copies, 0); got != nil {
		t.Errorf("none wanted: got %v", got)
	}
}

func TestVictimsKeepGroupsEven(t *testing.T) {
	t.Parallel()
	set := func(items ...string) mesos.Attribute { return mesos.Attribute{Name: "f", Type: mesos.Set, Set: items} }
	ranges := func(end uint64) mesos.Attribute {
		return mesos.Attribute{Name: "f", Type: mesos.RangeSet, Ranges: resource.NewRanges(resource.Range{Begin: 1, End: end})}
	}
	scalar := func(n int64) mesos.Attribute {
		return mesos.Attribute{Name: "f", Type: mesos.Scalar, Scalar: resource.Units(n)}
	}
	text := func(v string) mesos.Attribute { return mesos.Attribute{Name: "f", Type: mesos.Text, Text: v} }
	for _, row := range []struct {
		field  string
		groups [3]mesos.Attribute
	}{
		{field: "hostname"}, {field: "@hostname"}, {field: "@region"}, {field: "@zone"},
		{"f", [3]mesos.Attribute{text("a"), text("b"), text("c")}},
		{"f", [3]mesos.Attribute{scalar(1), scalar(2), scalar(3)}},
		{"f", [3]mesos.Attribute{set("a"), set("b"), set("a", "b")}},
		{"f", [3]mesos.Attribute{ranges(2), ranges(3), ranges(4)}},
	} {
		s := spec(1, 1, 1)
		s.Constraints = []constraint.Constraint{{Field: row.field, Operator: constraint.GroupBy}}
		of := map[instance.ID]int{}
		var copies []Copy
		for n, g := range []int{1, 2, 0, 0, 0} {
			i := &instance.Instance{ID: instance.ID(strconv.Itoa(n)), Condition: instance.Running}
			name := strconv.Itoa(g)
			i.AgentID, i.Hostname, i.Domain = "x", name, mesos.Domain{Region: name, Zone: name}
			i.Attributes = []mesos.Attribute{row.groups[g]}
			copies, of[i.ID] = append(copies, Copy{i, true}), g
		}
		left := [3]int{3, 1, 1}
		for _, id := range Victims(s, copies, 2) {
			left[of[id]]--
		}
		if left != [3]int{1, 1, 1} {
			t.Errorf("%s %+v: got %v left per group, want one each", row.field, row.groups, left)
		}
	}
}

// world is a set of definitions before a change.
type world map[app.ID]*app.Spec

func (w world) Spec(id app.ID) *app.Spec { return w[id] }
func (w world) Below(g app.ID) []app.ID {
	var ids []app.ID
	for id := range w {
		if id.Within(g) {
			ids = append(ids, id)
		}
	}
	return ids
}
func (w world) Needs(app.ID) []app.ID { return nil }

func needs(id app.ID, deps ...app.ID) *app.Spec {
	return &app.Spec{ID: id, Instances: 1, Dependencies: deps}
}

func TestPlanFollowsDependencies(t *testing.T) {
	t.Parallel()
	db, api, web, old := needs("/db"), needs("/be/api", "/db"), needs("/web", "/be"), needs("/old", "/gone")
	gone := needs("/gone")
	changes := map[app.ID]Change{
		"/db": {Target: db}, "/be/api": {Target: api}, "/web": {Original: web, Target: web, Restart: true},
		"/old": {Original: old}, "/gone": {Original: gone},
	}
	got, err := Plan(changes, nil, world{"/web": web, "/old": old, "/gone": gone})
	want := []Step{
		{{StopApplication, "/old"}}, {{StopApplication, "/gone"}},
		{{StartApplication, "/be/api"}, {StartApplication, "/db"}},
		{{ScaleApplication, "/db"}}, {{ScaleApplication, "/be/api"}}, {{RestartApplication, "/web"}},
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("error %v, steps differ (-want +got):\n%s", err, d)
	}
}

func TestPlanRefusesACircle(t *testing.T) {
	t.Parallel()
	a, b := needs("/a", "/b"), needs("/b", "/a")
	_, err := Plan(map[app.ID]Change{"/a": {Target: a}}, nil, world{"/b": b})
	cycle, ok := errors.AsType[*group.CycleError](err)
	if !ok {
		t.Fatalf("got %v, want a CycleError", err)
	}
	if d := cmp.Diff([]app.ID{"/a", "/b", "/a"}, cycle.Cycle); d != "" {
		t.Errorf("circle differs (-want +got):\n%s", d)
	}
}

func TestPlanFollowsWhatGroupsNeed(t *testing.T) {
	t.Parallel()
	x, y, db := needs("/g/x"), needs("/g/h/y"), needs("/db/one")
	got, err := Plan(map[app.ID]Change{"/g/x": {Target: x}, "/g/h/y": {Original: y, Target: needs("/g/h/y")}, "/db/one": {Original: db, Target: needs("/db/one"), Restart: true}},
		map[app.ID][]app.ID{"/g": {"/db"}}, world{"/g/h/y": y, "/db/one": db})
	want := []Step{{{StartApplication, "/g/x"}}, {{RestartApplication, "/db/one"}}, {{ScaleApplication, "/g/h/y"}, {ScaleApplication, "/g/x"}}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("error %v, steps differ (-want +got):\n%s", err, d)
	}
}

// A group that gets to need another one makes a circle of Apps that nobody changes.
func TestPlanRefusesACircleOfWhatIsNotChanged(t *testing.T) {
	t.Parallel()
	before := world{"/g/x": needs("/g/x"), "/h/y": needs("/h/y", "/g")}
	_, err := Plan(nil, map[app.ID][]app.ID{"/g": {"/h"}}, before)
	if want := "Dependency graph has cyclic dependencies: /g/x -> /h -> /h/y -> /g -> /g/x"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// What goes is not in the way of what comes: a circle through it is none.
func TestPlanForgetsWhatGoes(t *testing.T) {
	t.Parallel()
	a, b := needs("/a"), needs("/b", "/a")
	got, err := Plan(map[app.ID]Change{"/a": {Original: a, Target: needs("/a", "/b"), Restart: true}, "/b": {Original: b}}, nil, world{"/a": a, "/b": b})
	want := []Step{{{StopApplication, "/b"}}, {{RestartApplication, "/a"}}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("error %v, steps differ (-want +got):\n%s", err, d)
	}
}
