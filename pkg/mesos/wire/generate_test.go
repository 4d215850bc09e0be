package wire_test

import (
	"maps"
	"reflect"
	"slices"
	"time"

	mesosgo "github.com/mesos/mesos-go/api/v1/lib"
	"pgregory.net/rapid"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/mesos/wire"
	"github.com/gantry-mesos/gantry/pkg/resource"
)

// valid makes any value of T that the protocol can carry. Types whose fields
// depend on each other are made field by field first and then put right.
func valid[T any]() *rapid.Generator[T] {
	c := rapid.MakeConfig{Kinds: map[reflect.Kind]*rapid.Generator[any]{}, Types: map[reflect.Type]*rapid.Generator[any]{}}
	c.Kinds[reflect.String] = rapid.SampledFrom([]string{"", "a", "b/c", "ü", "web.1"}).AsAny()
	basics(&c)
	few[mesos.Label](&c)
	few[mesos.PortMapping](&c)
	few[mesos.NetworkInfo](&c)
	few[mesos.Variable](&c)
	few[mesos.URI](&c)
	few[mesos.Volume](&c)
	few[mesos.Reservation](&c)
	few[mesos.DiscoveryPort](&c)
	few[string](&c)
	few[byte](&c)
	fixed(&c, diskOf)
	fixed(&c, resourceOf)
	few[mesos.Resource](&c)
	fixed(&c, attributeOf)
	few[mesos.Attribute](&c)
	fixed(&c, healthOf)
	fixed(&c, checkOf)
	fixed(&c, generalOf)
	fixed(&c, frameworkOf)
	few[mesos.TaskInfo](&c)
	few[mesos.TaskStatus](&c)
	return rapid.MakeCustom[T](c)
}

// basics rules what single values may be.
func basics(c *rapid.MakeConfig) {
	set(c, rapid.Map(rapid.Int64Range(-1e12, 1e12), func(n int64) resource.Scalar { return resource.Scalar(n) }))
	set(c, rapid.Map(rapid.SliceOfN(rapid.Uint64Range(0, 1e6), 0, 6), func(ns []uint64) resource.Ranges {
		slices.Sort(ns)
		var rs resource.Ranges
		for i := 0; i+1 < len(ns); i += 2 {
			rs = append(rs, resource.Range{Begin: ns[i], End: ns[i+1]})
		}
		return resource.NewRanges(rs...)
	}))
	set(c, rapid.Map(rapid.Int64Range(0, 1e9), func(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }))
	set(c, rapid.Map(rapid.Int64Range(1, 4e15), func(us int64) time.Time { return time.UnixMicro(us).UTC() }))
	set(c, rapid.SampledFrom([]mesos.ValueType{mesos.Scalar, mesos.RangeSet, mesos.Set, mesos.Text}))
	set(c, rapid.SampledFrom([]mesos.DiskSourceType{mesos.DiskPath, mesos.DiskMount, mesos.DiskBlock, mesos.DiskRaw}))
	set(c, rapid.SampledFrom([]mesos.ContainerType{mesos.ContainerDocker, mesos.ContainerMesos}))
	set(c, rapid.SampledFrom([]mesos.DockerNetwork{0, mesos.NetworkHost, mesos.NetworkBridge, mesos.NetworkNone, mesos.NetworkUser}))
	set(c, rapid.SampledFrom([]mesos.CheckType{mesos.CheckCommand, mesos.CheckHTTP, mesos.CheckTCP}))
	set(c, rapid.SampledFrom([]mesos.Source{0, mesos.SourceMaster, mesos.SourceAgent, mesos.SourceExecutor}))
	set(c, rapid.SampledFrom([]mesos.Capability{
		mesos.PartitionAware, mesos.TaskKillingState, mesos.MultiRole, mesos.ReservationRefinement, mesos.RegionAware, mesos.GPUResources,
	}))
	set(c, rapid.Map(rapid.IntRange(1, int(mesos.TaskUnknown)), func(n int) mesos.TaskState { return mesos.TaskState(n) }))
	reasons := []mesos.Reason{"", "REASON_4711", mesos.ReasonReconciliation, mesos.ReasonTaskInvalid}
	for _, name := range mesosgo.TaskStatus_Reason_name {
		reasons = append(reasons, mesos.Reason(name))
	}
	slices.Sort(reasons)
	set(c, rapid.SampledFrom(reasons))
	set(c, rapid.SampledFrom([]mesos.MasterInfo{
		{},
		{ID: "m1", Hostname: "master1", Address: "10.0.0.1:5050", Version: "1.11.0", Domain: mesos.Domain{Region: "r", Zone: "z"}},
		{ID: "m2", Hostname: "master2", Address: "[2001:db8::1]:5050"},
		{ID: "m3", Hostname: "master3", Address: "master3:80"},
	}))
}

