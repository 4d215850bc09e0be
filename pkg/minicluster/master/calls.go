package master

import (
	"fmt"
	"net/http"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
)

// call checks a call against the state and carries it out.
func (s *actor) call(req request) *codec.Refusal {
	bad := func(status int, format string, args ...any) *codec.Refusal {
		return &codec.Refusal{Status: status, Text: fmt.Sprintf(format, args...)}
	}
	fw := s.Frameworks[req.call.FrameworkID.Value]
	switch {
	case fw == nil:
		return bad(http.StatusBadRequest, "Framework cannot be found")
	case req.principal != nil && fw.Info.Principal != nil && *req.principal != *fw.Info.Principal:
		return bad(http.StatusBadRequest, "Authenticated principal '%s' does not match principal '%s' set in `FrameworkInfo`",
			*req.principal, *fw.Info.Principal)
	case fw.stream == nil:
		return bad(http.StatusForbidden, "Framework is not subscribed")
	case !req.hasStream:
		return bad(http.StatusBadRequest, "All non-subscribe calls should include the 'Mesos-Stream-Id' header")
	case req.streamID != fw.stream.id:
		return bad(http.StatusBadRequest, "The stream ID '%s' included in this request didn't match the stream ID "+
			"currently associated with framework ID %s", req.streamID, fw.ID)
	}
	if req.call.Type == scheduler.Call_UPDATE_FRAMEWORK {
		if refused := s.updateFramework(fw, req); refused != nil {
			return bad(refused.Status, "%s", refused.Message)
		}
		return nil
	}
	s.perform(fw, req.call)
	return nil
}

// perform carries out a call of a subscribed framework.
func (s *actor) perform(fw *Framework, c *scheduler.Call) {
	switch c.Type {
	case scheduler.Call_TEARDOWN:
		s.count("messages_unregister_framework")
		s.removeFramework(fw)
	case scheduler.Call_ACCEPT:
		s.accept(fw, c.Accept)
	case scheduler.Call_DECLINE:
		s.decline(fw, c.Decline)
	case scheduler.Call_ACCEPT_INVERSE_OFFERS:
		s.answerInverse(fw, c.AcceptInverseOffers.InverseOfferIDs, true, c.AcceptInverseOffers.Filters)
	case scheduler.Call_DECLINE_INVERSE_OFFERS:
		s.answerInverse(fw, c.DeclineInverseOffers.InverseOfferIDs, false, c.DeclineInverseOffers.Filters)
	case scheduler.Call_REVIVE:
		s.revive(fw, c.Revive.GetRoles())
	case scheduler.Call_SUPPRESS:
		s.suppress(fw, c.Suppress.GetRoles())
	case scheduler.Call_KILL:
		s.kill(fw, c.Kill)
	case scheduler.Call_SHUTDOWN:
		s.shutdownExecutor(fw, c.Shutdown)
	case scheduler.Call_ACKNOWLEDGE:
		s.acknowledge(fw, c.Acknowledge)
	case scheduler.Call_ACKNOWLEDGE_OPERATION_STATUS:
		s.acknowledgeOperation(fw, c.AcknowledgeOperationStatus)
	case scheduler.Call_RECONCILE:
		s.reconcile(fw, c.Reconcile)
	case scheduler.Call_RECONCILE_OPERATIONS:
		s.reconcileOperations(fw, c.ReconcileOperations)
	case scheduler.Call_MESSAGE:
		s.message(fw, c.Message)
	case scheduler.Call_REQUEST:
		s.count("messages_resource_request") // the allocator ignores requests
	case scheduler.Call_UNKNOWN, scheduler.Call_SUBSCRIBE, scheduler.Call_UPDATE_FRAMEWORK:
	}
}

// shutdownExecutor handles the call SHUTDOWN. An unknown agent is ignored, so is an unknown
// executor by the agent.
func (s *actor) shutdownExecutor(fw *Framework, c *scheduler.Call_Shutdown) {
	a := s.Agents[c.AgentID.Value]
	if a == nil {
		return
	}
	a.send(link.ShutdownExecutor{FrameworkID: mesos.FrameworkID{Value: fw.ID}, ExecutorID: c.ExecutorID})
}

// message handles the call MESSAGE, at most once and without answer.
func (s *actor) message(fw *Framework, c *scheduler.Call_Message) {
	s.count("messages_framework_to_executor")
	a := s.Agents[c.AgentID.Value]
	if a == nil || !a.Connected {
		s.count("invalid_framework_to_executor_messages")
		return
	}
	s.count("valid_framework_to_executor_messages")
	a.send(link.FrameworkToExecutor{
		AgentID: c.AgentID, FrameworkID: mesos.FrameworkID{Value: fw.ID}, ExecutorID: c.ExecutorID, Data: c.Data,
	})
}
