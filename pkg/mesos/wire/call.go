package wire

import (
	"fmt"
	"time"

	mesosgo "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// refuseDefault is how long an offer is refused when a call does not say.
const refuseDefault = 5 * time.Second

// FromSchedulerCall is the inverse of ToSchedulerCall, for masters. It fails for
// SUBSCRIBE, which has no own type, for calls that Gantry does not make and for
// calls whose content is missing.
func FromSchedulerCall(call *scheduler.Call) (mesos.SchedulerCall, error) {
	var out mesos.SchedulerCall
	switch {
	case call.Type == scheduler.Call_TEARDOWN:
		out = mesos.Teardown{}
	case call.Type == scheduler.Call_REVIVE:
		out = mesos.Revive{Roles: copyStrings(call.GetRevive().GetRoles())}
	case call.Type == scheduler.Call_SUPPRESS:
		out = mesos.Suppress{Roles: copyStrings(call.GetSuppress().GetRoles())}
	case call.Accept != nil:
		accept := mesos.Accept{OfferIDs: fromOfferIDs(call.Accept.OfferIDs), Refuse: fromFilters(call.Accept.Filters)}
		for i := range call.Accept.Operations {
			op, err := fromOperation(&call.Accept.Operations[i])
			if err != nil {
				return nil, err
			}
			accept.Operations = append(accept.Operations, op)
		}
		out = accept
	case call.Decline != nil:
		out = mesos.Decline{OfferIDs: fromOfferIDs(call.Decline.OfferIDs), Refuse: fromFilters(call.Decline.Filters)}
	case call.AcceptInverseOffers != nil:
		out = mesos.AcceptInverseOffers{OfferIDs: fromOfferIDs(call.AcceptInverseOffers.InverseOfferIDs)}
	case call.DeclineInverseOffers != nil:
		out = mesos.DeclineInverseOffers{OfferIDs: fromOfferIDs(call.DeclineInverseOffers.InverseOfferIDs)}
	case call.UpdateFramework != nil:
		out = mesos.UpdateFramework{
			Info:            FromFrameworkInfo(&call.UpdateFramework.FrameworkInfo),
			SuppressedRoles: copyStrings(call.UpdateFramework.SuppressedRoles),
		}
	default:
		out = fromTaskCall(call)
	}
	if out == nil {
		return nil, fmt.Errorf("decode call %s: not a call that Gantry makes, or its content is missing", call.Type)
	}
	return out, nil
}

func fromTaskCall(call *scheduler.Call) mesos.SchedulerCall {
	switch {
	case call.Kill != nil:
		return mesos.Kill{
			TaskID:  mesos.TaskID(call.Kill.TaskID.Value),
			AgentID: fromAgentID(call.Kill.AgentID),
			Policy:  fromKillPolicy(call.Kill.KillPolicy),
		}
	case call.Acknowledge != nil:
		return mesos.Acknowledge{
			AgentID: mesos.AgentID(call.Acknowledge.AgentID.Value),
			TaskID:  mesos.TaskID(call.Acknowledge.TaskID.Value),
			UUID:    copyBytes(call.Acknowledge.UUID),
		}
	case call.Reconcile != nil:
		return mesos.Reconcile{
			Tasks: convert(call.Reconcile.Tasks, func(t scheduler.Call_Reconcile_Task) mesos.TaskOnAgent {
				return mesos.TaskOnAgent{TaskID: mesos.TaskID(t.TaskID.Value), AgentID: fromAgentID(t.AgentID)}
			}),
		}
	case call.Shutdown != nil:
		return mesos.Shutdown{
			ExecutorID: mesos.ExecutorID(call.Shutdown.ExecutorID.Value),
			AgentID:    mesos.AgentID(call.Shutdown.AgentID.Value),
		}
	case call.Message != nil:
		return mesos.Message{
			AgentID:    mesos.AgentID(call.Message.AgentID.Value),
			ExecutorID: mesos.ExecutorID(call.Message.ExecutorID.Value),
			Data:       copyBytes(call.Message.Data),
		}
	default:
		return nil
	}
}

func fromFilters(f *mesosgo.Filters) time.Duration {
	if f == nil || f.RefuseSeconds == nil {
		return refuseDefault
	}
	return fromSeconds(*f.RefuseSeconds)
}

func fromOperation(o *mesosgo.Offer_Operation) (mesos.Operation, error) {
	switch {
	case o.Launch != nil:
		var launch mesos.Launch
		for i := range o.Launch.TaskInfos {
			launch.Tasks = append(launch.Tasks, FromTaskInfo(&o.Launch.TaskInfos[i]))
		}
		return launch, nil
	case o.Reserve != nil:
		return mesos.Reserve{Resources: FromResources(o.Reserve.Resources)}, nil
	case o.Unreserve != nil:
		return mesos.Unreserve{Resources: FromResources(o.Unreserve.Resources)}, nil
	case o.Create != nil:
		return mesos.Create{Volumes: FromResources(o.Create.Volumes)}, nil
	case o.Destroy != nil:
		return mesos.Destroy{Volumes: FromResources(o.Destroy.Volumes)}, nil
	default:
		return nil, fmt.Errorf("decode operation %s: not an operation that Gantry uses", o.Type)
	}
}