func set[T any](c *rapid.MakeConfig, g *rapid.Generator[T]) {
	c.Types[reflect.TypeFor[T]()] = g.AsAny()
}

// few keeps lists of T short, which makes the tests fast.
func few[T any](c *rapid.MakeConfig) {
	so := rapid.MakeConfig{Kinds: c.Kinds, Types: maps.Clone(c.Types)}
	set(c, rapid.SliceOfN(rapid.MakeCustom[T](so), 0, 3))
}

// fixed makes values of T by the rules so far and puts them right.
func fixed[T any](c *rapid.MakeConfig, right func(T) T) {
	so := rapid.MakeConfig{Kinds: c.Kinds, Types: maps.Clone(c.Types)}
	set(c, rapid.Map(rapid.MakeCustom[T](so), right))
}

func resourceOf(r mesos.Resource) mesos.Resource {
	if r.Type == mesos.Text {
		r.Type = mesos.Scalar
	}
	if r.Type != mesos.Scalar {
		r.Scalar = 0
	} else if r.Name == "" {
		r.Scalar = wire.Infinite
	}
	if r.Type != mesos.RangeSet {
		r.Ranges = nil
	}
	if r.Type != mesos.Set {
		r.Set = nil
	}
	return r
}

func attributeOf(a mesos.Attribute) mesos.Attribute {
	if a.Type != mesos.Scalar {
		a.Scalar = 0
	}
	if a.Type != mesos.RangeSet {
		a.Ranges = nil
	}
	if a.Type != mesos.Set {
		a.Set = nil
	}
	if a.Type != mesos.Text {
		a.Text = ""
	}
	return a
}

func diskOf(d mesos.DiskInfo) mesos.DiskInfo {
	if d.PersistenceID == "" {
		d.PersistencePrincipal = ""
	}
	if d.ContainerPath == "" {
		d.ReadOnly = false
	}
	if s := d.Source; s != nil && s.Type != mesos.DiskPath && s.Type != mesos.DiskMount {
		s.Root = ""
	}
	return d
}

func healthOf(h mesos.HealthCheck) mesos.HealthCheck {
	switch h.Type {
	case mesos.CheckCommand:
		h.Scheme, h.Path, h.Port = "", "", 0
		if h.Command == nil {
			h.Command = &mesos.CommandInfo{Value: "true"}
		}
	case mesos.CheckHTTP:
		h.Command = nil
	case mesos.CheckTCP:
		h.Command, h.Scheme, h.Path = nil, "", ""
	}
	return h
}

func checkOf(c mesos.CheckStatus) mesos.CheckStatus {
	if c.Result != nil { // a fresh value: the draw may share it
		n := max(0, min(*c.Result, 255))
		if c.Type == mesos.CheckTCP {
			n = min(n, 1)
		}
		c.Result = &n
	}
	return c
}

func generalOf(c mesos.CheckInfo) mesos.CheckInfo {
	switch c.Type {
	case mesos.CheckCommand:
		c.Path, c.Port = "", 0
		if c.Command == nil {
			c.Command = &mesos.CommandInfo{Value: "true"}
		}
	case mesos.CheckHTTP:
		c.Command = nil
	case mesos.CheckTCP:
		c.Command, c.Path = nil, ""
	}
	return c
}

func frameworkOf(f mesos.FrameworkInfo) mesos.FrameworkInfo {
	f.Roles = slices.DeleteFunc(f.Roles, func(r string) bool { return r == "" })
	if !f.Has(mesos.MultiRole) && len(f.Roles) > 1 {
		f.Roles = f.Roles[:1]
	}
	return f
}
