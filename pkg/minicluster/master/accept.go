package master

import (
	"fmt"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/gantry-mesos/gantry/pkg/minicluster/resources"
)

// acceptance is the work on one ACCEPT: operations run one after the other on what the offers hold.
type acceptance struct {
	*actor
	fw    *Framework
	agent *Agent
	role  string
	// offered is the sum of the offers, with the effect of the operations on reservations and volumes so far;
	// available is what of it is not used yet.
	offered   resources.List
	available resources.List
}

// accept handles the call ACCEPT (Mesos, scheduler HTTP API, ACCEPT).
func (s *actor) accept(fw *Framework, c *scheduler.Call_Accept) {
	s.count("messages_launch_tasks")
	if text := s.invalidOffers(fw, c.OfferIDs); text != "" {
		for _, id := range c.OfferIDs {
			if o := fw.Offers[id.Value]; o != nil {
				s.takeBack(o, 0)
			}
		}
		for i := range c.Operations {
			s.dropOperation(fw, &c.Operations[i], text)
		}
		return
	}
	first := fw.Offers[c.OfferIDs[0].Value]
	w := &acceptance{actor: s, fw: fw, agent: s.Agents[first.AgentID], role: first.Role}
	for _, id := range c.OfferIDs {
		o := fw.Offers[id.Value]
		w.offered = w.offered.Plus(o.Resources)
		s.forget(o)
	}
	original := w.offered
	w.available = w.offered
	for i := range c.Operations {
		w.operation(&c.Operations[i])
	}
	converted := w.available.Beyond(original)
	declined := w.available.Minus(converted)
	now := time.Now()
	s.alloc.Recovered(fw.ID, w.agent.ID, converted, 0, now)
	s.alloc.Recovered(fw.ID, w.agent.ID, declined, refusal(c.Filters), now)
}

// invalidOffers checks the offers of an ACCEPT together, "" if they are fine.
func (s *actor) invalidOffers(fw *Framework, ids []mesos.OfferID) string {
	if len(ids) == 0 {
		return "No offers specified"
	}
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		if seen[id.Value] {
			return fmt.Sprintf("Duplicate offer %s in offer list", id.Value)
		}
		seen[id.Value] = true
	}
	for _, id := range ids {
		if s.Offers[id.Value] == nil {
			return fmt.Sprintf("Offer %s is no longer valid", id.Value)
		}
	}
	first := s.Offers[ids[0].Value]
	for _, id := range ids {
		o := s.Offers[id.Value]
		switch {
		case o.FrameworkID != fw.ID:
			return fmt.Sprintf("Offer %s has invalid framework %s while framework %s is expected",
				o.ID, o.FrameworkID, fw.ID)
		case o.Role != first.Role:
			return fmt.Sprintf("Aggregated offers must be allocated to the same role. Offer %s uses role '%s' but "+
				"another is using role '%s'", o.ID, o.Role, first.Role)
		}
	}
	for _, id := range ids {
		if o := s.Offers[id.Value]; o.AgentID != first.AgentID {
			return fmt.Sprintf("Aggregated offers must belong to one single agent. Offer %s uses agent %s and agent %s",
				o.ID, o.AgentID, first.AgentID)
		}
	}
	return ""
}

// dropOperation answers for an operation of an ACCEPT with invalid offers.
func (s *actor) dropOperation(fw *Framework, op *mesos.Offer_Operation, text string) {
	for _, t := range tasksOf(op) {
		status := s.masterStatus(t.TaskID, fw.lost(mesos.TASK_DROPPED), mesos.REASON_INVALID_OFFERS,
			"Task launched with invalid offers: "+text)
		agentID := t.AgentID
		status.AgentID = &agentID
		fw.sendStatus(status)
		s.countTask(status.GetState(), &status)
	}
	if op.Type != mesos.Offer_Operation_LAUNCH && op.Type != mesos.Offer_Operation_LAUNCH_GROUP {
		s.operationError(fw, op, "Operation attempted with invalid offers: "+text)
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

// prepare brings resources of a request to the form they are kept in: upgraded, and allocated to the role of the
// offers if they do not say otherwise.
func (w *acceptance) prepare(rs []mesos.Resource) ([]mesos.Resource, error) {
	up, err := resources.UpgradeAll(rs)
	if err != nil {
		return rs, err
	}
	for i := range up {
		if up[i].AllocationInfo == nil {
			up[i].AllocationInfo = &mesos.Resource_AllocationInfo{Role: &w.role}
		}
	}
	return up, nil
}
