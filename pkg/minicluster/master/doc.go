// Package master is one Mesos-compatible master of the mini cluster.
//
// One goroutine, started by [Master.Run], owns all state: frameworks, agents, tasks, offers, operations. HTTP handlers
// and messages of agents are turned into functions that this goroutine runs one after the other; timers do the same.
// Nobody else touches the state, so nothing in it is locked. Each scheduler's event stream has a queue of its own and
// a writer, and a client that does not read is cut off without harm to others.
//
// What this goroutine does is divided along its nouns: a file and a type for each, with [State] as their common books.
// A part is written by its own methods and knows only the parts above it (see actor): the registrar and the offers at
// the top, then tasks, executors and operations, then the agents with what operators do to them, the frameworks, the
// admission of agents that come back with all of these, and the calls of schedulers. The one way back up is that an
// agent which has less to do than before may have been drained by that.
//
// Other packages of the mini cluster see the state through [Master.View], change it through the operator commands
// ([Master.Teardown], [Master.DrainAgent] and so on), and follow it through [Master.Observe]. [Master.SetLeadership]
// tells the master who leads. The scheduler's HTTP API is [Master.SchedulerHandler]; operator API and legacy endpoints
// are built on this package elsewhere, with [Master.Authenticate], [Master.Redirected] and [Master.Recovering] for the
// checks that all endpoints share.
//
// Left out, compared with Apache Mesos: the old driver protocol, resource providers (so CREATE_DISK and DESTROY_DISK are
// refused), rate limits of frameworks and of agent removals, counting of shared volumes (a shared volume is offered to
// one framework at a time), and the pause of allocation after a failover while quotas are set.
package master
