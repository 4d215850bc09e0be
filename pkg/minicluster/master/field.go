package master

import (
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/logfield"
	"github.com/gantry-mesos/gantry/pkg/mesos"
)

func fieldFramework(id string) zap.Field { return logfield.Framework(mesos.FrameworkID(id)) }
func fieldAgent(id string) zap.Field     { return logfield.Agent(mesos.AgentID(id)) }
