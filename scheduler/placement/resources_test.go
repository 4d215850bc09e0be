package placement_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// parseResources reads "cpus:4 mem(eng):64 ports(eng>+eng/web):1-3,7": the names
// in parentheses are reservations from outermost to innermost, + a dynamic one.
func parseResources(t *testing.T, role, text string) []mesos.Resource {
	t.Helper()
	var out []mesos.Resource
	for word := range strings.FieldsSeq(text) {
		name, amount, _ := strings.Cut(word, ":")
		name, stack, _ := strings.Cut(strings.TrimSuffix(name, ")"), "(")
		r := mesos.Resource{Name: name, Type: mesos.Scalar, AllocationRole: role}
		for level := range strings.FieldsFuncSeq(stack, func(c rune) bool { return c == '>' }) {
			is, dynamic := strings.CutPrefix(level, "+")
			v := mesos.Reservation{Role: is, Dynamic: dynamic}
			if dynamic {
				v.Principal = "p"
			}
			r.Reservations = append(r.Reservations, v)
		}
		switch name, kind, _ := strings.Cut(name, "@"); kind {
		case "mount":
			r.Name, r.Disk = name, &mesos.DiskInfo{Source: &mesos.DiskSource{Type: mesos.DiskMount, Root: "/m"}}
		case "revocable":
			r.Name, r.Revocable = name, true
		}
		if r.Name == mesos.Ports {
			r.Type = mesos.RangeSet
			for part := range strings.SplitSeq(amount, ",") {
				from, to, isRange := strings.Cut(part, "-")
				if !isRange {
					to = from
				}
				begin, err1 := strconv.ParseUint(from, 10, 64)
				end, err2 := strconv.ParseUint(to, 10, 64)
				if err1 != nil || err2 != nil {
					t.Fatalf("bad ports %q", part)
				}
				r.Ranges = append(r.Ranges, resource.Range{Begin: begin, End: end})
			}
		} else {
			f, err := strconv.ParseFloat(amount, 64)
			if err != nil {
				t.Fatal(err)
			}
			r.Scalar = resource.FromFloat(f)
		}
		out = append(out, r)
	}
	return out
}

// printResources is the inverse of parseResources.
func printResources(rs []mesos.Resource) string {
	var words []string
	for _, r := range rs {
		var stack []string
		for _, v := range r.Reservations {
			if v.Dynamic {
				v.Role = "+" + v.Role
			}
			stack = append(stack, v.Role)
		}
		word := r.Name
		if stack != nil {
			word += "(" + strings.Join(stack, ">") + ")"
		}
		var parts []string
		for _, p := range r.Ranges {
			part := strconv.FormatUint(p.Begin, 10)
			if p.End != p.Begin {
				part += "-" + strconv.FormatUint(p.End, 10)
			}
			parts = append(parts, part)
		}
		if r.Type == mesos.Scalar {
			parts = append(parts, r.Scalar.String())
		}
		words = append(words, word+":"+strings.Join(parts, ","))
	}
	return strings.Join(words, " ")
}

