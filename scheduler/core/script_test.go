package core_test

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/fault"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/pkg/why"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/core/coretest"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

var update = flag.Bool("update", false, "write the effects seen into the scripts")

// TestScripts replays testdata/*.txtar: events in, effects out.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in, want := string(section(a, "in")), string(section(a, "want"))
			got := newScript(t).run(in)
			if *update {
				a.Files = []txtar.File{{Name: "in", Data: []byte(in)}, {Name: "want", Data: []byte(got)}}
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := diff.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); d != "" {
				t.Errorf("effects differ (-want +got):\n%s", d)
			}
		})
	}
}

// TestLookingAtAStateChangesNothing goes through the scripts with a View after
// each step, as the loop takes them, and with none but those that a script asks for.
func TestLookingAtAStateChangesNothing(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		in := string(section(a, "in"))
		unseen := newScript(t)
		unseen.unseen = true
		if d := diff.Diff(newScript(t).run(in), unseen.run(in)); d != "" {
			t.Errorf("%s (-seen +unseen):\n%s", file, d)
		}
	}
}

func section(a *txtar.Archive, name string) []byte {
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// script steps a State by lines of text and writes down the effects. It plays
// the store, too: "crash" makes a new State from what was persisted.
type script struct {
	t *testing.T
	// unseen says that no View is taken after a step.
	unseen bool
	state  *core.State
	store  *coretest.Memory
	now    time.Time
	wake   time.Time
	reply  uint64
	boots  uint64
	out    strings.Builder
	names  coretest.Names
}

var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newScript(t *testing.T) *script {
	t.Helper()
	s := &script{t: t, store: coretest.NewMemory(), now: began, names: coretest.NewNames()}
	s.boot()
	return s
}

func (s *script) boot() {
	s.boots++
	cfg := core.DefaultConfig()
	cfg.Rand = rand.New(rand.NewPCG(1, s.boots))
	cfg.ParseReport = reportOf
	s.state = core.New(cfg, placement.NewCluster(placement.Config{}), s.store.Stored(), s.now)
}

func (s *script) run(in string) string {
	for line := range strings.SplitSeq(strings.TrimSpace(in), "\n") {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		clock, rest, _ := strings.Cut(line, " ")
		at := s.clock(clock)
		for !s.wake.IsZero() && s.wake.Before(at) {
			s.now = s.wake
			s.step("tick", core.Tick{})
		}
		s.now = at
		s.line(rest)
	}
	return s.out.String()
}

func (s *script) clock(text string) time.Time {
	m, sec, ok := strings.Cut(text, ":")
	minutes, err1 := strconv.Atoi(m)
	seconds, err2 := strconv.ParseFloat(sec, 64)
	if !ok || err1 != nil || err2 != nil {
		s.t.Fatalf("bad time %q", text)
	}
	return began.Add(time.Duration(minutes)*time.Minute + time.Duration(seconds*float64(time.Second)))
}

func (s *script) line(text string) {
	words := strings.Fields(text)
	args := map[string]string{}
	var plain []string
	for _, w := range words[1:] {
		if k, v, ok := strings.Cut(w, "="); ok && !strings.Contains(k, ":") {
			args[k] = v
			continue
		}
		plain = append(plain, w)
	}
	switch words[0] {
	case "queue":
		v, _ := s.state.View().App(app.Canonical(plain[0]))
		fmt.Fprintf(&s.out, "%s > %s\n        %d wait: %s\n", s.stamp(), text, v.Queue.Waiting, s.names.Shorten(why.Words(v.Queue.Cause)))
	case "health":
		v, _ := s.state.View().App(app.Canonical(plain[0]))
		fmt.Fprintf(&s.out, "%s > %s\n        %d healthy, %d not, %d of them spared\n", s.stamp(), text, v.Counts.Healthy, v.Counts.Unhealthy, v.Spared)
	case "lost":
		s.step(text, core.FromMesos{mesos.Failure{AgentID: mesos.AgentID(plain[0])}})
	case "crash":
		s.boot()
		fmt.Fprintf(&s.out, "%s > crash\n", s.stamp())
	case "tick":
		s.step(text, core.Tick{})
	case "subscribed":
		s.step(text, core.FromMesos{mesos.Subscribed{FrameworkID: mesos.FrameworkID(plain[0])}})
	case "message":
		m := mesos.FrameworkMessage{ExecutorID: mesos.ExecutorID(s.names.Task(plain[0])), AgentID: mesos.AgentID(plain[1]), Data: []byte(plain[2])}
		s.step(text, core.FromMesos{m})
	case "disconnected":
		s.step(text, core.FromMesos{mesos.Disconnected{}})
	case "offer":
		s.step(text, core.FromMesos{mesos.Offers{Offers: []mesos.Offer{s.offerOf(plain, args)}}})
	case "rescind":
		s.step(text, core.FromMesos{mesos.Rescind{OfferID: mesos.OfferID(plain[0])}})
	case "status":
		s.step(text, core.FromMesos{mesos.Update{Status: s.statusOf(plain, args)}})
	default:
		s.reply++
		s.step(text, core.Asked{Command: s.commandOf(words[0], plain, args), Reply: s.reply})
	}
}

// step prints the effects; ticks without any are left out.
func (s *script) step(text string, ev core.Event) {
	eff := s.state.Step(s.now, ev)
	s.wake = eff.Wake
	if !s.unseen {
		s.state.View()
	}
	for _, c := range eff.Persist {
		s.store.Apply(c)
	}
	lines := s.names.Describe(eff)
	if len(lines) == 0 && text == "tick" {
		return
	}
	fmt.Fprintf(&s.out, "%s > %s\n", s.stamp(), text)
	for _, l := range lines {
		fmt.Fprintf(&s.out, "        %s\n", l)
	}
}

func (s *script) stamp() string {
	d := s.now.Sub(began)
	return fmt.Sprintf("%02d:%06.3f", int(d.Minutes()), (d - d.Truncate(time.Minute)).Seconds())
}

func (s *script) commandOf(verb string, plain []string, args map[string]string) core.Command {
	if verb == "confirm" {
		return core.ConfirmKills{}
	}
	if verb == "quota" {
		return s.quotaOf(plain[0])
	}
	force := args["force"] == "true"
	id := app.Canonical(plain[0])
	switch verb {
	case "create", "change":
		c := core.ChangeApps{Force: force}
		for name := range strings.SplitSeq(plain[0], ",") {
			change := core.AppChange{Spec: s.specOf(app.Canonical(name), args), Create: verb == "create"}
			if args["base"] == "old" {
				change.Base = began
			}
			c.Changes = append(c.Changes, change)
		}
		return c
	case "rollback":
		return core.ChangeApps{Changes: []core.AppChange{{Spec: s.stored(id, 1), Rollback: true}}, Force: force}
	case "group", "ungroup", "regroup", "scalegroup":
		return s.groupOf(verb, id, plain[1:], args)
	case "restart":
		return core.RestartApp{ID: id, Force: force}
	case "delete":
		c := core.DeleteApps{Force: force}
		for name := range strings.SplitSeq(plain[0], ",") {
			c.IDs = append(c.IDs, app.Canonical(name))
		}
		return c
	case "kill":
		var tasks []mesos.TaskID
		for name := range strings.SplitSeq(plain[0], ",") {
			tasks = append(tasks, s.names.Task(name))
		}
		return core.KillTasks{Tasks: tasks, Scale: args["scale"] == "true", Wipe: args["wipe"] == "true", Force: force}
	case "gone":
		return core.TaskGone{Task: s.names.Task(plain[0])}
	case "cancel":
		return core.CancelDeployment{ID: deployment.ID(s.names.Full(plain[0])), Force: force}
	case "letgo":
		return core.LetGo{Tasks: []mesos.TaskID{s.names.Task(plain[0])}}
	case "undelay":
		return core.ResetDelay{ID: id}
	default:
		s.t.Fatalf("unknown line %q", verb)
		return nil
	}
}

// quotaOf reads "/prod:cpus=-4", or "/prod" to undo that.
func (s *script) quotaOf(text string) core.Command {
	if !strings.Contains(text, ":") {
		return core.SetQuota{Queue: text}
	}
	path, q, err := fairshare.ParseQuota(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return core.SetQuota{Queue: path, Quota: &q}
}

// specOf starts from the App's definition, if there is one, and overrides it.
func (s *script) specOf(id app.ID, args map[string]string) *app.Spec {
	spec := app.Spec{
		ID:         id,
		Instances:  1,
		Backoff:    app.Backoff{Initial: time.Second, Factor: 2, Max: time.Minute},
		Upgrade:    app.UpgradeStrategy{MinimumHealthCapacity: 1, MaximumOverCapacity: 1},
		KillSelect: app.YoungestFirst,
		Run: runspec.Run{
			Cmd:       "run",
			Resources: resource.Vector{CPUs: 1000, Mem: resource.Units(64)},
			Networks:  []app.Network{{Mode: app.Host}},
		},
	}
	if now := s.stored(id, 0); now != nil {
		spec = *now
	}
	for k, v := range args {
		s.override(&spec, k, v)
	}
	return &spec
}

// stored is the definition that an App had so many versions ago, nil if it had none.
func (s *script) stored(id app.ID, ago int) *app.Spec {
	versions := s.store.Versions[id]
	if len(versions) <= ago {
		return nil
	}
	return versions[len(versions)-1-ago]
}

func (s *script) override(spec *app.Spec, k, v string) {
	n, _ := strconv.ParseFloat(v, 64)
	switch k {
	case "instances":
		spec.Instances = int(n)
	case "cpus":
		spec.Resources.CPUs = resource.FromFloat(n)
	case "cmd":
		spec.Cmd = v
	case "over":
		spec.Upgrade.MaximumOverCapacity = n
	case "min":
		spec.Upgrade.MinimumHealthCapacity = n
	case "inactive":
		spec.Unreachable.InactiveAfter = time.Duration(n) * time.Second
		spec.Unreachable.ExpungeAfter = 2 * spec.Unreachable.InactiveAfter
	case "health":
		spec.HealthChecks = nil
		if v != "no" {
			spec.HealthChecks = []app.HealthCheck{{Protocol: app.HealthMesosHTTP, MaxConsecutiveFailures: int(n)}}
		}
	case "ready":
		spec.Readiness = []app.ReadinessCheck{{Name: "ready"}}
	case "needs":
		spec.Dependencies = []app.ID{app.Canonical(v)}
	case "ports":
		spec.Ports = make([]app.Port, int(n))
	case "port":
		spec.Ports = []app.Port{{ServicePort: int(n)}}
	case "disabled":
		spec.Unreachable = app.UnreachableStrategy{Disabled: true}
	case "priority":
		spec.Labels = map[string]string{app.PriorityLabel: v}
	case "queue":
		spec.Labels = map[string]string{app.QueueLabel: v}
	case "drain":
		spec.Labels = map[string]string{app.DrainLabel: "timeout=" + v}
	case "unique":
		spec.Constraints = []constraint.Constraint{{Field: v, Operator: constraint.Unique}}
	case "role":
		spec.Role = v
	case "volumes":
		resident(spec, strings.Split(v, ","))
	case "force", "base", "dryrun":
	default:
		s.t.Fatalf("unknown argument %q", k)
	}
}

// resident gives an App persistent volumes and what follows from them.
func resident(spec *app.Spec, paths []string) {
	spec.Container = &app.Container{}
	for _, p := range paths {
		v := app.Volume{ContainerPath: p, Persistent: &app.PersistentVolume{Type: "root", Size: resource.Units(100)}}
		spec.Container.Volumes = append(spec.Container.Volumes, v)
	}
	spec.Upgrade = app.UpgradeStrategy{MinimumHealthCapacity: 0.5}
	spec.Unreachable = app.UnreachableStrategy{Disabled: true}
}

func (s *script) offerOf(plain []string, args map[string]string) mesos.Offer {
	o := mesos.Offer{ID: mesos.OfferID(plain[0]), AgentID: mesos.AgentID(plain[1]), Hostname: cmp.Or(args["host"], plain[1]+".local"), Role: cmp.Or(args["role"], "*")}
	for _, name := range []string{"cpus", "mem", "disk"} {
		if n, err := strconv.ParseFloat(args[name], 64); err == nil || name != "disk" {
			o.Resources = append(o.Resources, mesos.Resource{Name: name, Type: mesos.Scalar, Scalar: resource.FromFloat(n), AllocationRole: o.Role})
		}
	}
	o.Resources = append(o.Resources, s.reservedOf(o.Role, args)...)
	if from, to, ok := strings.Cut(args["ports"], "-"); ok {
		b, _ := strconv.ParseUint(from, 10, 64)
		e, _ := strconv.ParseUint(to, 10, 64)
		o.Resources = append(o.Resources, mesos.Resource{Name: mesos.Ports, Type: mesos.RangeSet, Ranges: resource.NewRanges(resource.Range{Begin: b, End: e}), AllocationRole: "*"})
	}
	return o
}

// reservedOf is what is reserved for the instances named: with "bare" cpus and
// memory, with "home" a volume of the path given (db.1:data) as well.
func (s *script) reservedOf(role string, args map[string]string) []mesos.Resource {
	var out []mesos.Resource
	for text := range strings.SplitSeq(args["home"]+","+args["bare"], ",") {
		if text == "" {
			continue
		}
		name, path, volume := strings.Cut(text, ":")
		id := strings.TrimSuffix(string(s.names.Task(name+"/1")), "._app.1")
		stack := []mesos.Reservation{{Dynamic: true, Role: role, Labels: []mesos.Label{
			{Key: placement.InstanceLabel, Value: id}, {Key: placement.FrameworkLabel, Value: cmp.Or(args["framework"], "fw")},
		}}}
		own := func(name string, n resource.Scalar) mesos.Resource {
			return mesos.Resource{Name: name, Type: mesos.Scalar, Scalar: n, AllocationRole: role, Reservations: stack}
		}
		out = append(out, own(mesos.CPUs, 1000), own(mesos.Mem, resource.Units(64)))
		if volume {
			disk := own(mesos.Disk, resource.Units(100))
			disk.Disk = &mesos.DiskInfo{PersistenceID: placement.VolumeID(id, path), ContainerPath: path}
			out = append(out, disk)
		}
	}
	return out
}

func (s *script) statusOf(plain []string, args map[string]string) mesos.TaskStatus {
	state, ok := mesos.ParseTaskState(plain[1])
	if !ok {
		s.t.Fatalf("unknown state %q", plain[1])
	}
	st := mesos.TaskStatus{
		TaskID: s.names.Task(plain[0]), State: state, Reason: mesos.Reason(args["reason"]), Message: args["message"],
		UUID: []byte(args["uuid"]), AgentID: mesos.AgentID(args["agent"]),
	}
	if args["source"] == "master" {
		st.Source = mesos.SourceMaster
	}
	st.Labels = fault.Fault(args["fault"]).Labels()
	st.Data = []byte(args["report"])
	if h, ok := args["healthy"]; ok {
		healthy := h == "true"
		st.Healthy = &healthy
	}
	return st
}

// reportOf reads "3:ok+bad2+none+ready+wait": the report's number, then a result of
// each health check, and of each readiness check. Its times follow from its number.
func reportOf(data []byte) (*checkup.Report, error) {
	number, results, ok := strings.Cut(string(data), ":")
	if !ok {
		return nil, nil //nolint:nilnil // as the real one
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return nil, err
	}
	r := &checkup.Report{Number: n}
	at := began.Add(time.Duration(n) * time.Second)
	for word := range strings.SplitSeq(results, "+") {
		switch word {
		case "ok":
			r.Health = append(r.Health, checkup.Result{FirstSuccess: began, LastSuccess: at})
		case "none":
			r.Health = append(r.Health, checkup.Result{})
		case "ready", "wait":
			r.Readiness = append(r.Readiness, checkup.Readiness{Name: "ready", Ready: word == "ready"})
		default:
			failures, _ := strconv.Atoi(strings.TrimPrefix(word, "bad"))
			r.Health = append(r.Health, checkup.Result{LastFailure: at, Failures: failures, Cause: "refused"})
		}
	}
	return r, nil
}
