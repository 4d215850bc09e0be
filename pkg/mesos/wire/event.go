package wire

import (
	"fmt"

	mesosgo "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// FromSchedulerEvent converts an event to the own type. It returns nil without
// an error for an event that Gantry does not use or that newer masters have,
// and an error for one whose content is missing.
func FromSchedulerEvent(e *scheduler.Event) (mesos.SchedulerEvent, error) {
	var out mesos.SchedulerEvent
	switch e.Type {
	case scheduler.Event_SUBSCRIBED:
		if e.Subscribed != nil {
			out = mesos.Subscribed{
				FrameworkID:       fromFrameworkID(e.Subscribed.FrameworkID),
				HeartbeatInterval: fromSeconds(e.Subscribed.GetHeartbeatIntervalSeconds()),
				Master:            FromMasterInfo(e.Subscribed.MasterInfo),
			}
		}
	case scheduler.Event_HEARTBEAT:
		out = mesos.Heartbeat{}
	case scheduler.Event_ERROR:
		if e.Error != nil {
			out = mesos.ErrorEvent{Message: e.Error.Message}
		}
	case scheduler.Event_OFFERS, scheduler.Event_RESCIND, scheduler.Event_INVERSE_OFFERS, scheduler.Event_RESCIND_INVERSE_OFFER:
		out = fromOfferEvent(e)
	case scheduler.Event_UPDATE, scheduler.Event_MESSAGE, scheduler.Event_FAILURE:
		out = fromTaskEvent(e)
	case scheduler.Event_UPDATE_OPERATION_STATUS, scheduler.Event_UNKNOWN:
		return nil, nil
	default:
		return nil, nil
	}
	if out == nil {
		return nil, fmt.Errorf("decode event %s: its content is missing", e.Type)
	}
	return out, nil
}

func fromOfferEvent(e *scheduler.Event) mesos.SchedulerEvent {
	switch {
	case e.Offers != nil:
		offers := make([]mesos.Offer, len(e.Offers.Offers))
		for i := range e.Offers.Offers {
			offers[i] = FromOffer(&e.Offers.Offers[i])
		}
		return mesos.Offers{Offers: offers}
	case e.Rescind != nil:
		return mesos.Rescind{OfferID: mesos.OfferID(e.Rescind.OfferID.Value)}
	case e.InverseOffers != nil:
		return mesos.InverseOffers{Offers: convert(e.InverseOffers.InverseOffers, FromInverseOffer)}
	case e.RescindInverseOffer != nil:
		return mesos.RescindInverseOffer{OfferID: mesos.OfferID(e.RescindInverseOffer.InverseOfferID.Value)}
	default:
		return nil
	}
}

// unknownWaitStatus is the status of an executor that ended in an unknown way.
const unknownWaitStatus = -1

func fromTaskEvent(e *scheduler.Event) mesos.SchedulerEvent {
	switch {
	case e.Update != nil:
		return mesos.Update{Status: FromTaskStatus(&e.Update.Status)}
	case e.Message != nil:
		return mesos.FrameworkMessage{
			AgentID:    mesos.AgentID(e.Message.AgentID.Value),
			ExecutorID: mesos.ExecutorID(e.Message.ExecutorID.Value),
			Data:       copyBytes(e.Message.Data),
		}
	case e.Failure != nil:
		out := mesos.Failure{
			AgentID:    fromAgentID(e.Failure.AgentID),
			ExecutorID: fromExecutorID(e.Failure.ExecutorID),
			Status:     unknownWaitStatus,
		}
		if e.Failure.Status != nil {
			out.Status = *e.Failure.Status
		}
		return out
	default:
		return nil
	}
}

// ToSchedulerEvent converts an event, as a master sends it to the framework id,
// to its message. It fails for mesos.Disconnected, which no master sends.
func ToSchedulerEvent(id mesos.FrameworkID, event mesos.SchedulerEvent) (*scheduler.Event, error) {
	switch e := event.(type) {
	case mesos.Subscribed:
		master := ToMasterInfo(e.Master)
		return &scheduler.Event{Type: scheduler.Event_SUBSCRIBED, Subscribed: &scheduler.Event_Subscribed{
			FrameworkID:              &mesosgo.FrameworkID{Value: string(e.FrameworkID)},
			HeartbeatIntervalSeconds: toSeconds(e.HeartbeatInterval),
			MasterInfo:               &master,
		}}, nil
	case mesos.Offers:
		return &scheduler.Event{Type: scheduler.Event_OFFERS, Offers: &scheduler.Event_Offers{
			Offers: convert(e.Offers, ToOffer),
		}}, nil
	case mesos.Rescind:
		return &scheduler.Event{Type: scheduler.Event_RESCIND, Rescind: &scheduler.Event_Rescind{
			OfferID: mesosgo.OfferID{Value: string(e.OfferID)},
		}}, nil
	case mesos.InverseOffers:
		return &scheduler.Event{Type: scheduler.Event_INVERSE_OFFERS, InverseOffers: &scheduler.Event_InverseOffers{
			InverseOffers: convert(e.Offers, func(o mesos.InverseOffer) mesosgo.InverseOffer { return ToInverseOffer(id, o) }),
		}}, nil
	case mesos.RescindInverseOffer:
		return &scheduler.Event{Type: scheduler.Event_RESCIND_INVERSE_OFFER,
			RescindInverseOffer: &scheduler.Event_RescindInverseOffer{
				InverseOfferID: mesosgo.OfferID{Value: string(e.OfferID)},
			}}, nil
	case mesos.ErrorEvent:
		return &scheduler.Event{Type: scheduler.Event_ERROR, Error: &scheduler.Event_Error{Message: e.Message}}, nil
	case mesos.Heartbeat:
		return &scheduler.Event{Type: scheduler.Event_HEARTBEAT}, nil
	default:
		return toTaskEvent(event)
	}
}

func toTaskEvent(event mesos.SchedulerEvent) (*scheduler.Event, error) {
	switch e := event.(type) {
	case mesos.Update:
		return &scheduler.Event{Type: scheduler.Event_UPDATE, Update: &scheduler.Event_Update{
			Status: ToTaskStatus(e.Status),
		}}, nil
	case mesos.FrameworkMessage:
		return &scheduler.Event{Type: scheduler.Event_MESSAGE, Message: &scheduler.Event_Message{
			AgentID:    mesosgo.AgentID{Value: string(e.AgentID)},
			ExecutorID: mesosgo.ExecutorID{Value: string(e.ExecutorID)},
			Data:       append([]byte{}, e.Data...),
		}}, nil
	case mesos.Failure:
		out := &scheduler.Event_Failure{AgentID: toAgentID(e.AgentID), ExecutorID: toExecutorID(e.ExecutorID)}
		if e.Status != unknownWaitStatus {
			out.Status = &e.Status
		}
		return &scheduler.Event{Type: scheduler.Event_FAILURE, Failure: out}, nil
	default:
		return nil, fmt.Errorf("convert event %T: not an event that a master sends", event)
	}
}
