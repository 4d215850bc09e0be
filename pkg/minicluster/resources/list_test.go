package resources

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"pgregory.net/rapid"
)

// anyList draws lists of scalars, ranges and sets with and without reservations.
func anyList(t *rapid.T, label string) List {
	var l List
	for range rapid.IntRange(0, 6).Draw(t, label+" size") {
		r := anyResource(t, label)
		if len(r.Reservations) == 0 && rapid.Bool().Draw(t, label+" reserve") {
			role := rapid.SampledFrom([]string{"a", "b", "a/c"}).Draw(t, label+" role")
			r.Reservations = []mesos.Resource_ReservationInfo{{Type: mesos.Resource_ReservationInfo_DYNAMIC.Enum(), Role: &role}}
		}
		l = l.Plus(List{r})
	}
	return l
}

func anyResource(t *rapid.T, label string) mesos.Resource {
	switch rapid.IntRange(0, 2).Draw(t, label+" kind") {
	case 0:
		name := rapid.SampledFrom([]string{"cpus", "mem"}).Draw(t, label+" name")
		return mesos.Resource{Name: name, Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{
			Value: FromMilli(rapid.Int64Range(0, 4000).Draw(t, label+" value")),
		}}
	case 1:
		var ranges []mesos.Value_Range
		for range rapid.IntRange(0, 4).Draw(t, label+" ranges") {
			begin := rapid.Uint64Range(0, 40).Draw(t, label+" begin")
			ranges = append(ranges, mesos.Value_Range{Begin: begin, End: begin + rapid.Uint64Range(0, 10).Draw(t, label+" length")})
		}
		return mesos.Resource{Name: "ports", Type: mesos.RANGES.Enum(), Ranges: &mesos.Value_Ranges{Range: coalesce(ranges)}}
	}
	items := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "z"}), 0, 3, rapid.ID).Draw(t, label+" items")
	return mesos.Resource{Name: "set", Type: mesos.SET.Enum(), Set: &mesos.Value_Set{Item: items}}
}

// disjoint removes from b what a has of ranges and sets, which do not add up as scalars do.
func disjoint(a, b List) List {
	return b.Filter(func(r *mesos.Resource) bool { return r.Scalar != nil }).Plus(
		b.Filter(func(r *mesos.Resource) bool { return r.Scalar == nil }).Beyond(a))
}

func TestArithmetic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := anyList(t, "a")
		b := disjoint(a, anyList(t, "b"))
		sum := a.Plus(b)
		if !sum.Equal(b.Plus(a)) {
			t.Fatalf("%s + %s depends on the order", a, b)
		}
		if !sum.Contains(a) || !sum.Contains(b) {
			t.Fatalf("%s does not contain its parts %s and %s", sum, a, b)
		}
		if got := sum.Minus(b); !got.Equal(a) {
			t.Fatalf("%s - %s: got %s, want %s", sum, b, got, a)
		}
		if rest, ok := sum.Take(a); !ok || !rest.Equal(b) {
			t.Fatalf("%s take %s: got %s, %v, want %s", sum, a, rest, ok, b)
		}
	})
}

func TestContainsAgreesWithTake(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyList(t, "a"), anyList(t, "b")
		rest, ok := a.Take(b)
		if got := a.Contains(b); got != ok {
			t.Fatalf("%s contains %s: got %v, want %v", a, b, got, ok)
		}
		if ok && !rest.Plus(b).Equal(a) {
			t.Fatalf("%s without %s is %s, which does not add up", a, b, rest)
		}
	})
}

func TestBeyondIsTheExcess(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyList(t, "a"), anyList(t, "b")
		more := a.Beyond(b)
		if !a.Contains(more) {
			t.Fatalf("%s beyond %s: %s is not part of it", a, b, more)
		}
		if common := a.Minus(more); !b.Contains(common) {
			t.Fatalf("%s beyond %s: %s leaves %s", a, b, more, common)
		}
	})
}

func TestFormatsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := anyList(t, "a")
		got, err := FromWire(a.PreRefinement())
		if err != nil || !got.Equal(a) {
			t.Fatalf("pre-refinement: got %s, %v, want %s", got, err, a)
		}
		if pushed := a.Push(reservation("a/c/d")); !pushed.Pop().Equal(a) {
			t.Fatalf("push and pop: got %s, want %s", pushed.Pop(), a)
		}
		if got := a.Allocated("r").Unallocated(); !got.Equal(a) {
			t.Fatalf("allocate and back: got %s, want %s", got, a)
		}
	})
}

func reservation(role string) mesos.Resource_ReservationInfo {
	return mesos.Resource_ReservationInfo{Type: mesos.Resource_ReservationInfo_DYNAMIC.Enum(), Role: &role}
}

func TestMethodsLeaveTheirReceiverAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyList(t, "a"), anyList(t, "b")
		before := a.String()
		_ = a.Plus(b)
		_ = a.Minus(b)
		_ = a.Beyond(b)
		_, _ = a.Take(b)
		_ = a.Push(reservation("x")).Pop()
		_ = a.Allocated("r").Unreserved()
		if got := a.String(); got != before {
			t.Fatalf("changed from %s to %s", before, got)
		}
	})
}

func parse(t *testing.T, text string) List {
	t.Helper()
	l, err := Parse(text, Any)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func volume(id string, size float64) mesos.Resource {
	r := mesos.Resource{Name: "disk", Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: size}}
	r.Reservations = []mesos.Resource_ReservationInfo{reservation("a")}
	r.Disk = &mesos.Resource_DiskInfo{
		Persistence: &mesos.Resource_DiskInfo_Persistence{ID: id},
		Volume:      &mesos.Volume{ContainerPath: "data", Mode: mesos.RW.Enum()},
	}
	return r
}

func TestVolumesAreNeitherCutNorAddedUp(t *testing.T) {
	t.Parallel()
	l := Of(volume("v", 64), volume("v", 64))
	if len(l) != 2 {
		t.Errorf("entries: got %d, want 2", len(l))
	}
	one := Of(volume("v", 64))
	if one.Contains(Of(volume("v", 32))) {
		t.Error("a part of a volume is contained in it")
	}
	if one.Contains(l) {
		t.Error("two volumes are contained in one")
	}
	if !one.Contains(Of(volume("v", 64))) {
		t.Error("a volume does not contain itself")
	}
}

func TestScalarsHaveThreeDecimals(t *testing.T) {
	t.Parallel()
	l := parse(t, "cpus:0.1").Plus(parse(t, "cpus:0.2"))
	if diff := cmp.Diff(l.String(), "cpus:0.3"); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
	if got := l.Minus(parse(t, "cpus:0.3")); len(got) != 0 {
		t.Errorf("rest: got %s, want nothing", got)
	}
	if _, err := Parse("cpus:0.0004", Any); err != nil {
		t.Errorf("a text is rounded before it is checked, got %v", err)
	}
	tiny := mesos.Resource{Name: "cpus", Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: 0.0004}}
	if err := Validate(tiny); err == nil {
		t.Error("a value that rounds to nothing is valid")
	}
}

func TestParseAndString(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"cpus:4;mem:4096; ports:[31000-32000]": "cpus:4; mem:4096; ports:[31000-32000]",
		"cpus(prod):2;cpus:1":                  "cpus(reservations: [(STATIC,prod)]):2; cpus:1",
		"ports:[5-6, 1-2, 3-3]":                "ports:[1-3, 5-6]",
		"s:{b, a}":                             "s:{b, a}",
		"":                                     "{}",
	} {
		if got := parse(t, in).String(); got != want {
			t.Errorf("Parse(%q): got %s, want %s", in, got, want)
		}
	}
	for _, in := range []string{"cpus", "cpus:x", "cpus(a:1", "ports:[2-1]", "ports:[1-x]", "cpus:-1", "cpus(a b):1"} {
		if got, err := Parse(in, Any); err == nil {
			t.Errorf("Parse(%q): got %s, want an error", in, got)
		}
	}
}

