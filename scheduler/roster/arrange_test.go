package roster

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/scheduler/instance"
)

// TestMembersStayInOrderHoweverManyJoin covers both ways to put them in their places.
func TestMembersStayInOrderHoweverManyJoin(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 1))
	r, a := New(), &App{}
	r.Add(a, &app.Spec{ID: "/web"}, nil)
	total := 0
	for _, n := range []int{0, 1, 40, insertMax, insertMax + 1, 3, 500, 1} {
		var joined []*instance.Instance
		for range n {
			joined = append(joined, &instance.Instance{ID: instance.ID(fmt.Sprintf("web.instance-%08x", rnd.Uint32())), App: "/web"})
		}
		r.Join(a, joined...)
		if total += n; a.Len() != total {
			t.Fatalf("%d members after %d joined, want %d", a.Len(), n, total)
		}
		if !slices.IsSortedFunc(a.Members(), func(x, y *Member) int { return cmp.Compare(x.is.ID, y.is.ID) }) {
			t.Fatalf("members are out of order after %d joined", n)
		}
		for _, i := range joined {
			if m := a.Member(i.ID); m == nil || m.Is() != i {
				t.Fatalf("%s is not found after %d joined", i.ID, n)
			}
		}
	}
}
