package validation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

func scalar(name string, v float64) mesos.Resource {
	return mesos.Resource{Name: name, Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: v}}
}

func port(n uint64) mesos.Resource {
	return mesos.Resource{
		Name: "ports", Type: mesos.RANGES.Enum(), Ranges: &mesos.Value_Ranges{Range: []mesos.Value_Range{{Begin: n, End: n}}},
	}
}

// scene is an operation with the books it is held against. It is sound until an offence is committed in it.
type scene struct {
	books *Books
	op    *mesos.Offer_Operation
}

// offence breaks the rule of a name.
type offence struct {
	rule   string
	commit func(s scene)
	want   string
}

func books() *Books {
	return &Books{
		Framework: &mesos.FrameworkInfo{ID: &mesos.FrameworkID{Value: "F"}, User: "u"},
		Agent:     "A", Role: "r",
		Available:   resources.Of(scalar("cpus", 8), scalar("mem", 8192), scalar("disk", 1000)).Allocated("r"),
		HasTask:     func(string) bool { return false },
		Unreachable: func(string) bool { return false },
		Executor:    func(string) (mesos.ExecutorInfo, bool) { return mesos.ExecutorInfo{}, false },
		InUse:       func(resources.List) bool { return false },
		MayRun:      func(string) bool { return true },
		MayConvert:  func(mesos.Offer_Operation_Type) string { return "" },
		Show:        func(e *mesos.ExecutorInfo) string { return string(e.Data) },
	}
}

func task(id string) mesos.TaskInfo {
	return mesos.TaskInfo{
		TaskID: mesos.TaskID{Value: id}, AgentID: mesos.AgentID{Value: "A"},
		Resources: []mesos.Resource{scalar("cpus", 1), scalar("mem", 64)},
	}
}

func executor() *mesos.ExecutorInfo {
	return &mesos.ExecutorInfo{
		Type: mesos.ExecutorInfo_CUSTOM, ExecutorID: mesos.ExecutorID{Value: "e"}, FrameworkID: &mesos.FrameworkID{Value: "F"},
		Command:   &mesos.CommandInfo{Value: new("run")},
		Resources: []mesos.Resource{scalar("cpus", 1), scalar("mem", 64), scalar("disk", 1)},
	}
}

// inOrder commits each offence alone and each two of them together: the rule that comes first decides. The offences
// are in the order of the specification, one for each rule.
func inOrder(t *testing.T, rules []rule, offences []offence, set func() scene, judge func(s scene) string) {
	t.Helper()
	if got := judge(set()); got != "" {
		t.Fatalf("a sound operation is refused: %s", got)
	}
	var have, want []string
	for _, r := range rules {
		have = append(have, r.about)
	}
	for _, o := range offences {
		want = append(want, o.rule)
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Fatalf("order of the rules (-specification +table):\n%s", diff)
	}
	for i, first := range offences {
		s := set()
		first.commit(s)
		if got := judge(s); got != first.want {
			t.Errorf("%s:\n got %q\nwant %q", first.rule, got, first.want)
		}
		for _, second := range offences[i+1:] {
			s := set()
			second.commit(s)
			first.commit(s)
			if got := judge(s); got != first.want {
				t.Errorf("%s and %s:\n got %q\nwant %q", first.rule, second.rule, got, first.want)
			}
		}
	}
}
