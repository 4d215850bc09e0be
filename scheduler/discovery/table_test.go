package discovery_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/endpoint"
	"github.com/gantry-mesos/gantry/pkg/event"
	"github.com/gantry-mesos/gantry/pkg/runspec"
	"github.com/gantry-mesos/gantry/scheduler/discovery"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

func TestWhatIsPublishedWhere(t *testing.T) {
	t.Parallel()
	port := func(mapped *int) []app.Port {
		return []app.Port{{ContainerPort: 80, HostPort: mapped, Protocol: "tcp"}}
	}
	zero := 0
	both := port(&zero)
	both[0].Labels = map[string]string{discovery.ScopeLabel: "host"}
	for _, row := range []struct {
		name     string
		networks []app.Network
		ports    []app.Port
		want     string
	}{
		{"the host's network", nil, []app.Port{{Protocol: "tcp"}}, "agent1:31000"},
		{"a bridge with a host port", []app.Network{{Mode: runspec.Bridge}}, port(&zero), "agent1:31000"},
		{"a bridge without one is unreachable", []app.Network{{Mode: runspec.Bridge}}, port(nil), ""},
		{"a network of its own", []app.Network{{Mode: runspec.ContainerNetwork}}, port(nil), "10.1.0.7:80"},
		{"a network of its own with a host port", []app.Network{{Mode: runspec.ContainerNetwork}}, port(&zero), "10.1.0.7:80"},
		{"the same, by choice on the host", []app.Network{{Mode: runspec.ContainerNetwork}}, both, "agent1:31000"},
	} {
		s := newStage(discovery.Config{})
		s.spec.Networks, s.spec.Ports = row.networks, row.ports
		s.put(0, func(i *instance.Instance) { i.HostPorts, i.IPAddresses = i.HostPorts[:1], []string{"10.1.0.7"} })
		got := ""
		if e := s.first(0); e != nil {
			got = e.Address()
		}
		if got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestAnEndpointTellsAll(t *testing.T) {
	t.Parallel()
	s := newStage(discovery.Config{Term: 7})
	s.Locate(s.now, "agent1", "10.0.0.1")
	s.put(0, nil)
	want := &endpoint.Endpoint{
		App: "/prod/web", Instance: "prod_web.instance-0000", Task: "prod_web.instance-0000._app.1", AppVersion: event.Time{Time: began}, Agent: "a1",
		Host: "agent1", IP: "10.0.0.1", Port: 31000, HostPort: 31000, PortName: "http", Protocol: "tcp", ServicePort: 10000, NetworkMode: "host",
		State: endpoint.Ready, Published: true, Weight: endpoint.Standard, Index: 1,
	}
	if d := cmp.Diff(want, s.first(0)); d != "" {
		t.Error(d)
	}
	s.Locate(s.now, "agent1", "10.0.0.2")
	if e := s.first(0); e.IP != "10.0.0.2" || e.Index != 2 {
		t.Errorf("after the agent moved: %+v", e)
	}
}

func TestTheStatesOfAnEndpoint(t *testing.T) {
	t.Parallel()
	s := newStage(discovery.Config{})
	s.spec.HealthChecks = []app.HealthCheck{{Protocol: app.HealthMesosHTTP}}
	s.spec.Instances = 1
	steps := []struct {
		name   string
		change func(*instance.Instance)
		want   endpoint.State
		weight int
	}{
		{"launched", func(i *instance.Instance) { i.Condition, i.StartedAt = instance.Provisioned, time.Time{} }, endpoint.Starting, 0},
		{"runs", func(i *instance.Instance) { i.Condition, i.StartedAt = instance.Running, began }, endpoint.Starting, 0},
		{"fails its first check", healthy(false), endpoint.Starting, 0},
		{"alive", healthy(true), endpoint.Ready, 100},
		{"sick", healthy(false), endpoint.Unhealthy, 0},
		{"alive again", healthy(true), endpoint.Ready, 100},
		{"out of sight", func(i *instance.Instance) { i.Condition = instance.Unreachable }, endpoint.Unreachable, 100},
		{"back", func(i *instance.Instance) { i.Condition = instance.Running }, endpoint.Ready, 100},
		{"not wanted any more", func(i *instance.Instance) { *i = *i.WithGoal(instance.GoalDecommissioned).Drained(began) }, endpoint.Draining, 0},
		{"over", func(i *instance.Instance) { i.Condition = instance.Killed }, 0, 0},
	}
	for _, step := range steps {
		s.put(0, step.change)
		var got endpoint.State
		weight := 0
		if e := s.first(0); e != nil {
			got, weight = e.State, e.Weight
		}
		if got != step.want || weight != step.weight {
			t.Errorf("%s: got %v with weight %d, want %v with %d", step.name, got, weight, step.want, step.weight)
		}
	}
}

func TestAnInstanceOutOfSightIsPublishedUntilAnotherTakesItsPlace(t *testing.T) {
	t.Parallel()
	s := newStage(discovery.Config{})
	s.spec.Instances = 1
	s.put(0, nil)
	s.put(0, func(i *instance.Instance) { i.Condition = instance.UnreachableInactive })
	s.put(1, func(i *instance.Instance) { i.Condition, i.StartedAt = instance.Starting, time.Time{} })
	if e := s.first(0); !e.Published || e.State != endpoint.Unreachable {
		t.Errorf("while its replacement starts: %+v", e)
	}
	s.put(1, func(i *instance.Instance) { i.Condition, i.StartedAt = instance.Running, began })
	if a, b := s.first(0), s.first(1); a.Published || !b.Published {
		t.Errorf("with its replacement ready: %+v, %+v", a, b)
	}
}

func TestABrokenCheckDoesNotEmptyARegistry(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		share float64
		want  int
	}{{0.5, 2}, {0, 0}, {1, 4}} {
		s := newStage(discovery.Config{GuardShare: row.share})
		s.spec.HealthChecks = []app.HealthCheck{{Protocol: app.HealthMesosHTTP}}
		for n := range 4 {
			s.put(n, healthy(true))
		}
		s.now = s.now.Add(time.Hour)
		for n := range 4 {
			s.now = s.now.Add(time.Second)
			s.put(n, healthy(false))
		}
		s.now = s.now.Add(time.Hour)
		s.show()
		if got := s.published(); got != row.want {
			t.Errorf("share %v: %d of 4 are published with all of them sick, want %d", row.share, got, row.want)
		}
		s.put(0, healthy(true))
		s.put(1, healthy(true))
		if got := s.published(); got != max(2, row.want) {
			t.Errorf("share %v: %d are published with two well, want %d", row.share, got, max(2, row.want))
		}
		// Scaling down is no reason to hold on to the sick.
		s.spec.Instances = 1
		s.drop(0)
		s.drop(1)
		if got := s.published(); got > 1 {
			t.Errorf("share %v: %d are published of an app that wants one", row.share, got)
		}
	}
}

// TestChangesAddUp has consumers follow a table at random: whatever they have
// missed, they end up with what the table has.
func TestChangesAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newStage(discovery.Config{Term: 3, GuardShare: 0.5})
		s.spec.HealthChecks = []app.HealthCheck{{Protocol: app.HealthMesosHTTP}}
		var sets [2]endpoint.Set
		selectors := []endpoint.Selector{{}, {Label: "GROUP=external"}}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			s.now = s.now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second)
			n := rapid.IntRange(0, 5).Draw(t, "instance")
			switch rapid.IntRange(0, 8).Draw(t, "what") {
			case 0:
				s.drop(n)
			case 1:
				s.Locate(s.now, "agent1", rapid.SampledFrom([]string{"", "10.0.0.1", "10.0.0.2"}).Draw(t, "ip"))
			case 2:
				next := *s.spec
				next.Version = next.Version.Add(time.Second)
				next.Labels = map[string]string{"GROUP": rapid.SampledFrom([]string{"external", "internal,external", "internal"}).Draw(t, "group")}
				s.spec = &next
				s.show()
			case 3:
				s.put(n, func(i *instance.Instance) { *i = *i.Drained(s.now) })
			case 4:
				s.put(n, func(i *instance.Instance) {
					i.Incarnation, i.Draining, i.Condition = i.Incarnation+1, false, instance.Running
				})
			case 5:
				s.Remove(s.spec.ID)
			default:
				s.put(n, healthy(rapid.Bool().Draw(t, "healthy")))
			}
			for k := range sets {
				if rapid.Bool().Draw(t, "looks") {
					follow(t, s, &sets[k], selectors[k])
				}
			}
		}
		for k := range sets {
			follow(t, s, &sets[k], selectors[k])
			var whole endpoint.Set
			whole.Apply(s.All(selectors[k]))
			if d := cmp.Diff(whole.Services(), sets[k].Services()); d != "" {
				t.Fatalf("consumer %d (-table +consumer):\n%s", k, d)
			}
		}
	})
}

func follow(t *rapid.T, s *stage, set *endpoint.Set, selector endpoint.Selector) {
	at, _ := endpoint.ParseIndex(set.Index())
	c := s.Since(at, selector)
	if set.Index() == "" && !c.Full {
		t.Fatal("the first answer is not full")
	}
	set.Apply(c)
}

func TestALaggardGetsAllOfTheTable(t *testing.T) {
	t.Parallel()
	s := newStage(discovery.Config{Term: 3})
	s.put(0, nil)
	at := s.Index()
	for n := range 1 << 14 {
		s.put(0, healthy(n%2 == 0))
		s.spec.HealthChecks = []app.HealthCheck{{Protocol: app.HealthMesosHTTP}}
	}
	if c := s.Since(at, endpoint.Selector{}); !c.Full {
		t.Error("what is not kept any more was told in part")
	}
	if c := s.Since(s.Index(), endpoint.Selector{}); c.Full || len(c.Endpoints) > 0 {
		t.Errorf("nothing new, told %+v", c)
	}
	if c := s.Since(endpoint.Index{Term: 2, Number: s.Index().Number}, endpoint.Selector{}); !c.Full {
		t.Error("an index of another term counted")
	}
}
