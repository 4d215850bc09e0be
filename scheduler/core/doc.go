// Package core holds every decision of the scheduler as a pure state machine:
// State.Step takes one event and the time and returns the effects to carry out.
// It does no input or output, reads no clock and starts no goroutine, so that a
// script, a simulation and a real cluster drive the same code, and equal inputs
// give equal effects.
//
// # The machine in one page
//
// An Event is what somebody asked (Asked, with a Command), what Mesos said
// (FromMesos), or that time has passed (Tick). One Step does, in this order:
//
//	command or fromMesos  the event itself changes what it is about
//	fireTimers            what is due by now
//	settle                Apps whose numbers moved start and end instances
//	cull                  tasks whose health checks have failed for long are ended
//	destroyReleased       volumes that nobody needs are destroyed where they are on offer
//	place                 waiting instances get a place and are launched
//	market.Steer          the master is told whether offers are wanted
//
// and returns Effects, which the loop carries out in their order: Persist as one
// transaction, then Calls, Publish and Replies. Nothing is sent or answered that
// is not stored; any call may be lost, and a timer repairs it. Effects.Wake is
// when the next Tick is due at the latest.
//
// # The rooms
//
// What the State knows lies in rooms, packages of their own that know nothing of
// the core, and little of each other (test/arch has the arrows):
//
//	roster      the ledger of Apps and their instances, with one way to change a record
//	matching    the market: offers, what is wanted of the master, the waiting line, shares, quotas, avoided agents
//	volumes     homes, releases and unclaimed volumes
//	groups      what groups there are, and the history of the tree that Apps are in
//	view        the pictures for readers, drawn from changes
//	deployment  what a plan is and what its actions ask for next, from an App's Tally
//	instance    what a status does to one record
//	placement, fairshare, reconciliation  the algorithms under them
//
// The core is what is left: commands (command_apps.go, command_group.go), what they
// propose to make of the tree (proposal.go), deployments under way
// (deploy.go, deployments.go), kills and their guard (kill.go), back-off
// (backoff.go), statuses (status.go), reconciliation (reconcile.go) and the order
// of things (state.go). An App is one appState: what the core, the market, the
// roster and the picture know of it, embedded in each other so that a launch finds
// it in one piece of memory.
//
// # A change of an instance
//
// Nobody changes a record and then remembers what follows. The roster's Join, Put,
// End and Drop tell observers in a fixed order (observers.go). First those that
// derive something, which hear of what is stored already, too:
//
//	market.Changed      counts of constraints, charges, the waiting line
//	told                what readers are told of those that wait
//	deadlines.Changed   when the instance has to have left its condition
//	volumes.Doubt       homes that may not exist, or are out of sight
//	unkill              kills that are over
//	nurse               instances in bad health
//
// then, from the end of New on, those that pass it on:
//
//	journal             the record to store or to forget
//	announce            events
//	volumes.Free        the release of what a forgotten instance reserved
//	show                the App's picture, and whether it has to be settled
//
// So a crash test needs one question only: is what the observers derive the same
// after a restart? test/sim asks it thousands of times.
//
// # An App's way to its goal
//
// A command that changes definitions becomes a deployment: changeOf stamps
// versions, storable and plan refuse what cannot be, unlock ends or respects what
// is in the way, and apply installs the new definitions. From then on only numbers
// count. settle asks deployment.Advance what the action of the current step wants,
// given the App's Tally (how many are old, fresh, ready, on their way out), and act
// creates or retires that many. When all actions of a step are done, advance goes
// on to the next one. Nothing else is remembered, so that a deployment goes on
// after a restart where its instances are. An App without a deployment is settled
// in the same way, by the action that keeps its number of instances.
//
// Instances that are created wait (Scheduled). The market takes Apps in the order
// of the queues, and place has each instance stored as launched with its agent,
// ports and task id before the ACCEPT leaves. Statuses move it on (Apply), or end
// it: blame decides whose fault an end was, the App's (fail, delay), its agent's
// (excuse, suspect) or nobody's, and the record goes back to Scheduled, or is
// forgotten when its App does not want it any more.
//
// # What may be wrong outside
//
// The store may refuse what a step writes, which is a bug: then a State made of what
// is stored goes on in the same subscription (Standing, Resumed). The master may
// not have got a launch: a Provisioned instance is asked about, and underWay tells
// a question that has overtaken its ACCEPT. A kill is repeated until its task is
// over. Every subscription starts over: offers are void, every task is asked about,
// kills are sent again. A live task that no instance owns is a stray: a few are
// killed; many mean that the store has lost something, and the guard holds their
// kills until a user confirms them. Volumes of lost instances are unclaimed in the
// same way.
//
// # Where to read on
//
// Scripts in testdata show what the machine does, step by step, in words; begin
// with create_scale_delete.txtar, or with any whose name interests you. docs/architecture.md
// has the shell around it, and docs/design why it is so.
package core
