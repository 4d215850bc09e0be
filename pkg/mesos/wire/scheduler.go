package wire

import (
	"fmt"
	"time"

	mesosgo "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// ToSubscribe makes the SUBSCRIBE call of a framework; its id, if it has one,
// stands in the call, too, as the master demands.
func ToSubscribe(info mesos.FrameworkInfo, suppressedRoles []string) *scheduler.Call {
	f := ToFrameworkInfo(info)
	return &scheduler.Call{
		FrameworkID: toFrameworkID(info.ID),
		Type:        scheduler.Call_SUBSCRIBE,
		Subscribe:   &scheduler.Call_Subscribe{FrameworkInfo: &f, SuppressedRoles: withoutEmpty(suppressedRoles)},
	}
}

// ToSchedulerCall converts a call of the framework id to its message. It fails
// for a type that is no call of this protocol.
func ToSchedulerCall(id mesos.FrameworkID, call mesos.SchedulerCall) (*scheduler.Call, error) {
	out := &scheduler.Call{FrameworkID: toFrameworkID(id)}
	switch c := call.(type) {
	case mesos.Accept:
		out.Type = scheduler.Call_ACCEPT
		out.Accept = &scheduler.Call_Accept{OfferIDs: toOfferIDs(c.OfferIDs), Filters: toFilters(c.Refuse)}
		for _, op := range c.Operations {
			o, err := toOperation(op)
			if err != nil {
				return nil, err
			}
			out.Accept.Operations = append(out.Accept.Operations, o)
		}
	case mesos.Decline:
		out.Type = scheduler.Call_DECLINE
		out.Decline = &scheduler.Call_Decline{OfferIDs: toOfferIDs(c.OfferIDs), Filters: toFilters(c.Refuse)}
	case mesos.Revive:
		out.Type = scheduler.Call_REVIVE
		out.Revive = &scheduler.Call_Revive{Roles: withoutEmpty(c.Roles)}
	case mesos.Suppress:
		out.Type = scheduler.Call_SUPPRESS
		out.Suppress = &scheduler.Call_Suppress{Roles: withoutEmpty(c.Roles)}
	case mesos.AcceptInverseOffers:
		out.Type = scheduler.Call_ACCEPT_INVERSE_OFFERS
		out.AcceptInverseOffers = &scheduler.Call_AcceptInverseOffers{InverseOfferIDs: toOfferIDs(c.OfferIDs)}
	case mesos.DeclineInverseOffers:
		out.Type = scheduler.Call_DECLINE_INVERSE_OFFERS
		out.DeclineInverseOffers = &scheduler.Call_DeclineInverseOffers{InverseOfferIDs: toOfferIDs(c.OfferIDs)}
	case mesos.UpdateFramework:
		info := c.Info
		info.ID = id
		out.Type = scheduler.Call_UPDATE_FRAMEWORK
		out.UpdateFramework = &scheduler.Call_UpdateFramework{
			FrameworkInfo: ToFrameworkInfo(info), SuppressedRoles: withoutEmpty(c.SuppressedRoles),
		}
	case mesos.Teardown:
		out.Type = scheduler.Call_TEARDOWN
	default:
		if !toTaskCall(call, out) {
			return nil, fmt.Errorf("convert call %T: not a call of the scheduler API", call)
		}
	}
	return out, nil
}

// toTaskCall fills out with a call about tasks or executors and reports whether call is one.
func toTaskCall(call mesos.SchedulerCall, out *scheduler.Call) bool {
	switch c := call.(type) {
	case mesos.Kill:
		out.Type = scheduler.Call_KILL
		out.Kill = &scheduler.Call_Kill{
			TaskID:     mesosgo.TaskID{Value: string(c.TaskID)},
			AgentID:    toAgentID(c.AgentID),
			KillPolicy: toKillPolicy(c.Policy),
		}
	case mesos.Acknowledge:
		out.Type = scheduler.Call_ACKNOWLEDGE
		out.Acknowledge = &scheduler.Call_Acknowledge{
			AgentID: mesosgo.AgentID{Value: string(c.AgentID)},
			TaskID:  mesosgo.TaskID{Value: string(c.TaskID)},
			UUID:    copyBytes(c.UUID),
		}
	case mesos.Reconcile:
		out.Type = scheduler.Call_RECONCILE
		out.Reconcile = &scheduler.Call_Reconcile{
			Tasks: convert(c.Tasks, func(t mesos.TaskOnAgent) scheduler.Call_Reconcile_Task {
				return scheduler.Call_Reconcile_Task{
					TaskID: mesosgo.TaskID{Value: string(t.TaskID)}, AgentID: toAgentID(t.AgentID),
				}
			}),
		}
	case mesos.Shutdown:
		out.Type = scheduler.Call_SHUTDOWN
		out.Shutdown = &scheduler.Call_Shutdown{
			ExecutorID: mesosgo.ExecutorID{Value: string(c.ExecutorID)},
			AgentID:    mesosgo.AgentID{Value: string(c.AgentID)},
		}
	case mesos.Message:
		out.Type = scheduler.Call_MESSAGE
		out.Message = &scheduler.Call_Message{
			AgentID:    mesosgo.AgentID{Value: string(c.AgentID)},
			ExecutorID: mesosgo.ExecutorID{Value: string(c.ExecutorID)},
			Data:       append([]byte{}, c.Data...),
		}
	default:
		return false
	}
	return true
}

// toFilters is always written: an unset filter would mean five seconds.
func toFilters(refuse time.Duration) *mesosgo.Filters {
	return &mesosgo.Filters{RefuseSeconds: toSeconds(refuse)}
}

func toOperation(op mesos.Operation) (mesosgo.Offer_Operation, error) {
	switch o := op.(type) {
	case mesos.Launch:
		return mesosgo.Offer_Operation{
			Type:   mesosgo.Offer_Operation_LAUNCH,
			Launch: &mesosgo.Offer_Operation_Launch{TaskInfos: convert(o.Tasks, ToTaskInfo)},
		}, nil
	case mesos.Reserve:
		return mesosgo.Offer_Operation{
			Type:    mesosgo.Offer_Operation_RESERVE,
			Reserve: &mesosgo.Offer_Operation_Reserve{Resources: ToResources(o.Resources)},
		}, nil
	case mesos.Unreserve:
		return mesosgo.Offer_Operation{
			Type:      mesosgo.Offer_Operation_UNRESERVE,
			Unreserve: &mesosgo.Offer_Operation_Unreserve{Resources: ToResources(o.Resources)},
		}, nil
	case mesos.Create:
		return mesosgo.Offer_Operation{
			Type:   mesosgo.Offer_Operation_CREATE,
			Create: &mesosgo.Offer_Operation_Create{Volumes: ToResources(o.Volumes)},
		}, nil
	case mesos.Destroy:
		return mesosgo.Offer_Operation{
			Type:    mesosgo.Offer_Operation_DESTROY,
			Destroy: &mesosgo.Offer_Operation_Destroy{Volumes: ToResources(o.Volumes)},
		}, nil
	default:
		return mesosgo.Offer_Operation{}, fmt.Errorf("convert operation %T: not an operation of ACCEPT", op)
	}
}
