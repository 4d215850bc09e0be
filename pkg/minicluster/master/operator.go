package master

import (
	"context"
	"fmt"
	"net/http"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/maintenance"
	"github.com/mesos/mesos-go/api/v1/lib/quota"
)

// CallError is the refusal of an operator command, with the HTTP status that Mesos answers.
type CallError struct {
	Status  int
	Message string
}

// Error implements error.
func (e *CallError) Error() string { return fmt.Sprintf("%d: %s", e.Status, e.Message) }

func refuse(status int, format string, args ...any) *CallError {
	return &CallError{Status: status, Message: fmt.Sprintf(format, args...)}
}

// command runs f in the actor and returns its refusal.
func (m *Master) command(ctx context.Context, f func() *CallError) error {
	var refusal *CallError
	if err := m.do(ctx, func() { refusal = f() }); err != nil {
		return err
	}
	if refusal != nil {
		return refusal
	}
	return nil
}

// Teardown removes a framework (400 unknown).
func (m *Master) Teardown(ctx context.Context, principal *string, id mesos.FrameworkID) error {
	return m.command(ctx, func() *CallError { return m.a.frameworks.teardown(principal, id.Value) })
}

// DrainAgent drains an agent: 400 unknown, 409 being marked gone. grace nil: the tasks' own grace periods.
func (m *Master) DrainAgent(ctx context.Context, principal *string, id mesos.AgentID, grace *time.Duration, markGone bool) error {
	return m.command(ctx, func() *CallError { return m.a.drains.drain(principal, id.Value, grace, markGone) })
}

// DeactivateAgent stops offering an agent (400 unknown).
func (m *Master) DeactivateAgent(ctx context.Context, principal *string, id mesos.AgentID) error {
	return m.command(ctx, func() *CallError { return m.a.drains.deactivate(principal, id.Value) })
}

// ReactivateAgent offers a deactivated or drained agent again: 400 unknown, not deactivated or still draining.
func (m *Master) ReactivateAgent(ctx context.Context, principal *string, id mesos.AgentID) error {
	return m.command(ctx, func() *CallError { return m.a.drains.reactivate(principal, id.Value) })
}

// MarkAgentGone removes an agent for ever (404 unknown).
func (m *Master) MarkAgentGone(ctx context.Context, principal *string, id mesos.AgentID) error {
	return m.command(ctx, func() *CallError { return m.a.drains.gone(principal, id.Value) })
}

// Apply carries out a reservation or volume operation of the operator on an agent: Operation is RESERVE, UNRESERVE,
// CREATE, DESTROY, GROW_VOLUME or SHRINK_VOLUME. Outstanding offers are rescinded as needed. 400 unknown agent or
// invalid, 409 not enough free resources; nil stands for 202.
func (m *Master) Apply(ctx context.Context, principal *string, id mesos.AgentID, op mesos.Offer_Operation) error {
	return m.command(ctx, func() *CallError { return m.a.operations.order(principal, id.Value, op) })
}

// UpdateMaintenanceSchedule replaces the maintenance schedule (400 invalid).
func (m *Master) UpdateMaintenanceSchedule(ctx context.Context, principal *string, s maintenance.Schedule) error {
	return m.command(ctx, func() *CallError { return m.a.machines.schedule(principal, s) })
}

// StartMaintenance takes draining machines down (400 if one is not draining).
func (m *Master) StartMaintenance(ctx context.Context, principal *string, machines []mesos.MachineID) error {
	return m.command(ctx, func() *CallError { return m.a.machines.down(principal, machines) })
}

// StopMaintenance brings machines that are down up again (400 if one is not down).
func (m *Master) StopMaintenance(ctx context.Context, principal *string, machines []mesos.MachineID) error {
	return m.command(ctx, func() *CallError { return m.a.machines.up(principal, machines) })
}

// UpdateWeights sets weights of roles (400 invalid).
func (m *Master) UpdateWeights(ctx context.Context, principal *string, weights []mesos.WeightInfo) error {
	return m.command(ctx, func() *CallError { return m.a.roles.weigh(principal, weights) })
}

// UpdateQuota sets quotas (400 invalid, or over the cluster's capacity without force).
func (m *Master) UpdateQuota(ctx context.Context, principal *string, force bool, configs []quota.QuotaConfig) error {
	return m.command(ctx, func() *CallError { return m.a.roles.limit(principal, force, configs) })
}

func forbidden() *CallError { return refuse(http.StatusForbidden, "403 Forbidden.") }
