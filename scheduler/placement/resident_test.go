package placement_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/constraint"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/scheduler/placement"
)

// scalar is one resource offered to role db.
func scalar(name string, amount int64, stack ...mesos.Reservation) mesos.Resource {
	return mesos.Resource{Name: name, Type: mesos.Scalar, Scalar: resource.Units(amount), AllocationRole: "db", Reservations: stack}
}

// reservedFor is the reservation of a resident instance.
func reservedFor(instance string) mesos.Reservation {
	return mesos.Reservation{
		Dynamic: true, Role: "db", Principal: "gantry",
		Labels: []mesos.Label{{Key: placement.InstanceLabel, Value: instance}},
	}
}

// volumeOf is the persistent volume "data" of an instance.
func volumeOf(instance string, size int64) mesos.Resource {
	r := scalar(mesos.Disk, size, reservedFor(instance))
	r.Disk = &mesos.DiskInfo{PersistenceID: instance + "#data", PersistencePrincipal: "gantry", ContainerPath: "data"}
	return r
}

func dbOffer(id string, resources ...mesos.Resource) *mesos.Offer {
	return &mesos.Offer{ID: mesos.OfferID(id), AgentID: "a1", Hostname: "h1", Role: "db", Resources: resources}
}

// database is a resident App with one volume.
func database(v app.PersistentVolume) *app.Spec {
	s := spec(1, 128)
	s.Role = "db"
	s.Container = &app.Container{Volumes: []app.Volume{{ContainerPath: "data", Persistent: &v}}}
	return s
}

func TestResident(t *testing.T) {
	t.Parallel()
	cfg := placement.Config{Principal: "gantry"}
	plain := []mesos.Resource{scalar(mesos.CPUs, 4), scalar(mesos.Mem, 1024), scalar(mesos.Disk, 1000)}

	t.Run("the first launch reserves and creates", func(t *testing.T) {
		t.Parallel()
		c := placement.NewCluster(cfg)
		c.Add(dbOffer("o1", plain...))
		a, ok := c.PlaceResident(c.Demand(&database(app.PersistentVolume{Size: resource.Units(600)}).Run, nil), "db.1", "")
		if !ok {
			t.Fatal("it fits")
		}
		volume := volumeOf("db.1", 600)
		bare := volume
		bare.Disk = nil
		cpus, mem := scalar(mesos.CPUs, 1, reservedFor("db.1")), scalar(mesos.Mem, 128, reservedFor("db.1"))
		want := []mesos.Operation{
			mesos.Reserve{Resources: []mesos.Resource{bare, cpus, mem}},
			mesos.Create{Volumes: []mesos.Resource{volume}},
		}
		if diff := cmp.Diff(a.Operations, want); diff != "" {
			t.Errorf("operations (-got +want):\n%s", diff)
		}
		if diff := cmp.Diff(a.Resources, []mesos.Resource{volume, cpus, mem}); diff != "" {
			t.Errorf("resources (-got +want):\n%s", diff)
		}
	})

	t.Run("it returns to its volume and nobody else gets that", func(t *testing.T) {
		t.Parallel()
		c := placement.NewCluster(cfg)
		own := []mesos.Resource{
			scalar(mesos.CPUs, 1, reservedFor("db.1")), scalar(mesos.Mem, 128, reservedFor("db.1")), volumeOf("db.1", 600),
		}
		c.Add(dbOffer("o1", own...))
		d := c.Demand(&database(app.PersistentVolume{Size: resource.Units(600)}).Run, nil)
		if _, ok := c.PlaceResident(d, "db.2", ""); ok {
			t.Error("another instance was placed on what is reserved for db.1")
		}
		if _, ok := c.PlaceResident(d, "db.1", "a2"); ok {
			t.Error("db.1 was placed without its volume")
		}
		a, ok := c.PlaceResident(d, "db.1", "a1")
		if !ok {
			t.Fatal("its volume is there")
		}
		if diff := cmp.Diff(a.Resources, []mesos.Resource{own[2], own[0], own[1]}); diff != "" {
			t.Errorf("resources (-got +want):\n%s", diff)
		}
		if len(a.Operations) > 0 {
			t.Errorf("operations: got %v, want none", a.Operations)
		}
	})

	t.Run("a mount disk is taken whole, within its bounds and the path constraint", func(t *testing.T) {
		t.Parallel()
		mount := scalar(mesos.Disk, 800)
		mount.Disk = &mesos.DiskInfo{Source: &mesos.DiskSource{Type: mesos.DiskMount, Root: "/mnt/ssd1"}}
		fits := func(v app.PersistentVolume) bool {
			c := placement.NewCluster(cfg)
			c.Add(dbOffer("o1", append(plain[:2:2], mount)...))
			a, ok := c.PlaceResident(c.Demand(&database(v).Run, nil), "db.1", "")
			if ok && a.Resources[0].Scalar != resource.Units(800) {
				t.Errorf("volume: got %v MiB, want the whole disk of 800", a.Resources[0].Scalar)
			}
			return ok
		}
		like := func(pattern string) []constraint.Constraint {
			return []constraint.Constraint{{Field: "path", Operator: constraint.Like, Value: pattern}}
		}
		for _, k := range []struct {
			name   string
			volume app.PersistentVolume
			want   bool
		}{
			{"large enough", app.PersistentVolume{Type: "mount", Size: resource.Units(500)}, true},
			{"above the maximum", app.PersistentVolume{Type: "mount", Size: resource.Units(500), MaxSize: resource.Units(700)}, false},
			{"too small", app.PersistentVolume{Type: "mount", Size: resource.Units(900)}, false},
			{"not a path disk", app.PersistentVolume{Type: "path", Size: resource.Units(500)}, false},
			{"not the root disk", app.PersistentVolume{Size: resource.Units(500)}, false},
			{"path matches", app.PersistentVolume{Type: "mount", Size: resource.Units(500), Constraints: like("/mnt/ssd.*")}, true},
			{"path does not match", app.PersistentVolume{Type: "mount", Size: resource.Units(500), Constraints: like("/mnt/hdd.*")}, false},
		} {
			if got := fits(k.volume); got != k.want {
				t.Errorf("%s: got %v, want %v", k.name, got, k.want)
			}
		}
	})

	t.Run("what no known instance owns is given back", func(t *testing.T) {
		t.Parallel()
		c := placement.NewCluster(cfg)
		cpus, volume := scalar(mesos.CPUs, 1, reservedFor("db.1")), volumeOf("db.1", 600)
		c.Add(dbOffer("o1", cpus, volume, scalar(mesos.Mem, 64, reservedFor("db.2"))))
		bare := volume
		bare.Disk = nil
		want := []placement.Cleanup{{
			Agent: "a1", Role: "db", Offers: []mesos.OfferID{"o1"},
			Operations: []mesos.Operation{
				mesos.Destroy{Volumes: []mesos.Resource{volume}},
				mesos.Unreserve{Resources: []mesos.Resource{cpus, bare}},
			},
		}}
		got := c.Cleanups(func(instance string) bool { return instance == "db.2" })
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("clean-up (-got +want):\n%s", diff)
		}
	})
}

