package wire

import (
	"strconv"
	"strings"

	mesosgo "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

const reasonPrefix = "REASON_"

// ToTaskStatus converts a status update to its message.
func ToTaskStatus(s mesos.TaskStatus) mesosgo.TaskStatus {
	return mesosgo.TaskStatus{
		TaskID:          mesosgo.TaskID{Value: string(s.TaskID)},
		State:           toState(s.State),
		Source:          toSource(s.Source),
		Reason:          toReason(s.Reason),
		Message:         optional(s.Message),
		Data:            copyBytes(s.Data),
		AgentID:         toAgentID(s.AgentID),
		ExecutorID:      toExecutorID(s.ExecutorID),
		Timestamp:       toTimestamp(s.Timestamp),
		UUID:            copyBytes(s.UUID),
		Healthy:         copyOf(s.Healthy),
		CheckStatus:     toCheckStatus(s.Check),
		Labels:          toLabels(s.Labels),
		ContainerStatus: toContainerStatus(s.Container),
		UnreachableTime: toTime(s.UnreachableTime),
	}
}

// FromTaskStatus is the inverse of ToTaskStatus. A reason that this version of
// the protocol does not name becomes "REASON_" and its number.
func FromTaskStatus(s *mesosgo.TaskStatus) mesos.TaskStatus {
	return mesos.TaskStatus{
		TaskID:          mesos.TaskID(s.TaskID.Value),
		State:           fromState(s.State),
		Source:          fromSource(s.Source),
		Reason:          fromReason(s.Reason),
		Message:         s.GetMessage(),
		Data:            copyBytes(s.Data),
		AgentID:         fromAgentID(s.AgentID),
		ExecutorID:      fromExecutorID(s.ExecutorID),
		Timestamp:       fromTimestamp(s.Timestamp),
		UUID:            copyBytes(s.UUID),
		Healthy:         copyOf(s.Healthy),
		Check:           fromCheckStatus(s.CheckStatus),
		Labels:          fromLabels(s.Labels),
		Container:       fromContainerStatus(s.ContainerStatus),
		UnreachableTime: fromTime(s.UnreachableTime),
	}
}

func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

func toState(s mesos.TaskState) *mesosgo.TaskState {
	n, ok := mesosgo.TaskState_value[s.String()]
	if !ok {
		return nil
	}
	return mesosgo.TaskState(n).Enum()
}

// fromState tells a missing state, which must not be read as TASK_STARTING (0), from a set one.
func fromState(s *mesosgo.TaskState) mesos.TaskState {
	if s == nil {
		return 0
	}
	state, _ := mesos.ParseTaskState(mesosgo.TaskState_name[int32(*s)])
	return state
}

func toSource(s mesos.Source) *mesosgo.TaskStatus_Source {
	n, ok := mesosgo.TaskStatus_Source_value[s.String()]
	if !ok {
		return nil
	}
	return mesosgo.TaskStatus_Source(n).Enum()
}

func fromSource(s *mesosgo.TaskStatus_Source) mesos.Source {
	if s == nil {
		return 0
	}
	switch *s {
	case mesosgo.SOURCE_MASTER:
		return mesos.SourceMaster
	case mesosgo.SOURCE_AGENT:
		return mesos.SourceAgent
	case mesosgo.SOURCE_EXECUTOR:
		return mesos.SourceExecutor
	default:
		return 0
	}
}

func toReason(r mesos.Reason) *mesosgo.TaskStatus_Reason {
	if r == "" {
		return nil
	}
	if n, ok := mesosgo.TaskStatus_Reason_value[string(r)]; ok {
		return mesosgo.TaskStatus_Reason(n).Enum()
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(string(r), reasonPrefix), 10, 32)
	if err != nil {
		return nil
	}
	return mesosgo.TaskStatus_Reason(n).Enum()
}

// fromReason looks at the pointer first: 0 is a reason of its own.
func fromReason(r *mesosgo.TaskStatus_Reason) mesos.Reason {
	if r == nil {
		return ""
	}
	if name, ok := mesosgo.TaskStatus_Reason_name[int32(*r)]; ok {
		return mesos.Reason(name)
	}
	return mesos.Reason(reasonPrefix + strconv.Itoa(int(*r)))
}

func toCheckStatus(c *mesos.CheckStatus) *mesosgo.CheckStatusInfo {
	if c == nil {
		return nil
	}
	switch c.Type {
	case mesos.CheckCommand:
		return &mesosgo.CheckStatusInfo{
			Type: mesosgo.CheckInfo_COMMAND.Enum(), Command: &mesosgo.CheckStatusInfo_Command{ExitCode: narrow[int32](c.Result)},
		}
	case mesos.CheckHTTP:
		return &mesosgo.CheckStatusInfo{
			Type: mesosgo.CheckInfo_HTTP.Enum(), HTTP: &mesosgo.CheckStatusInfo_Http{StatusCode: narrow[uint32](c.Result)},
		}
	case mesos.CheckTCP:
		out := &mesosgo.CheckStatusInfo_Tcp{}
		if c.Result != nil {
			out.Succeeded = new(*c.Result != 0)
		}
		return &mesosgo.CheckStatusInfo{Type: mesosgo.CheckInfo_TCP.Enum(), TCP: out}
	default:
		return nil
	}
}

func fromCheckStatus(c *mesosgo.CheckStatusInfo) *mesos.CheckStatus {
	switch {
	case c == nil:
		return nil
	case c.Command != nil:
		return &mesos.CheckStatus{Type: mesos.CheckCommand, Result: widen(c.Command.ExitCode)}
	case c.HTTP != nil:
		return &mesos.CheckStatus{Type: mesos.CheckHTTP, Result: widen(c.HTTP.StatusCode)}
	case c.TCP != nil:
		out := &mesos.CheckStatus{Type: mesos.CheckTCP}
		if ok := c.TCP.Succeeded; ok != nil {
			out.Result = new(int64)
			if *ok {
				*out.Result = 1
			}
		}
		return out
	default:
		return nil
	}
}

// widen and narrow are for numbers of 32 bits that may be absent.
func widen[T int32 | uint32](n *T) *int64 {
	if n == nil {
		return nil
	}
	return new(int64(*n))
}

func narrow[T int32 | uint32](n *int64) *T {
	if n == nil {
		return nil
	}
	return new(T(*n))
}

func toContainerStatus(c *mesos.ContainerStatus) *mesosgo.ContainerStatus {
	if c == nil {
		return nil
	}
	return &mesosgo.ContainerStatus{
		ContainerID:  toContainerID(c.ContainerID),
		ExecutorPID:  optional(c.ExecutorPID),
		NetworkInfos: convert(c.Networks, toNetwork),
	}
}

func fromContainerStatus(c *mesosgo.ContainerStatus) *mesos.ContainerStatus {
	if c == nil {
		return nil
	}
	return &mesos.ContainerStatus{
		ContainerID: fromContainerID(c.ContainerID),
		ExecutorPID: c.GetExecutorPID(),
		Networks:    convert(c.NetworkInfos, fromNetwork),
	}
}