func TestUpgradeRefusesMixedFormats(t *testing.T) {
	t.Parallel()
	role := "a"
	mixed := mesos.Resource{Name: "cpus", Role: &role, Reservations: []mesos.Resource_ReservationInfo{reservation("a")}}
	if _, err := Upgrade(mixed); err == nil {
		t.Error("role and reservations together are taken")
	}
	star := "*"
	if _, err := Upgrade(mesos.Resource{Name: "cpus", Role: &star, Reservation: &mesos.Resource_ReservationInfo{}}); err == nil {
		t.Error("a dynamic reservation for * is taken")
	}
}

func TestEndpointFormatHasBothForms(t *testing.T) {
	t.Parallel()
	got := parse(t, "cpus(a):1").Push(reservation("a/b")).Pop().Endpoint()[0]
	if got.GetRole() != "a" || len(got.Reservations) != 1 || got.Reservation != nil {
		t.Errorf("got %v, want role a and one reservation", got)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	scalar := func(name string, v float64) mesos.Resource {
		return mesos.Resource{Name: name, Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: v}}
	}
	reserved := func(infos ...mesos.Resource_ReservationInfo) mesos.Resource {
		r := scalar("cpus", 1)
		r.Reservations = infos
		return r
	}
	static := reservation("a/b")
	static.Type = mesos.Resource_ReservationInfo_STATIC.Enum()
	ranges := mesos.Resource{Name: "ports", Type: mesos.RANGES.Enum(), Ranges: &mesos.Value_Ranges{
		Range: []mesos.Value_Range{{Begin: 1, End: 3}, {Begin: 3, End: 4}},
	}}
	for name, row := range map[string]struct {
		r  mesos.Resource
		ok bool
	}{
		"scalar":                       {scalar("cpus", 1), true},
		"no name":                      {scalar("", 1), false},
		"no value":                     {mesos.Resource{Name: "cpus", Type: mesos.SCALAR.Enum()}, false},
		"no type":                      {mesos.Resource{Name: "cpus"}, false},
		"negative":                     {scalar("cpus", -1), false},
		"gpus are whole":               {scalar("gpus", 0.5), false},
		"overlapping ranges":           {ranges, false},
		"refined":                      {reserved(reservation("a"), reservation("a/b")), true},
		"not a refinement":             {reserved(reservation("a"), reservation("b")), false},
		"static refinement":            {reserved(reservation("a"), static), false},
		"reserved for *":               {reserved(reservation("*")), false},
		"reserved without a role":      {reserved(mesos.Resource_ReservationInfo{Type: mesos.Resource_ReservationInfo_DYNAMIC.Enum()}), false},
		"disk information on memory":   {func() mesos.Resource { r := volume("v", 1); r.Name = "mem"; return r }(), false},
		"shared but not persistent":    {func() mesos.Resource { r := scalar("disk", 1); r.Shared = &mesos.Resource_SharedInfo{}; return r }(), false},
		"shared and persistent volume": {func() mesos.Resource { r := volume("v", 1); r.Shared = &mesos.Resource_SharedInfo{}; return r }(), true},
	} {
		if err := Validate(row.r); (err == nil) != row.ok {
			t.Errorf("%s: got %v, want ok %v", name, err, row.ok)
		}
	}
}

func TestValidateRole(t *testing.T) {
	t.Parallel()
	for role, ok := range map[string]bool{
		"*": true, "a": true, "a/b": true, "a-b": true, "": false, ".": false, "..": false, "-a": false, "/a": false,
		"a/": false, "a//b": false, "a b": false, "a/*": false, "a/./b": false, "a\tb": false,
	} {
		if err := ValidateRole(role); (err == nil) != ok {
			t.Errorf("ValidateRole(%q): got %v, want ok %v", role, err, ok)
		}
	}
}

func BenchmarkContains(b *testing.B) {
	l, err := Parse("cpus:16;mem:65536;disk:1000;ports:[31000-32000]", Any)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !l.Contains(l) {
			b.Fatal("a list does not contain itself")
		}
	}
}
