package wire

import (
	mesosgo "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

func toAgentID(id mesos.AgentID) *mesosgo.AgentID {
	if id == "" {
		return nil
	}
	return &mesosgo.AgentID{Value: string(id)}
}

func fromAgentID(id *mesosgo.AgentID) mesos.AgentID {
	if id == nil {
		return ""
	}
	return mesos.AgentID(id.Value)
}

func toExecutorID(id mesos.ExecutorID) *mesosgo.ExecutorID {
	if id == "" {
		return nil
	}
	return &mesosgo.ExecutorID{Value: string(id)}
}

func fromExecutorID(id *mesosgo.ExecutorID) mesos.ExecutorID {
	if id == nil {
		return ""
	}
	return mesos.ExecutorID(id.Value)
}

func toFrameworkID(id mesos.FrameworkID) *mesosgo.FrameworkID {
	if id == "" {
		return nil
	}
	return &mesosgo.FrameworkID{Value: string(id)}
}

func fromFrameworkID(id *mesosgo.FrameworkID) mesos.FrameworkID {
	if id == nil {
		return ""
	}
	return mesos.FrameworkID(id.Value)
}

func toContainerID(id mesos.ContainerID) *mesosgo.ContainerID {
	if id == "" {
		return nil
	}
	return &mesosgo.ContainerID{Value: string(id)}
}

func fromContainerID(id *mesosgo.ContainerID) mesos.ContainerID {
	if id == nil {
		return ""
	}
	return mesos.ContainerID(id.Value)
}

func toOfferIDs(ids []mesos.OfferID) []mesosgo.OfferID {
	return convert(ids, func(id mesos.OfferID) mesosgo.OfferID { return mesosgo.OfferID{Value: string(id)} })
}

func fromOfferIDs(ids []mesosgo.OfferID) []mesos.OfferID {
	return convert(ids, func(id mesosgo.OfferID) mesos.OfferID { return mesos.OfferID(id.Value) })
}
