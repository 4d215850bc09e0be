package core

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
	a := newAppState(&app.Spec{ID: "/web"})
	total := 0
	for _, n := range []int{0, 1, 40, insertMax, insertMax + 1, 3, 500, 1} {
		var joined []*member
		for range n {
			joined = append(joined, a.join(&instance.Instance{ID: instance.ID(fmt.Sprintf("web.instance-%08x", rnd.Uint32())), App: "/web"}))
		}
		a.arrange(n)
		if total += n; len(a.members) != total {
			t.Fatalf("%d members after %d joined, want %d", len(a.members), n, total)
		}
		if !slices.IsSortedFunc(a.members, func(x, y *member) int { return cmp.Compare(x.is.ID, y.is.ID) }) {
			t.Fatalf("members are out of order after %d joined", n)
		}
		for _, m := range joined {
			if a.member(m.is.ID) != m {
				t.Fatalf("%s is not found after %d joined", m.is.ID, n)
			}
		}
	}
}
