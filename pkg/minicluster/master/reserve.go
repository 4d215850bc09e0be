package master

import (
	"net/http"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
	"github.com/gantry-mesos/gantry/pkg/minicluster/validation"
)

// operatorApply carries out a reservation or volume operation of the operator on free resources; offers that hold
// them are taken back first.
func (s *actor) operatorApply(principal *string, id string, op mesos.Offer_Operation) *CallError {
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
		s.rescindFor(o, refuseDefault)
	}
	if !s.alloc.ConvertFree(id, c.Consumed, c.Made) {
		return refuse(http.StatusConflict, "%s does not contain %s", s.alloc.Free(id), c.Consumed)
	}
	a.Total = a.Total.Minus(c.Consumed).Plus(c.Made)
	s.applyOperation(a, nil, op)
	return nil
}
