package wire

import (
	"fmt"

	mesosgo "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// ToExecutorSubscribe makes the SUBSCRIBE call of an executor with what no agent has acknowledged yet.
func ToExecutorSubscribe(f mesos.FrameworkID, e mesos.ExecutorID, u mesos.Unacknowledged) *executor.Call {
	return &executor.Call{
		FrameworkID: mesosgo.FrameworkID{Value: string(f)},
		ExecutorID:  mesosgo.ExecutorID{Value: string(e)},
		Type:        executor.Call_SUBSCRIBE,
		Subscribe: &executor.Call_Subscribe{
			UnacknowledgedTasks: convert(u.Tasks, ToTaskInfo),
			UnacknowledgedUpdates: convert(u.Updates, func(s mesos.TaskStatus) executor.Call_Update {
				return executor.Call_Update{Status: ToTaskStatus(s)}
			}),
		},
	}
}

// FromExecutorSubscribe is the inverse of ToExecutorSubscribe, for agents.
func FromExecutorSubscribe(s *executor.Call_Subscribe) mesos.Unacknowledged {
	var out mesos.Unacknowledged
	for i := range s.UnacknowledgedTasks {
		out.Tasks = append(out.Tasks, FromTaskInfo(&s.UnacknowledgedTasks[i]))
	}
	for i := range s.UnacknowledgedUpdates {
		out.Updates = append(out.Updates, FromTaskStatus(&s.UnacknowledgedUpdates[i].Status))
	}
	return out
}

// ToExecutorCall converts a call of the executor e of framework f to its
// message. It fails for a type that is no call of this protocol.
func ToExecutorCall(f mesos.FrameworkID, e mesos.ExecutorID, call mesos.ExecutorCall) (*executor.Call, error) {
	out := &executor.Call{
		FrameworkID: mesosgo.FrameworkID{Value: string(f)},
		ExecutorID:  mesosgo.ExecutorID{Value: string(e)},
	}
	switch c := call.(type) {
	case mesos.StatusUpdate:
		out.Type = executor.Call_UPDATE
		out.Update = &executor.Call_Update{Status: ToTaskStatus(c.Status)}
	case mesos.SchedulerMessage:
		out.Type = executor.Call_MESSAGE
		out.Message = &executor.Call_Message{Data: append([]byte{}, c.Data...)}
	default:
		return nil, fmt.Errorf("convert call %T: not a call of the executor API", call)
	}
	return out, nil
}

// FromExecutorCall is the inverse of ToExecutorCall, for agents. It fails for
// SUBSCRIBE and HEARTBEAT, which have no own type, and for calls without content.
func FromExecutorCall(call *executor.Call) (mesos.ExecutorCall, error) {
	switch {
	case call.Type == executor.Call_UPDATE && call.Update != nil:
		return mesos.StatusUpdate{Status: FromTaskStatus(&call.Update.Status)}, nil
	case call.Type == executor.Call_MESSAGE && call.Message != nil:
		return mesos.SchedulerMessage{Data: copyBytes(call.Message.Data)}, nil
	default:
		return nil, fmt.Errorf("decode executor call %s: not an update or message, or its content is missing", call.Type)
	}
}

// FromExecutorEvent converts an event to the own type. It returns nil without
// an error for an event that Gantry does not use (LAUNCH_GROUP, which is only
// sent for task groups) or that newer agents have, and an error for one whose
// content is missing.
func FromExecutorEvent(e *executor.Event) (mesos.ExecutorEvent, error) {
	var out mesos.ExecutorEvent
	switch e.Type {
	case executor.Event_SUBSCRIBED:
		if s := e.Subscribed; s != nil {
			out = mesos.ExecutorSubscribed{
				Executor:    FromExecutorInfo(&s.ExecutorInfo),
				Framework:   FromFrameworkInfo(&s.FrameworkInfo),
				Agent:       FromAgentInfo(&s.AgentInfo),
				ContainerID: fromContainerID(s.ContainerID),
			}
		}
	case executor.Event_LAUNCH:
		if e.Launch != nil {
			out = mesos.LaunchTask{Task: FromTaskInfo(&e.Launch.Task)}
		}
	case executor.Event_KILL:
		if e.Kill != nil {
			out = mesos.KillTask{
				TaskID: mesos.TaskID(e.Kill.TaskID.Value), Policy: fromKillPolicy(e.Kill.KillPolicy),
			}
		}
	case executor.Event_ACKNOWLEDGED:
		if e.Acknowledged != nil {
			out = mesos.Acknowledged{
				TaskID: mesos.TaskID(e.Acknowledged.TaskID.Value), UUID: copyBytes(e.Acknowledged.UUID),
			}
		}
	case executor.Event_MESSAGE:
		if e.Message != nil {
			out = mesos.ExecutorMessage{Data: copyBytes(e.Message.Data)}
		}
	case executor.Event_ERROR:
		if e.Error != nil {
			out = mesos.ExecutorError{Message: e.Error.Message}
		}
	case executor.Event_SHUTDOWN:
		out = mesos.ShutdownExecutor{}
	case executor.Event_HEARTBEAT:
		out = mesos.ExecutorHeartbeat{}
	case executor.Event_LAUNCH_GROUP, executor.Event_UNKNOWN:
		return nil, nil
	default:
		return nil, nil
	}
	if out == nil {
		return nil, fmt.Errorf("decode executor event %s: its content is missing", e.Type)
	}
	return out, nil
}

// ToExecutorEvent converts an event, as an agent sends it, to its message.
func ToExecutorEvent(event mesos.ExecutorEvent) (*executor.Event, error) {
	switch e := event.(type) {
	case mesos.ExecutorSubscribed:
		return &executor.Event{Type: executor.Event_SUBSCRIBED, Subscribed: &executor.Event_Subscribed{
			ExecutorInfo:  ToExecutorInfo(e.Executor),
			FrameworkInfo: ToFrameworkInfo(e.Framework),
			AgentInfo:     ToAgentInfo(e.Agent),
			ContainerID:   toContainerID(e.ContainerID),
		}}, nil
	case mesos.LaunchTask:
		return &executor.Event{Type: executor.Event_LAUNCH, Launch: &executor.Event_Launch{Task: ToTaskInfo(e.Task)}}, nil
	case mesos.KillTask:
		return &executor.Event{Type: executor.Event_KILL, Kill: &executor.Event_Kill{
			TaskID: mesosgo.TaskID{Value: string(e.TaskID)}, KillPolicy: toKillPolicy(e.Policy),
		}}, nil
	case mesos.Acknowledged:
		return &executor.Event{Type: executor.Event_ACKNOWLEDGED, Acknowledged: &executor.Event_Acknowledged{
			TaskID: mesosgo.TaskID{Value: string(e.TaskID)}, UUID: append([]byte{}, e.UUID...),
		}}, nil
	case mesos.ExecutorMessage:
		return &executor.Event{Type: executor.Event_MESSAGE, Message: &executor.Event_Message{
			Data: append([]byte{}, e.Data...),
		}}, nil
	case mesos.ExecutorError:
		return &executor.Event{Type: executor.Event_ERROR, Error: &executor.Event_Error{Message: e.Message}}, nil
	case mesos.ShutdownExecutor:
		return &executor.Event{Type: executor.Event_SHUTDOWN}, nil
	case mesos.ExecutorHeartbeat:
		return &executor.Event{Type: executor.Event_HEARTBEAT}, nil
	default:
		return nil, fmt.Errorf("convert event %T: not an event of the executor API", event)
	}
}