// What a first launch reserves is what later ones find and need, whatever the
// volumes lie on and however ports are chosen; nobody else gets any of it.
func TestResidentFindsAllThatItReserved(t *testing.T) {
	t.Parallel()
	disk := func(kind mesos.DiskSourceType, root string, size int64) mesos.Resource {
		r := scalar(mesos.Disk, size)
		r.Disk = &mesos.DiskInfo{Source: &mesos.DiskSource{Type: kind, Root: root}}
		return r
	}
	ports := mesos.Resource{
		Name: mesos.Ports, Type: mesos.RangeSet, Ranges: resource.NewRanges(resource.Range{Begin: 31000, End: 31009}), AllocationRole: "db",
	}
	free := []mesos.Resource{
		scalar(mesos.CPUs, 4), scalar(mesos.Mem, 1024), scalar(mesos.Disk, 1000), ports,
		disk(mesos.DiskPath, "/mnt/path", 500), disk(mesos.DiskMount, "/mnt/a", 300), disk(mesos.DiskMount, "/mnt/b", 400),
	}
	volume := func(path, kind string, size int64) app.Volume {
		return app.Volume{ContainerPath: path, Persistent: &app.PersistentVolume{Type: kind, Size: resource.Units(size)}}
	}
	s := database(app.PersistentVolume{})
	s.Resources.Disk = resource.Units(10)
	s.Container.Volumes = []app.Volume{
		volume("data", "root", 100), volume("logs", "root", 50), volume("p", "path", 200), volume("m", "mount", 350),
	}
	fixed, dynamic := 31004, 0
	s.Networks = []app.Network{{Mode: app.Bridge}}
	s.Ports = []app.Port{{HostPort: &dynamic}, {HostPort: &fixed}, {HostPort: &dynamic}}
	cfg := placement.Config{Principal: "gantry", Executor: resource.Vector{CPUs: 100, Mem: resource.Units(32)}, Rand: rand.New(rand.NewPCG(1, 1))}

	c := placement.NewCluster(cfg)
	c.Add(dbOffer("o1", free...))
	d := c.Demand(&s.Run, nil)
	first, ok := c.PlaceResident(d, "db.1", "")
	if !ok {
		t.Fatal("it fits")
	}
	if got := first.Resources[3].Disk.Source.Root; got != "/mnt/b" {
		t.Errorf("the volume of 350 lies on %s, want /mnt/b, the only disk large enough", got)
	}
	own := slices.Concat(first.Resources, first.Executor)
	for _, r := range own {
		if owner, _ := placement.Owner(&r); owner != "db.1" {
			t.Errorf("%s %v is not reserved for db.1", r.Name, r.Scalar)
		}
	}
	c.Remove("o1")
	c.Add(dbOffer("o2", own...))
	ordinary := spec(1, 16)
	ordinary.Role = "db"
	if _, ok := c.Place(c.Demand(&ordinary.Run, nil)); ok {
		t.Error("an ordinary instance was placed on what is reserved for db.1")
	}
	if _, ok := c.PlaceResident(d, "db.2", ""); ok {
		t.Error("another instance was placed on what is reserved for db.1")
	}
	second, ok := c.PlaceResident(d, "db.1", "a1")
	if !ok {
		t.Fatal("all that it reserved is there")
	}
	byName := cmpopts.SortSlices(func(a, b uint32) bool { return a < b })
	if diff := cmp.Diff(second.HostPorts, first.HostPorts, byName); diff != "" {
		t.Errorf("host ports (-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(slices.Concat(second.Resources, second.Executor), own); diff != "" {
		t.Errorf("resources (-got +want):\n%s", diff)
	}
	if len(second.Operations) > 0 {
		t.Errorf("operations: got %v, want none", second.Operations)
	}
	if _, ok := c.PlaceResident(d, "db.1", "a1"); ok {
		t.Error("db.1 was placed twice on the same volumes")
	}
}

// TestReservations covers what reserved resources an App may use, and in which order.
func TestReservations(t *testing.T) {
	t.Parallel()
	static := mesos.Reservation{Role: "eng"}
	dynamic := mesos.Reservation{Dynamic: true, Role: "eng", Principal: "ops"}
	refined := mesos.Reservation{Dynamic: true, Role: "eng/web", Principal: "ops"}
	elsewhere := mesos.Reservation{Dynamic: true, Role: "eng/db", Principal: "ops"}
	cpus := func(amount int64, stack ...mesos.Reservation) mesos.Resource {
		return mesos.Resource{Name: mesos.CPUs, Type: mesos.Scalar, Scalar: resource.Units(amount), AllocationRole: "eng/web", Reservations: stack}
	}
	for _, k := range []struct {
		name     string
		offered  []mesos.Resource
		accepted []string
		want     []mesos.Resource
	}{
		{
			"reserved before unreserved, both listed",
			[]mesos.Resource{cpus(2), cpus(2, static, refined)}, nil,
			[]mesos.Resource{cpus(2, static, refined), cpus(1)},
		},
		{
			"a parent role's reservation serves its child",
			[]mesos.Resource{cpus(2, static), cpus(2, dynamic)}, nil,
			[]mesos.Resource{cpus(2, static), cpus(1, dynamic)},
		},
		{"only unreserved when so accepted", []mesos.Resource{cpus(3, refined), cpus(2)}, []string{"*"}, nil},
		{"only reserved when so accepted", []mesos.Resource{cpus(2, refined), cpus(3)}, []string{"eng/web"}, nil},
		{"a sibling's reservation is of no use", []mesos.Resource{cpus(3, static, elsewhere)}, nil, nil},
		{"another instance's reservation is of no use", []mesos.Resource{cpus(3, reservedFor("x"))}, nil, nil},
	} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			c := placement.NewCluster(placement.Config{})
			c.Add(&mesos.Offer{ID: "o1", AgentID: "a1", Hostname: "h1", Role: "eng/web", Resources: k.offered})
			s := spec(3, 0)
			s.Role, s.AcceptedResourceRoles = "eng/web", k.accepted
			a, _ := c.Place(c.Demand(&s.Run, nil))
			if diff := cmp.Diff(a.Resources, k.want); diff != "" {
				t.Errorf("resources (-got +want):\n%s", diff)
			}
		})
	}
}
