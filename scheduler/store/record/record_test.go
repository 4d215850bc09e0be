package record

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/checkup"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/deployment"
	"github.com/gantry-mesos/gantry/scheduler/fairshare"
	"github.com/gantry-mesos/gantry/scheduler/instance"
	"github.com/gantry-mesos/gantry/scheduler/store"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
	"github.com/gantry-mesos/gantry/scheduler/volumes"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)

// full is an App that uses most of what a definition can say.
const full = `{
  "id": "/prod/web", "args": ["serve", "--fast"], "user": "nobody", "instances": 3, "cpus": 0.25, "mem": 64.5, "disk": 10,
  "env": {"A": "1", "B": ""}, "labels": {"x": "y"}, "acceptedResourceRoles": ["*"],
  "constraints": [["rack", "GROUP_BY", "2"], ["hostname", "UNIQUE"]], "fetch": [{"uri": "http://x/a.tgz", "cache": true}],
  "container": {"type": "DOCKER", "docker": {"image": "x:1", "forcePullImage": true, "parameters": [{"key": "cap-add", "value": "SYS_TIME"}]},
    "volumes": [{"containerPath": "/d", "hostPath": "/h", "mode": "RO"}],
    "portMappings": [{"containerPort": 80, "hostPort": 0, "servicePort": 10001, "name": "http", "labels": {"a": "b"}}]},
  "networks": [{"mode": "container/bridge"}],
  "healthChecks": [{"protocol": "MESOS_HTTP", "path": "/health", "portIndex": 0, "gracePeriodSeconds": 5}],
  "readinessChecks": [{"name": "ready", "portName": "http"}], "dependencies": ["/prod/db"],
  "upgradeStrategy": {"minimumHealthCapacity": 0.5, "maximumOverCapacity": 0.2}, "killSelection": "OLDEST_FIRST",
  "unreachableStrategy": {"inactiveAfterSeconds": 60, "expungeAfterSeconds": 120}, "taskKillGracePeriodSeconds": 7,
  "backoffSeconds": 2, "backoffFactor": 1.5, "maxLaunchDelaySeconds": 30
}`

func spec(t *testing.T) *app.Spec {
	t.Helper()
	s, err := api.ParseApp([]byte(full))
	if err != nil {
		t.Fatal(err)
	}
	s.Version, s.LastScalingAt, s.LastConfigChangeAt, s.RestartedAt = at, at.Add(-time.Hour), at.Add(-2*time.Hour), at.Add(-3*time.Hour)
	return s
}

