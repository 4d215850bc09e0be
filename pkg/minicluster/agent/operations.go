package agent

import (
	"bytes"
	"time"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/minicluster/link"
	"github.com/gantry-mesos/gantry/pkg/minicluster/mailbox"
)

// operations are what offer operations have made of the agent's resources, and those whose result the master has not
// acknowledged.
type operations struct {
	*base
	volumes *volumes
	total   []mesos.Resource
	pending []*operation
}

type operation struct {
	apply  link.ApplyOperation
	update link.OperationUpdate
	retry  *mailbox.Timer
	wait   time.Duration
}

// apply changes the agent's resources and reports the result until it is acknowledged.
func (s *operations) apply(m link.ApplyOperation) {
	for _, o := range s.pending {
		if bytes.Equal(o.apply.UUID, m.UUID) {
			s.send(o.update)
			return
		}
	}
	id := uuid.New()
	agentID := s.agentID()
	status := mesos.OperationStatus{
		OperationID: m.Operation.ID, State: mesos.OPERATION_FINISHED, UUID: &mesos.UUID{Value: id[:]}, AgentID: &agentID,
	}
	total, converted, err := applyTo(s.total, m.Operation)
	if err != nil {
		s.log.Warn("operation failed", zap.Error(err))
		message := err.Error()
		status.State, status.Message = mesos.OPERATION_ERROR, &message
	} else {
		s.total = total
		status.ConvertedResources = converted
		s.warn("checkpoint resources", s.store.SaveResources(s.total))
		s.warn("change volumes", s.volumes.change(m.Operation))
	}
	o := &operation{apply: m, wait: s.cfg.StatusUpdateRetryMin, update: link.OperationUpdate{
		AgentID: agentID, FrameworkID: m.FrameworkID, OperationUUID: m.UUID, Status: status,
	}}
	s.pending = append(s.pending, o)
	s.report(o)
}

func (s *operations) report(o *operation) {
	o.retry.Stop()
	if s.phase == running {
		s.send(o.update)
	}
	o.retry = s.box.After(o.wait, func() { s.report(o) })
	o.wait = min(2*o.wait, s.cfg.StatusUpdateRetryMax)
}

// resend sends all unacknowledged results at once, after a registration.
func (s *operations) resend() {
	for _, op := range s.pending {
		op.wait = s.cfg.StatusUpdateRetryMin
		s.report(op)
	}
}

func (s *operations) acknowledge(m link.OperationAcknowledgement) {
	for i, op := range s.pending {
		if bytes.Equal(op.apply.UUID, m.OperationUUID) && bytes.Equal(op.update.Status.UUID.GetValue(), m.StatusUUID) {
			op.retry.Stop()
			s.pending = append(s.pending[:i:i], s.pending[i+1:]...)
			return
		}
	}
}

// records lists the unacknowledged operations for a registration.
func (s *operations) records() []mesos.Operation {
	list := make([]mesos.Operation, 0, len(s.pending))
	for _, op := range s.pending {
		agentID := s.agentID()
		list = append(list, mesos.Operation{
			FrameworkID: op.apply.FrameworkID, AgentID: &agentID, Info: op.apply.Operation, LatestStatus: op.update.Status,
			Statuses: []mesos.OperationStatus{op.update.Status}, UUID: mesos.UUID{Value: op.apply.UUID},
		})
	}
	return list
}
