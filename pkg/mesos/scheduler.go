package mesos

import "time"

// SchedulerEvent is an event of the scheduler API ("Mesos, scheduler HTTP API, Events").
type SchedulerEvent interface{ schedulerEvent() }

// The events of the scheduler API.
type (
	// Subscribed is the first event of every subscription.
	Subscribed struct {
		FrameworkID       FrameworkID
		HeartbeatInterval time.Duration
		Master            MasterInfo
	}
	// Offers holds new offers; each stays valid until used, rescinded or the subscription ends.
	Offers struct{ Offers []Offer }
	// Rescind takes an offer back.
	Rescind struct{ OfferID OfferID }
	// InverseOffers asks for agents' resources back.
	InverseOffers struct{ Offers []InverseOffer }
	// RescindInverseOffer takes an inverse offer back.
	RescindInverseOffer struct{ OfferID OfferID }
	// Update is a status update, to be acknowledged if it has a UUID.
	Update struct{ Status TaskStatus }
	// FrameworkMessage is bytes from an executor, delivered at most once.
	FrameworkMessage struct {
		AgentID    AgentID
		ExecutorID ExecutorID
		Data       []byte
	}
	// Failure tells of a lost agent (ExecutorID "") or an executor that ended.
	// Status is the raw wait status of the executor, -1 when unknown.
	Failure struct {
		AgentID    AgentID
		ExecutorID ExecutorID
		Status     int32
	}
	// ErrorEvent ends the subscription for good; the framework must not retry blindly.
	ErrorEvent struct{ Message string }
	// Heartbeat says that the connection lives.
	Heartbeat struct{}
	// Disconnected says that the subscription has ended: all offers are void, and
	// updates and messages may be missed until the next Subscribed. Mesos does not
	// send it; the subscription client does, once for each Subscribed.
	Disconnected struct{ Reason string }
)

func (Subscribed) schedulerEvent()          {}
func (Offers) schedulerEvent()              {}
func (Rescind) schedulerEvent()             {}
func (InverseOffers) schedulerEvent()       {}
func (RescindInverseOffer) schedulerEvent() {}
func (Update) schedulerEvent()              {}
func (FrameworkMessage) schedulerEvent()    {}
func (Failure) schedulerEvent()             {}
func (ErrorEvent) schedulerEvent()          {}
func (Heartbeat) schedulerEvent()           {}
func (Disconnected) schedulerEvent()        {}

// SchedulerCall is a call of the scheduler API other than SUBSCRIBE ("Mesos,
// scheduler HTTP API, Calls"). The master answers 202 and promises nothing.
type SchedulerCall interface{ schedulerCall() }

// The calls of the scheduler API.
type (
	// Accept uses offers of one agent and role; what the operations leave is
	// declined for Refuse.
	Accept struct {
		OfferIDs   []OfferID
		Operations []Operation
		Refuse     time.Duration
	}
	// Decline gives offers back and asks not to see the same resources for Refuse.
	Decline struct {
		OfferIDs []OfferID
		Refuse   time.Duration
	}
	// Revive drops the filters of the roles (all when empty) and asks for offers again.
	Revive struct{ Roles []string }
	// Suppress asks for no more offers to the roles (all when empty).
	Suppress struct{ Roles []string }
	// Kill asks for the end of a task. A wrong AgentID makes the master ignore it; "" is allowed.
	Kill struct {
		TaskID  TaskID
		AgentID AgentID
		// Policy overrides the task's own; nil keeps that.
		Policy *KillPolicy
	}
	// Acknowledge confirms the update with this UUID.
	Acknowledge struct {
		AgentID AgentID
		TaskID  TaskID
		UUID    []byte
	}
	// Reconcile asks for the state of the tasks; none means all that the master knows.
	Reconcile struct{ Tasks []TaskOnAgent }
	// Shutdown ends an executor and all its tasks.
	Shutdown struct {
		ExecutorID ExecutorID
		AgentID    AgentID
	}
	// Message sends bytes to an executor, at most once.
	Message struct {
		AgentID    AgentID
		ExecutorID ExecutorID
		Data       []byte
	}
	// AcceptInverseOffers agrees to give agents back.
	AcceptInverseOffers struct{ OfferIDs []OfferID }
	// DeclineInverseOffers refuses to, for now.
	DeclineInverseOffers struct{ OfferIDs []OfferID }
	// UpdateFramework changes the FrameworkInfo of a live subscription.
	UpdateFramework struct {
		Info            FrameworkInfo
		SuppressedRoles []string
	}
	// Teardown removes the framework and kills all its tasks.
	Teardown struct{}
)

// TaskOnAgent names a task and the agent it was last seen on ("" if not known).
type TaskOnAgent struct {
	TaskID  TaskID
	AgentID AgentID
}

func (Accept) schedulerCall()               {}
func (Decline) schedulerCall()              {}
func (Revive) schedulerCall()               {}
func (Suppress) schedulerCall()             {}
func (Kill) schedulerCall()                 {}
func (Acknowledge) schedulerCall()          {}
func (Reconcile) schedulerCall()            {}
func (Shutdown) schedulerCall()             {}
func (Message) schedulerCall()              {}
func (AcceptInverseOffers) schedulerCall()  {}
func (DeclineInverseOffers) schedulerCall() {}
func (UpdateFramework) schedulerCall()      {}
func (Teardown) schedulerCall()             {}

// Operation is one step of an Accept.
type Operation interface{ operation() }

// The operations of Accept; they are carried out in order on the offers' resources.
type (
	// Launch starts tasks.
	Launch struct{ Tasks []TaskInfo }
	// Reserve puts the innermost reservation of each resource onto it.
	Reserve struct{ Resources []Resource }
	// Unreserve takes the innermost reservation away.
	Unreserve struct{ Resources []Resource }
	// Create makes persistent volumes of reserved disk.
	Create struct{ Volumes []Resource }
	// Destroy deletes persistent volumes and their data.
	Destroy struct{ Volumes []Resource }
)

func (Launch) operation()    {}
func (Reserve) operation()   {}
func (Unreserve) operation() {}
func (Create) operation()    {}
func (Destroy) operation()   {}
