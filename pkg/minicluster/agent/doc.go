// Package agent imitates an Apache Mesos agent: it registers with a master over package link, launches executors as real
// processes in real sandboxes, serves the v1 executor API, delivers status updates until they are acknowledged, and
// takes its executors back after a restart.
//
// An [Agent] is one goroutine that owns all state; HTTP requests, messages of the master, ends of containers, fetches
// and timers reach it as functions in its mailbox. Containers belong to a containerizer.Host, which outlives the
// agent: cancelling the context of [Agent.Run] is the agent's sudden death, after which a new Agent with the same work
// directory and port recovers as a restarted Mesos agent does.
//
// What this goroutine does is divided along its nouns: a file and a type for each, which knows only those above it. At
// the top are draining, sandboxes, volumes and operations, then the ledger of frameworks, executors and tasks, limits
// and nested containers, then the statuses of tasks, then the containers with what they are made of, then all that ends
// and all that launches something, and below these the executors' subscriptions, the registration with the master, the
// recovery and the HTTP server. [Agent] hands messages of the master to the parts they are for.
//
// The built-in command, docker and default executors are goroutines of this process that speak the executor API over
// HTTP like any other executor. They survive a restart of the agent, but not the end of the program: what they left
// behind is then destroyed by the next agent on the work directory.
//
// It is made for tests and laptops. Left out are isolation beyond memory control groups, the container image store,
// networks of the Mesos containerizer, resource providers, oversubscription and authentication of executors.
package agent