func open(t *testing.T, dir string) *Journal {
	t.Helper()
	s, err := boltstore.Open(t.Context(), dir, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return New(s)
}

func TestWhatIsStoredIsLoaded(t *testing.T) {
	t.Parallel()
	s := spec(t)
	if port := s.Ports[0]; *port.HostPort != 0 || port.ServicePort != 10001 {
		t.Fatalf("host port %d, service port %d; want 0 and 10001", *port.HostPort, port.ServicePort)
	}
	old := *s
	old.Version = at.Add(-time.Minute)
	sick := false
	i := &instance.Instance{
		ID: "prod_web.instance-1", App: s.ID, Version: at, Goal: instance.GoalDecommissioned, Condition: instance.Running, Since: at.Add(1),
		Incarnation: 3, Site: mesos.Site{
			AgentID: "a1", Hostname: "h", Domain: mesos.Domain{Region: "r", Zone: "z"},
			Attributes: []mesos.Attribute{
				{Name: "rack", Type: mesos.Text, Text: "x"}, {Name: "n", Type: mesos.Scalar, Scalar: 1500},
				{Name: "r", Type: mesos.RangeSet, Ranges: resource.NewRanges(resource.Range{Begin: 1, End: 9})},
			},
		},
		HostPorts: []uint32{31000, 31001}, Resources: resource.Vector{CPUs: 250, Mem: 64500, Disk: 10000}, Role: "*",
		IPAddresses: []string{"172.17.0.2"}, StagedAt: at, StartedAt: at.Add(2), Healthy: &sick, Message: "m", Forgotten: true, Draining: true,
		Checks: &instance.Checks{
			Report: &checkup.Report{
				Number:    7,
				Health:    []checkup.Result{{FirstSuccess: at, LastSuccess: at.Add(1), LastFailure: at.Add(2), Cause: "refused", Failures: 3, Pace: time.Minute}, {}},
				Readiness: []checkup.Readiness{{Name: "ready", Ready: true, Response: &checkup.Response{Status: 200, ContentType: "text/plain", Body: "ok"}}},
			},
			General: &mesos.CheckStatus{Type: mesos.CheckCommand, Result: new(int64)}, Condemned: true, Replaced: true,
		},
		Home: &instance.Home{
			Site: mesos.Site{
				AgentID: "a1", Hostname: "h", Domain: mesos.Domain{Region: "r", Zone: "z"},
				Attributes: []mesos.Attribute{{Name: "rack", Type: mesos.Text, Text: "x"}},
			},
			Role: "db", Made: true,
			Volumes: []instance.Volume{{ContainerPath: "data", PersistenceID: "prod_web.instance-1#data"}},
		},
	}
	d := &deployment.Deployment{
		ID: "d1", Version: at, Current: 1, State: deployment.Active, Started: at, Progressed: at.Add(time.Second),
		Steps:    []deployment.Step{{{Kind: deployment.StartApplication, App: s.ID}}, {{Kind: deployment.RestartApplication, App: s.ID}}},
		Original: map[app.ID]*app.Spec{s.ID: &old}, Target: map[app.ID]*app.Spec{s.ID: s},
	}
	trouble := core.Trouble{Delay: time.Second, DelayUntil: at, Failure: &instance.TaskFailure{
		App: s.ID, TaskID: "t", AgentID: "a1", Host: "h", State: mesos.TaskFailed, Reason: "R", Message: "m", Version: at, Timestamp: at,
	}}
	quota := fairshare.Quota{
		Weight: 2.5, Guarantee: resource.Vector{CPUs: 1500, Mem: 1, Disk: 2, GPUs: 3}, Limit: resource.Vector{CPUs: 4000, Disk: 5, GPUs: fairshare.None},
	}
	want := core.Stored{
		Framework: "fw-1", Versions: []*app.Spec{&old, s}, Instances: []*instance.Instance{i},
		Deployments: []*deployment.Deployment{d}, Troubles: map[app.ID]core.Trouble{s.ID: trouble},
		Releases: map[instance.ID]volumes.Release{"prod_web.instance-0": {Agent: "a1", Role: "db", Since: at}},
		Quotas:   map[string]fairshare.Quota{"/": {Limit: quota.Limit}, "/prod/batch": quota},
	}
	gone := &instance.Instance{ID: "prod_web.instance-2", App: s.ID}
	j := open(t, t.TempDir())
	err := j.Append(t.Context(), []core.Change{
		core.PutFramework{ID: "fw-1"}, core.PutApp{Spec: &old}, core.PutApp{Spec: s}, core.PutInstance{Instance: i}, core.PutInstance{Instance: gone},
		core.PutDeployment{Deployment: d}, core.PutTrouble{App: s.ID, Trouble: trouble}, core.PutTrouble{App: "/x"}, core.PutDeployment{Deployment: &deployment.Deployment{ID: "d2"}},
		core.PutProgress{ID: "d1", Current: 1, Progressed: d.Progressed}, core.PutProgress{ID: "d2", Current: 3},
		core.PutRelease{ID: "prod_web.instance-0", Release: volumes.Release{Agent: "a1", Role: "db", Since: at}},
		core.PutRelease{ID: gone.ID}, core.DropRelease{ID: gone.ID},
		core.DropInstance{ID: gone.ID}, core.DropTrouble{App: "/x"}, core.DropDeployment{ID: "d2"},
		core.PutQuota{Queue: "/prod/batch", Quota: quota}, core.PutQuota{Queue: "/x"}, core.PutQuota{Queue: "/", Quota: fairshare.Quota{Limit: quota.Limit}}, core.DropQuota{Queue: "/x"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := j.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("loaded differs (-want +got):\n%s", d)
	}
	if err := j.Append(t.Context(), []core.Change{core.DropApp{ID: s.ID, Version: old.Version}}); err != nil {
		t.Fatal(err)
	}
	if got, _ := j.Load(t.Context()); len(got.Versions) != 1 || !got.Versions[0].Version.Equal(at) {
		t.Errorf("after dropping the old version: %d versions", len(got.Versions))
	}
}

// memory is a store that holds what a test puts into it.
type memory struct {
	store.Store
	key   string
	value []byte
}

func (m memory) Load(_ context.Context, fn func(string, []byte) error) error {
	return fn(m.key, m.value)
}

func TestARecordThatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, key string
		value     []byte
		want      string
	}{
		{"of a newer format", "instance/x", []byte{format + 1, 0}, "format 4 is newer than 3"},
		{"empty", "framework", nil, "empty record"},
		{"damaged", "instance/x", []byte{format, 0xff}, "stored record instance/x"},
		{"of an unknown kind", "thing/x", []byte{format}, "unknown kind of record"},
		{"with a bad definition", "app/x/1", []byte{format, 0x0a, 1, '{'}, "stored record app/x/1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := New(memory{key: row.key, value: row.value}).Load(t.Context())
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want an error with %q", err, row.want)
			}
		})
	}
}
