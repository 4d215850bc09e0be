// Package fault is how an executor says whose fault the end of a task is, in a
// label of the status update. Without one it is the App's own.
package fault

import "github.com/gantry-mesos/gantry/pkg/mesos"

// Fault is what kept a task from running, other than itself; "" is nothing.
type Fault string

const (
	// Port is a host port that the agent offers and something else uses: the agent
	// is well, another port or agent will do.
	Port Fault = "port"
	// Agent is something that fails every task there, such as an engine that does
	// not answer, a full disk or a missing bridge.
	Agent Fault = "agent"
)

// key is the label's; "gantry.io/" keeps it apart from labels of others.
const key = "gantry.io/fault"

// Labels returns the labels of a status update with this fault, nil for none.
func (f Fault) Labels() []mesos.Label {
	if f == "" {
		return nil
	}
	return []mesos.Label{{Key: key, Value: string(f)}}
}

// Of returns whose fault a task's end is: what its executor said, or what the
// agent's own reason tells.
func Of(st mesos.TaskStatus) Fault {
	if !st.State.Terminal() {
		return ""
	}
	for _, l := range st.Labels {
		if f := Fault(l.Value); l.Key == key && (f == Port || f == Agent) {
			return f
		}
	}
	if st.Reason == mesos.ReasonGCError || st.Reason == mesos.ReasonSwitchboardExited {
		return Agent
	}
	return ""
}
