package fault_test

import (
	"testing"

	"github.com/gantry-mesos/gantry/pkg/fault"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

func TestOfTellsWhoseFaultAnEndIs(t *testing.T) {
	t.Parallel()
	failed := func(labels []mesos.Label, r mesos.Reason) mesos.TaskStatus {
		return mesos.TaskStatus{State: mesos.TaskFailed, Labels: labels, Reason: r}
	}
	for name, row := range map[string]struct {
		st   mesos.TaskStatus
		want fault.Fault
	}{
		"the app's own":           {failed(nil, mesos.ReasonContainerLaunchFailed), ""},
		"a port":                  {failed(fault.Port.Labels(), ""), fault.Port},
		"the agent":               {failed(fault.Agent.Labels(), ""), fault.Agent},
		"the agent by its reason": {failed(nil, mesos.ReasonGCError), fault.Agent},
		"a word of another time":  {failed(fault.Fault("moon").Labels(), ""), ""},
		"no end":                  {mesos.TaskStatus{State: mesos.TaskRunning, Labels: fault.Agent.Labels()}, ""},
	} {
		if got := fault.Of(row.st); got != row.want {
			t.Errorf("%s: got %q, want %q", name, got, row.want)
		}
	}
}
