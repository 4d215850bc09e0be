package record

import (
	"fmt"
	"testing"
	"time"

	"github.com/gantry-mesos/gantry/pkg/api"
	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/core"
	"github.com/gantry-mesos/gantry/scheduler/store/boltstore"
)

// appsStored is how many Apps a large request changes.
const appsStored = 10_000

// BenchmarkApps writes many definitions in one transaction of a file, and reads them.
func BenchmarkApps(b *testing.B) {
	s, err := api.ParseApp([]byte(full))
	if err != nil {
		b.Fatal(err)
	}
	changes := make([]core.Change, appsStored)
	for n := range changes {
		next := *s
		next.ID, next.Version = app.ID(fmt.Sprintf("/prod/web-%05d", n)), at.Add(time.Duration(n)*time.Millisecond)
		changes[n] = core.PutApp{Spec: &next}
	}
	st, err := boltstore.Open(b.Context(), b.TempDir(), boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	j := New(st)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := j.Append(b.Context(), changes); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("load", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			got, err := j.Load(b.Context())
			if err != nil || len(got.Versions) != appsStored {
				b.Fatalf("%d definitions, %v", len(got.Versions), err)
			}
		}
	})
}