// TestWhatAnInstanceUses goes through roles, reservations, disks and ports: what
// an instance with 2 cpus and 128 MiB of an App of role eng/web takes of what
// one agent offers in one or several offers, "no" if it does not fit.
func TestWhatAnInstanceUses(t *testing.T) {
	t.Parallel()
	accept := func(roles ...string) func(s *app.Spec) { return func(s *app.Spec) { s.AcceptedResourceRoles = roles } }
	ports := func(numbers ...int) func(s *app.Spec) {
		return func(s *app.Spec) {
			for _, n := range numbers {
				s.Ports = append(s.Ports, app.Port{ServicePort: n})
			}
		}
	}
	require := func(numbers ...int) func(s *app.Spec) {
		return func(s *app.Spec) { ports(numbers...)(s); s.RequirePorts = true }
	}
	bridge := func(hostPorts ...int) func(s *app.Spec) {
		return func(s *app.Spec) {
			s.Networks = []app.Network{{Mode: app.Bridge}}
			for _, n := range hostPorts {
				p := app.Port{ContainerPort: 80}
				if n >= 0 {
					p.HostPort = &n
				}
				s.Ports = append(s.Ports, p)
			}
		}
	}
	for _, row := range []struct {
		name   string
		cfg    placement.Config
		offers []string
		change func(s *app.Spec)
		want   string
	}{
		{name: "unreserved", offers: []string{"cpus:4 mem:512"}, want: "cpus:2 mem:128"},
		{name: "too little", offers: []string{"cpus:1.9 mem:512"}, want: "no"},
		{name: "several offers are one candidate", offers: []string{"cpus:1.5 mem:100", "cpus:0.5 mem:28"}, want: "cpus:1.5 mem:100 cpus:0.5 mem:28"},
		{name: "statically reserved for the role", offers: []string{"cpus(eng/web):4 mem(eng/web):512"}, want: "cpus(eng/web):2 mem(eng/web):128"},
		{name: "statically reserved for the parent", offers: []string{"cpus(eng):4 mem(eng):512"}, want: "cpus(eng):2 mem(eng):128"},
		{name: "dynamically reserved", offers: []string{"cpus(+eng/web):4 mem(+eng/web):512"}, want: "cpus(+eng/web):2 mem(+eng/web):128"},
		{name: "refined", offers: []string{"cpus(eng>+eng/web):4 mem(eng>+eng/web):512"}, want: "cpus(eng>+eng/web):2 mem(eng>+eng/web):128"},
		{name: "reserved for somebody else", offers: []string{"cpus(ops):4 mem(engine):512"}, want: "no"},
		{
			name: "reserved before unreserved", offers: []string{"cpus:4 mem:512 cpus(eng/web):0.5 mem(eng):100"},
			want: "cpus(eng/web):0.5 mem(eng):100 cpus:1.5 mem:28",
		},
		{name: "only unreserved is accepted", change: accept("*"), offers: []string{"cpus(eng/web):9 mem(eng/web):999 cpus:2 mem:128"}, want: "cpus:2 mem:128"},
		{name: "only unreserved is accepted, and there is too little", change: accept("*"), offers: []string{"cpus(eng/web):9 mem(eng/web):999 cpus:1 mem:128"}, want: "no"},
		{name: "only reserved is accepted", change: accept("eng/web"), offers: []string{"cpus:9 mem:999 cpus(eng/web):2 mem(eng):128"}, want: "cpus(eng/web):2 mem(eng):128"},
		{name: "only reserved is accepted, and there is too little", change: accept("eng/web"), offers: []string{"cpus:9 mem:999 cpus(eng/web):1 mem(eng):128"}, want: "no"},
		{name: "both are accepted", change: accept("*", "eng/web"), offers: []string{"cpus:1 mem:28 cpus(eng/web):1 mem(eng/web):100"}, want: "cpus(eng/web):1 mem(eng/web):100 cpus:1 mem:28"},
		{
			name: "unreserved by default", cfg: placement.Config{Accepted: placement.AcceptUnreserved},
			offers: []string{"cpus(eng/web):9 mem(eng/web):999 cpus:2 mem:128"}, want: "cpus:2 mem:128",
		},
		{
			name: "reserved by default", cfg: placement.Config{Accepted: placement.AcceptReserved},
			offers: []string{"cpus:9 mem:999 cpus(eng/web):2 mem(eng/web):128"}, want: "cpus(eng/web):2 mem(eng/web):128",
		},
		{
			name: "the App's own roles win over the default", cfg: placement.Config{Accepted: placement.AcceptReserved}, change: accept("*"),
			offers: []string{"cpus:2 mem:128"}, want: "cpus:2 mem:128",
		},
		{name: "never revocable", offers: []string{"cpus@revocable:9 mem:512 cpus:1"}, want: "no"},
		{name: "the sandbox is on the root disk", change: func(s *app.Spec) { s.Resources.Disk = resource.Units(10) }, offers: []string{"cpus:4 mem:512 disk@mount:99"}, want: "no"},
		{
			name: "root disk", change: func(s *app.Spec) { s.Resources.Disk = resource.Units(10) },
			offers: []string{"cpus:4 mem:512 disk@mount:99 disk(eng):4 disk:6"}, want: "disk(eng):4 cpus:2 mem:128 disk:6",
		},
		{name: "gpus", change: func(s *app.Spec) { s.Resources.GPUs = resource.Units(1) }, offers: []string{"cpus:4 mem:512 gpus:2"}, want: "cpus:2 mem:128 gpus:1"},
		{name: "no gpus", change: func(s *app.Spec) { s.Resources.GPUs = resource.Units(1) }, offers: []string{"cpus:4 mem:512"}, want: "no"},
		{
			name: "the executor's resources count", cfg: placement.Config{Executor: resource.Vector{CPUs: 100, Mem: resource.Units(32)}},
			offers: []string{"cpus:2 mem:512"}, want: "no",
		},
		{
			name: "the executor's resources are apart", cfg: placement.Config{Executor: resource.Vector{CPUs: 100, Mem: resource.Units(32)}},
			offers: []string{"cpus(eng):2.05 mem:512 cpus:1"}, want: "cpus(eng):2 mem:128 | cpus(eng):0.05 mem:32 cpus:0.05",
		},
		{
			name: "the App's own executor resources", cfg: placement.Config{Executor: resource.Vector{CPUs: resource.Units(9)}},
			change: func(s *app.Spec) { s.ExecutorResources = &resource.Vector{CPUs: 500, Disk: 1000} },
			offers: []string{"cpus:3 mem:512 disk:1"}, want: "cpus:2 mem:128 | cpus:0.5 disk:1",
		},
		{
			name: "Mesos' own executor needs nothing", cfg: placement.Config{Executor: resource.Vector{CPUs: resource.Units(9)}},
			change: func(s *app.Spec) { s.Executor = "//cmd" }, offers: []string{"cpus:2 mem:512"}, want: "cpus:2 mem:128",
		},
		{
			name: "executor resources are nothing to Mesos' own executors", cfg: placement.Config{BuiltIn: true},
			change: func(s *app.Spec) { s.ExecutorResources = &resource.Vector{CPUs: 500} },
			offers: []string{"cpus:2 mem:512"}, want: "cpus:2 mem:128",
		},
		{
			name: "an executor of the App's own costs something beside Mesos' own", cfg: placement.Config{BuiltIn: true},
			change: func(s *app.Spec) { s.Executor, s.ExecutorResources = "/bin/x", &resource.Vector{CPUs: 500} },
			offers: []string{"cpus:3 mem:512"}, want: "cpus:2 mem:128 | cpus:0.5",
		},
		{name: "any port", change: ports(0), offers: []string{"cpus:4 mem:512 ports:31000-32000"}, want: "cpus:2 mem:128 ports:31000"},
		{name: "service ports are not host ports", change: ports(10000, 10001), offers: []string{"cpus:4 mem:512 ports:31000-32000"}, want: "cpus:2 mem:128 ports:31000-31001"},
		{name: "no ports left", change: ports(0, 0), offers: []string{"cpus:4 mem:512 ports:31000"}, want: "no"},
		{name: "ports of several ranges", change: ports(0, 0, 0), offers: []string{"cpus:4 mem:512 ports:10,20-21"}, want: "cpus:2 mem:128 ports:10,20-21"},
		{
			name: "ports of several roles and offers", change: ports(0, 0, 0), offers: []string{"cpus:4 mem:512 ports:10 ports(eng):30", "ports(+eng/web):20"},
			want: "cpus:2 mem:128 ports(eng):30 ports(+eng/web):20 ports:10",
		},
		{name: "required ports", change: require(80, 8080), offers: []string{"cpus:4 mem:512 ports:80,8000-9000"}, want: "cpus:2 mem:128 ports:80,8080"},
		{name: "required ports of several roles", change: require(80, 8080), offers: []string{"cpus:4 mem:512 ports:80 ports(eng):8080"}, want: "cpus:2 mem:128 ports(eng):8080 ports:80"},
		{name: "a required port is missing", change: require(80, 8080), offers: []string{"cpus:4 mem:512 ports:80,9000"}, want: "no"},
		{
			name: "a required port is not of an accepted role", offers: []string{"cpus:4 mem:512 ports:1-9 ports(eng):80"},
			change: func(s *app.Spec) { accept("*")(s); require(80)(s) }, want: "no",
		},
		{name: "required and any", change: require(32, 0), offers: []string{"cpus:4 mem:512 ports:31-33"}, want: "cpus:2 mem:128 ports:31-32"},
		{name: "any port is never the required one", change: require(0, 31), offers: []string{"cpus:4 mem:512 ports:31-32"}, want: "cpus:2 mem:128 ports:31-32"},
		{name: "a mapping without host port", change: bridge(-1), offers: []string{"cpus:4 mem:512"}, want: "cpus:2 mem:128"},
		{name: "a mapping with any host port", change: bridge(-1, 0), offers: []string{"cpus:4 mem:512 ports:7"}, want: "cpus:2 mem:128 ports:7"},
		{name: "a mapping with a fixed host port", change: bridge(80, 0), offers: []string{"cpus:4 mem:512 ports:79-80"}, want: "cpus:2 mem:128 ports:79-80"},
		{name: "a fixed host port is missing", change: bridge(80), offers: []string{"cpus:4 mem:512 ports:79,81-90"}, want: "no"},
		{name: "the highest port", change: require(65535), offers: []string{"cpus:4 mem:512 ports:60000-70000"}, want: "cpus:2 mem:128 ports:65535"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			const role = "eng/web"
			c := placement.NewCluster(row.cfg)
			for n, text := range row.offers {
				c.Add(&mesos.Offer{
					ID: mesos.OfferID(fmt.Sprint("o", n)), AgentID: "a", Hostname: "h", Role: role, Resources: parseResources(t, role, text),
				})
			}
			s := spec(2, 128)
			s.Role = role
			if row.change != nil {
				row.change(s)
			}
			got := "no"
			d := c.Demand(&s.Run, nil)
			if a, ok := c.Place(d); ok {
				got = printResources(a.Resources)
				if len(a.Executor) > 0 {
					got += " | " + printResources(a.Executor)
				}
			}
			if diff := cmp.Diff(got, row.want); diff != "" {
				t.Errorf("resources (-got +want):\n%s", diff)
			}
			if problem := c.Check(); problem != "" {
				t.Error(problem)
			}
		})
	}
}

// An App of role "*" has nothing that could be reserved for it.
func TestReservedByDefaultMeansUnreservedForTheRoleOfEverybody(t *testing.T) {
	t.Parallel()
	c := placement.NewCluster(placement.Config{Accepted: placement.AcceptReserved})
	c.Add(offer(1, 4, 512))
	if _, ok := c.Place(c.Demand(&spec(1, 64).Run, nil)); !ok {
		t.Error("an App of role * finds no place")
	}
}
