package master

import (
	"bytes"
	"net/http"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
	"github.com/gantry-mesos/gantry/pkg/minicluster/validation"
)

// operations are those on agents' resources that are pending or whose status is not acknowledged.
type operations struct {
	*base
	offers *offers
}

// apply hands an operation that holds in the master's books already to the agent. The framework may be nil.
func (s *operations) apply(a *Agent, fw *Framework, op mesos.Offer_Operation) {
	id := uuid.New()
	plain := withoutAllocation(op)
	o := &Operation{AgentID: a.ID, Operation: mesos.Operation{
		AgentID: &mesos.AgentID{Value: a.ID}, Info: op, UUID: mesos.UUID{Value: id[:]},
		LatestStatus: mesos.OperationStatus{OperationID: op.ID, State: mesos.OPERATION_PENDING},
	}}
	if fw != nil {
		o.FrameworkID = fw.ID
		o.Operation.FrameworkID = &mesos.FrameworkID{Value: fw.ID}
		fw.Operations[string(id[:])] = o
	}
	a.Operations[string(id[:])] = o
	a.send(link.ApplyOperation{FrameworkID: o.Operation.FrameworkID, Operation: plain, UUID: id[:]})
}

// fail answers that an operation was not done, if the framework wants to know.
func (s *operations) fail(fw *Framework, op *mesos.Offer_Operation, problem string) {
	if op.ID == nil {
		return
	}
	fw.sendOperation(mesos.OperationStatus{OperationID: op.ID, State: mesos.OPERATION_ERROR, Message: &problem})
}

// reported handles the status of an operation that an agent reports.
func (s *operations) reported(a *Agent, m link.OperationUpdate) {
	s.count("messages_operation_status_update")
	o := a.Operations[string(m.OperationUUID)]
	fw := s.frameworkOf(m.FrameworkID)
	if o != nil {
		o.LatestStatus = m.Status
		o.Statuses = append(o.Statuses[:len(o.Statuses):len(o.Statuses)], m.Status)
	}
	if fw != nil && m.Status.OperationID != nil {
		status := m.Status
		status.AgentID = &mesos.AgentID{Value: a.ID}
		fw.sendOperation(status)
		return // the framework acknowledges
	}
	if m.Status.UUID != nil {
		a.send(link.OperationAcknowledgement{
			OperationUUID: m.OperationUUID, StatusUUID: m.Status.UUID.Value,
			OperationID: m.Status.OperationID, FrameworkID: m.FrameworkID,
		})
	}
	if o != nil && operationEnded(m.Status.State) {
		s.remove(a, o)
	}
}

func (s *operations) remove(a *Agent, o *Operation) {
	key := string(o.UUID.Value)
	delete(a.Operations, key)
	if fw := s.Frameworks[o.FrameworkID]; fw != nil {
		delete(fw.Operations, key)
	}
	s.left(a)
}

// acknowledge handles the call ACKNOWLEDGE_OPERATION_STATUS.
func (s *operations) acknowledge(fw *Framework, c *scheduler.Call_AcknowledgeOperationStatus) {
	s.count("messages_operation_status_update_acknowledgement")
	a := s.Agents[c.AgentID.GetValue()]
	if a == nil || !a.Connected {
		return
	}
	for _, o := range a.Operations {
		if o.FrameworkID != fw.ID || o.Info.ID.GetValue() != c.OperationID.Value {
			continue
		}
		id := c.OperationID
		a.send(link.OperationAcknowledgement{
			OperationUUID: o.UUID.Value, StatusUUID: c.UUID, OperationID: &id,
			FrameworkID: &mesos.FrameworkID{Value: fw.ID},
		})
		if latest := o.LatestStatus; latest.UUID != nil && bytes.Equal(latest.UUID.Value, c.UUID) && operationEnded(latest.State) {
			s.remove(a, o)
		}
		return
	}
}

// reconcile handles the call RECONCILE_OPERATIONS: of all, or of the operations named.
func (s *operations) reconcile(fw *Framework, c *scheduler.Call_ReconcileOperations) {
	s.count("messages_reconcile_operations")
	if len(c.Operations) == 0 {
		for _, o := range fw.Operations {
			fw.sendOperation(latestOf(o))
		}
		return
	}
	for i := range c.Operations {
		fw.sendOperation(s.answer(fw, &c.Operations[i]))
	}
}

func (s *operations) answer(fw *Framework, c *scheduler.Call_ReconcileOperations_Operation) mesos.OperationStatus {
	for _, o := range fw.Operations {
		if o.Info.ID.GetValue() == c.OperationID.Value && o.Info.ID != nil {
			return latestOf(o)
		}
	}
	id := c.OperationID
	status := mesos.OperationStatus{
		OperationID: &id, State: mesos.OPERATION_UNKNOWN, AgentID: c.AgentID, ResourceProviderID: c.ResourceProviderID,
	}
	message := "Reconciliation: Both operation and agent are unknown"
	if c.AgentID == nil {
		message = "Reconciliation: Operation is unknown and no 'agent_id' was provided"
		status.Message = &message
		return status
	}
	_, recovered := s.RecoveredAgents[c.AgentID.Value]
	_, unreachable := s.UnreachableAgents[c.AgentID.Value]
	_, gone := s.GoneAgents[c.AgentID.Value]
	switch {
	case recovered:
		status.State, message = mesos.OPERATION_RECOVERING, "Reconciliation: Agent is recovered but has not re-registered"
	case s.Agents[c.AgentID.Value] != nil:
		message = "Reconciliation: Operation is unknown"
	case unreachable:
		status.State, message = mesos.OPERATION_UNREACHABLE, "Reconciliation: Agent is unreachable"
	case gone:
		status.State, message = mesos.OPERATION_GONE_BY_OPERATOR, "Reconciliation: Agent marked gone by operator"
	}
	status.Message = &message
	return status
}

