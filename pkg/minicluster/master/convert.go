package master

import (
	"fmt"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// operationAction says which permission an operation on resources needs.
func operationAction(t mesos.Offer_Operation_Type) Action {
	switch t {
	case mesos.Offer_Operation_RESERVE:
		return ActionReserve
	case mesos.Offer_Operation_UNRESERVE:
		return ActionUnreserve
	case mesos.Offer_Operation_CREATE, mesos.Offer_Operation_CREATE_DISK:
		return ActionCreateVolumes
	case mesos.Offer_Operation_DESTROY, mesos.Offer_Operation_DESTROY_DISK:
		return ActionDestroyVolumes
	case mesos.Offer_Operation_GROW_VOLUME, mesos.Offer_Operation_SHRINK_VOLUME, mesos.Offer_Operation_LAUNCH,
		mesos.Offer_Operation_LAUNCH_GROUP, mesos.Offer_Operation_UNKNOWN:
	}
	return ActionResizeVolumes
}

// convert carries out a reservation or volume operation of an ACCEPT.
func (w *acceptance) convert(op *mesos.Offer_Operation) {
	c, problem := w.books.Operation(op)
	if problem != "" {
		w.operations.fail(w.fw, op, fmt.Sprintf("%s; on agent %s", problem, w.agent.text()))
		return
	}
	w.books.Available = w.books.Available.Minus(c.Consumed).Plus(c.Made)
	w.agent.Total = w.agent.Total.Minus(c.Consumed.Unallocated()).Plus(c.Made.Unallocated())
	w.books.Total = w.agent.Total
	w.alloc.Convert(w.fw.ID, w.agent.ID, c.Consumed, c.Made)
	w.operations.apply(w.agent, w.fw, *op)
}
