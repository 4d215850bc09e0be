// Package master is one Mesos-compatible master of the mini cluster.
//
// One goroutine, started by [Master.Run], owns all state: frameworks, agents, tasks, offers, operations. HTTP handlers
// and messages of agents are turned into functions that this goroutine runs one after the other; timers do the same.
// Nobody else touches the state, so nothing in it is locked. Each scheduler's event stream has a queue of its own and
// a writer, and a client that does not read is cut off without harm to others.
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
