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

// operations are the offer operations whose result the master has not acknowledged.
type operations struct {
	pending []*operation
}

type operation struct {
	apply  link.ApplyOperation
	update link.OperationUpdate
	retry  *mailbox.Timer
	wait   time.Duration
}

// applyOperation changes the agent's resources and reports the result until it is acknowledged.
func (a *Agent) applyOperation(m link.ApplyOperation) {
	for _, o := range a.operations.pending {
		if bytes.Equal(o.apply.UUID, m.UUID) {
			a.send(o.update)
			return
		}
	}
	id := uuid.New()
	agentID := a.agentID()
	status := mesos.OperationStatus{
		OperationID: m.Operation.ID, State: mesos.OPERATION_FINISHED, UUID: &mesos.UUID{Value: id[:]}, AgentID: &agentID,
	}
	total, converted, err := applyTo(a.total, m.Operation)
	if err != nil {
		a.log.Warn("operation failed", zap.Error(err))
		message := err.Error()
		status.State, status.Message = mesos.OPERATION_ERROR, &message
	} else {
		a.total = total
		status.ConvertedResources = converted
		a.warn("checkpoint resources", a.store.SaveResources(a.total))
		a.warn("change volumes", a.changeVolumes(m.Operation))
	}
	o := &operation{apply: m, wait: a.cfg.StatusUpdateRetryMin, update: link.OperationUpdate{
		AgentID: agentID, FrameworkID: m.FrameworkID, OperationUUID: m.UUID, Status: status,
	}}
	a.operations.pending = append(a.operations.pending, o)
	a.sendOperation(o)
}

func (a *Agent) sendOperation(o *operation) {
	o.retry.Stop()
	if a.phase == running {
		a.send(o.update)
	}
	o.retry = a.box.After(o.wait, func() { a.sendOperation(o) })
	o.wait = min(2*o.wait, a.cfg.StatusUpdateRetryMax)
}

// resend sends all unacknowledged results at once, after a registration.
func (o *operations) resend(a *Agent) {
	for _, op := range o.pending {
		op.wait = a.cfg.StatusUpdateRetryMin
		a.sendOperation(op)
	}
}

func (o *operations) acknowledge(m link.OperationAcknowledgement) {
	for i, op := range o.pending {
		if bytes.Equal(op.apply.UUID, m.OperationUUID) && bytes.Equal(op.update.Status.UUID.GetValue(), m.StatusUUID) {
			op.retry.Stop()
			o.pending = append(o.pending[:i:i], o.pending[i+1:]...)
			return
		}
	}
}

// records lists the unacknowledged operations for a registration.
func (o *operations) records(a *Agent) []mesos.Operation {
	list := make([]mesos.Operation, 0, len(o.pending))
	for _, op := range o.pending {
		agentID := a.agentID()
		list = append(list, mesos.Operation{
			FrameworkID: op.apply.FrameworkID, AgentID: &agentID, Info: op.apply.Operation, LatestStatus: op.update.Status,
			Statuses: []mesos.OperationStatus{op.update.Status}, UUID: mesos.UUID{Value: op.apply.UUID},
		})
	}
	return list
}
