package master

import (
	"slices"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
	"github.com/gantry-mesos/gantry/pkg/minicluster/validation"
)

// accepting carries out the call ACCEPT.
type accepting struct {
	*base
	offers     *offers
	tasks      *tasks
	executors  *executors
	operations *operations
}

// acceptance is the work on one ACCEPT: operations run one after the other on what the offers hold.
type acceptance struct {
	*accepting
	fw    *Framework
	agent *Agent
	// books are what the next operation is held against, with what the ones before have left.
	books validation.Books
}

// accept handles the call ACCEPT (Mesos, scheduler HTTP API, ACCEPT).
func (s *accepting) accept(fw *Framework, c *scheduler.Call_Accept) {
	s.count("messages_launch_tasks")
	if text := s.invalidOffers(fw, c.OfferIDs); text != "" {
		for _, id := range c.OfferIDs {
			if o := fw.Offers[id.Value]; o != nil {
				s.offers.takeBack(o, 0)
			}
		}
		for i := range c.Operations {
			s.dropOperation(fw, &c.Operations[i], text)
		}
		return
	}
	first := fw.Offers[c.OfferIDs[0].Value]
	var offered resources.List
	for _, id := range c.OfferIDs {
		o := fw.Offers[id.Value]
		offered = offered.Plus(o.Resources)
		s.offers.forget(o)
	}
	w := s.begin(fw, s.Agents[first.AgentID], first.Role, offered)
	for i := range c.Operations {
		w.operation(&c.Operations[i])
	}
	converted := w.books.Available.Beyond(offered)
	declined := w.books.Available.Minus(converted)
	now := time.Now()
	s.alloc.Recovered(fw.ID, w.agent.ID, converted, 0, now)
	s.alloc.Recovered(fw.ID, w.agent.ID, declined, refusal(c.Filters), now)
}

// invalidOffers checks the offers of an ACCEPT together, "" if they are fine.
func (s *accepting) invalidOffers(fw *Framework, ids []mesos.OfferID) string {
	return validation.Offers(fw.ID, ids, func(id string) (validation.Offer, bool) {
		o := s.Offers[id]
		if o == nil {
			return validation.Offer{}, false
		}
		return validation.Offer{Framework: o.FrameworkID, Role: o.Role, Agent: o.AgentID}, true
	})
}

// begin opens the books of an ACCEPT.
func (s *accepting) begin(fw *Framework, a *Agent, role string, offered resources.List) *acceptance {
	return &acceptance{accepting: s, fw: fw, agent: a, books: validation.Books{
		Framework: &fw.Info, Agent: a.ID, Role: role, Total: a.Total, Available: offered,
		HasTask: func(id string) bool { return fw.Tasks[id] != nil },
		Unreachable: func(id string) bool {
			return slices.ContainsFunc(fw.Unreachable, func(t *Task) bool { return t.TaskID.Value == id })
		},
		Executor: func(id string) (mesos.ExecutorInfo, bool) {
			e, ok := a.Executors[fw.ID][id]
			return e, ok
		},
		InUse:  a.usesAny,
		MayRun: func(user string) bool { return s.authorized(fw.Info.Principal, ActionRunTasks, user) },
		MayConvert: func(t mesos.Offer_Operation_Type) string {
			if action := operationAction(t); !s.authorized(fw.Info.Principal, action, role) {
				return string(action)
			}
			return ""
		},
		Show: func(e *mesos.ExecutorInfo) string { return codec.Text(e) },
	}}
}

// dropOperation answers for an operation of an ACCEPT with invalid offers.
func (s *accepting) dropOperation(fw *Framework, op *mesos.Offer_Operation, text string) {
	for _, t := range tasksOf(op) {
		status := masterStatus(t.TaskID, fw.lost(mesos.TASK_DROPPED), mesos.REASON_INVALID_OFFERS,
			"Task launched with invalid offers: "+text)
		agentID := t.AgentID
		status.AgentID = &agentID
		fw.sendStatus(status)
		s.tasks.countEnd(status.GetState(), &status)
	}
	if op.Type != mesos.Offer_Operation_LAUNCH && op.Type != mesos.Offer_Operation_LAUNCH_GROUP {
		s.operations.fail(fw, op, "Operation attempted with invalid offers: "+text)
	}
}

// tasksOf returns the tasks that an operation launches.
func tasksOf(op *mesos.Offer_Operation) []mesos.TaskInfo {
	switch {
	case op.Type == mesos.Offer_Operation_LAUNCH && op.Launch != nil:
		return op.Launch.TaskInfos
	case op.Type == mesos.Offer_Operation_LAUNCH_GROUP && op.LaunchGroup != nil:
		return op.LaunchGroup.TaskGroup.Tasks
	}
	return nil
}

// operation carries out one operation. An invalid one is skipped.
func (w *acceptance) operation(op *mesos.Offer_Operation) {
	switch op.Type {
	case mesos.Offer_Operation_LAUNCH:
		w.launch(op)
	case mesos.Offer_Operation_LAUNCH_GROUP:
		w.launchGroup(op)
	case mesos.Offer_Operation_RESERVE, mesos.Offer_Operation_UNRESERVE, mesos.Offer_Operation_CREATE,
		mesos.Offer_Operation_DESTROY, mesos.Offer_Operation_GROW_VOLUME, mesos.Offer_Operation_SHRINK_VOLUME,
		mesos.Offer_Operation_CREATE_DISK, mesos.Offer_Operation_DESTROY_DISK:
		w.convert(op)
	case mesos.Offer_Operation_UNKNOWN:
	}
}
