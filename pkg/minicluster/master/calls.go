package master

import (
	"fmt"
	"net/http"

	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
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
		if refused := s.frameworks.update(fw, req); refused != nil {
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
		s.frameworks.remove(fw)
	case scheduler.Call_ACCEPT:
		s.accepting.accept(fw, c.Accept)
	case scheduler.Call_DECLINE:
		s.offers.decline(fw, c.Decline)
	case scheduler.Call_ACCEPT_INVERSE_OFFERS:
		s.inverse.answer(fw, c.AcceptInverseOffers.InverseOfferIDs, true, c.AcceptInverseOffers.Filters)
	case scheduler.Call_DECLINE_INVERSE_OFFERS:
		s.inverse.answer(fw, c.DeclineInverseOffers.InverseOfferIDs, false, c.DeclineInverseOffers.Filters)
	case scheduler.Call_REVIVE:
		s.offers.revive(fw, c.Revive.GetRoles())
	case scheduler.Call_SUPPRESS:
		s.offers.suppress(fw, c.Suppress.GetRoles())
	case scheduler.Call_KILL:
		s.tasks.kill(fw, c.Kill)
	case scheduler.Call_SHUTDOWN:
		s.executors.shutdown(fw, c.Shutdown)
	case scheduler.Call_ACKNOWLEDGE:
		s.tasks.acknowledge(fw, c.Acknowledge)
	case scheduler.Call_ACKNOWLEDGE_OPERATION_STATUS:
		s.operations.acknowledge(fw, c.AcknowledgeOperationStatus)
	case scheduler.Call_RECONCILE:
		s.tasks.reconcile(fw, c.Reconcile)
	case scheduler.Call_RECONCILE_OPERATIONS:
		s.operations.reconcile(fw, c.ReconcileOperations)
	case scheduler.Call_MESSAGE:
		s.executors.send(fw, c.Message)
	case scheduler.Call_REQUEST:
		s.count("messages_resource_request") // the allocator ignores requests
	case scheduler.Call_UNKNOWN, scheduler.Call_SUBSCRIBE, scheduler.Call_UPDATE_FRAMEWORK:
	}
}
