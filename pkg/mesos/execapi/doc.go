// Package execapi is a client of the executor API of Mesos ("Mesos, executor
// HTTP API"). It keeps an executor subscribed with its agent through restarts
// of the agent, delivers the events one after the other, and sees to it that
// every status update reaches the agent. What to run, and which updates are
// not acknowledged yet, is the caller's knowledge.
package execapi
