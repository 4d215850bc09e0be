package taskinfo

import (
	"fmt"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// UnlaunchableError says that an App asks for something that its executor cannot do.
type UnlaunchableError struct {
	// Path leads to the member in Marathon's JSON, such as "/networks".
	Path string
	// Text says what cannot be, and what can.
	Text string
}

func (e *UnlaunchableError) Error() string { return e.Path + ": " + e.Text }

func unlaunchable(path, format string, args ...any) error {
	return &UnlaunchableError{Path: path, Text: fmt.Sprintf(format, args...)}
}

// Trial reports, as an *UnlaunchableError, why no task of an App could ever be
// launched: what Build would fail with on whatever agent.
func Trial(s *app.Spec, o Options) error {
	run := &s.Run
	l := Launch{Run: run, Readiness: s.Readiness, Check: s.Check, Owner: runspec.Owner{ID: "/trial"}, InstanceID: "trial.instance-1", TaskID: "trial.instance-1._app.1", AgentID: "trial", Hostname: "trial", Role: "*"}
	for i, p := range run.Ports {
		if run.HasHostPort(p) {
			l.HostPorts = append(l.HostPorts, uint32(trialPort+i))
		}
	}
	l.Resources = []mesos.Resource{}
	_, err := Build(l, o)
	return err
}

// trialPort is the first host port of a Trial.
const trialPort = 31000
