package agent

import (
	"context"
	"errors"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/builtin"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent/containerizer"
)

// dockerGraceExtra is what Mesos adds to the kill grace period of a docker task for the executor's own end.
const dockerGraceExtra = 2 * time.Second

var errDocker = errors.New("docker is not available")

func (a *Agent) dockerStarter(_ *executorRun, _ containerizer.Spec, _ builtin.Params) startFunc {
	return func(context.Context) (*containerizer.Container, error) { return nil, errDocker }
}

func (a *Agent) removeDocker(string) {}