// lose tells frameworks that the agent of their operations is gone.
func (s *operations) lose(a *Agent, state mesos.OperationState) {
	for key, o := range a.Operations {
		delete(a.Operations, key)
		fw := s.Frameworks[o.FrameworkID]
		if fw == nil {
			continue
		}
		delete(fw.Operations, key)
		if o.Info.ID != nil && !operationEnded(o.LatestStatus.State) {
			fw.sendOperation(mesos.OperationStatus{OperationID: o.Info.ID, State: state, AgentID: o.Operation.AgentID})
		}
	}
}

// adopt adds an operation that a returning agent tells of.
func (s *operations) adopt(a *Agent, op mesos.Operation) {
	key := string(op.UUID.Value)
	if a.Operations[key] != nil {
		return
	}
	o := &Operation{Operation: op, AgentID: a.ID, FrameworkID: op.FrameworkID.GetValue()}
	a.Operations[key] = o
	if fw := s.Frameworks[o.FrameworkID]; fw != nil {
		fw.Operations[key] = o
	}
}

// order carries out a reservation or volume operation of the operator on free resources; offers that hold
// them are taken back first.
func (s *operations) order(principal *string, id string, op mesos.Offer_Operation) *CallError {
	a := s.Agents[id]
	if a == nil {
		return refuse(http.StatusBadRequest, "No agent found with specified ID")
	}
	invalid := func(problem string) *CallError {
		return refuse(http.StatusBadRequest, "Invalid %s operation on agent %s: %s", op.Type, a.text(), problem)
	}
	c, problem := validation.OperatorOperation(&op, a.Total, principal)
	if problem != "" {
		return invalid(problem)
	}
	for i := range c.Made {
		if !s.authorized(principal, operationAction(op.Type), resources.Role(&c.Made[i])) {
			return forbidden()
		}
	}
	if op.Type == mesos.Offer_Operation_DESTROY && a.usesAny(c.Consumed) {
		return invalid("Persistent volumes in use")
	}
	if !a.Total.Contains(c.Consumed) {
		return refuse(http.StatusConflict, "%s does not contain %s", a.Total, c.Consumed)
	}
	for _, o := range a.Offers {
		if s.alloc.Free(id).Contains(c.Consumed) {
			break
		}
		s.offers.rescindFor(o, refuseDefault)
	}
	if !s.alloc.ConvertFree(id, c.Consumed, c.Made) {
		return refuse(http.StatusConflict, "%s does not contain %s", s.alloc.Free(id), c.Consumed)
	}
	a.Total = a.Total.Minus(c.Consumed).Plus(c.Made)
	s.apply(a, nil, op)
	return nil
}

// operationEnded tells whether the state of an operation is final.
func operationEnded(s mesos.OperationState) bool {
	switch s {
	case mesos.OPERATION_FINISHED, mesos.OPERATION_FAILED, mesos.OPERATION_ERROR, mesos.OPERATION_DROPPED,
		mesos.OPERATION_GONE_BY_OPERATOR:
		return true
	case mesos.OPERATION_UNSUPPORTED, mesos.OPERATION_PENDING, mesos.OPERATION_UNREACHABLE,
		mesos.OPERATION_RECOVERING, mesos.OPERATION_UNKNOWN:
	}
	return false
}

func latestOf(o *Operation) mesos.OperationStatus {
	message := "Reconciliation: Latest operation status"
	return mesos.OperationStatus{
		OperationID: o.Info.ID, State: o.LatestStatus.State, Message: &message, AgentID: o.Operation.AgentID,
		ConvertedResources: o.LatestStatus.ConvertedResources,
	}
}

// withoutAllocation returns a copy of an operation whose resources are not allocated.
func withoutAllocation(op mesos.Offer_Operation) mesos.Offer_Operation {
	plain := func(rs []mesos.Resource) []mesos.Resource { return resources.List(rs).Unallocated() }
	switch op.Type {
	case mesos.Offer_Operation_RESERVE:
		op.Reserve = &mesos.Offer_Operation_Reserve{Resources: plain(op.Reserve.Resources), Source: plain(op.Reserve.Source)}
	case mesos.Offer_Operation_UNRESERVE:
		op.Unreserve = &mesos.Offer_Operation_Unreserve{Resources: plain(op.Unreserve.Resources)}
	case mesos.Offer_Operation_CREATE:
		op.Create = &mesos.Offer_Operation_Create{Volumes: plain(op.Create.Volumes)}
	case mesos.Offer_Operation_DESTROY:
		op.Destroy = &mesos.Offer_Operation_Destroy{Volumes: plain(op.Destroy.Volumes)}
	case mesos.Offer_Operation_GROW_VOLUME:
		g := *op.GrowVolume
		g.Volume.AllocationInfo, g.Addition.AllocationInfo = nil, nil
		op.GrowVolume = &g
	case mesos.Offer_Operation_SHRINK_VOLUME:
		sh := *op.ShrinkVolume
		sh.Volume.AllocationInfo = nil
		op.ShrinkVolume = &sh
	case mesos.Offer_Operation_CREATE_DISK, mesos.Offer_Operation_DESTROY_DISK, mesos.Offer_Operation_LAUNCH,
		mesos.Offer_Operation_LAUNCH_GROUP, mesos.Offer_Operation_UNKNOWN:
	}
	return op
}
