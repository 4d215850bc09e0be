// Package containerizer runs the containers of mini cluster agents: an executor process with everything it started.
//
// A [Host] plays the part of the machine under an agent. It is the parent of all executor processes and runs the
// built-in executors, which are goroutines of this process. A Host outlives the agent object: an agent that stops and
// starts again finds its containers with [Host.Lookup], exactly as a restarted Mesos agent finds its executors alive.
// When the whole program is killed, executor processes go on by themselves; the next Host takes them back with
// [Host.Adopt].
//
// Each process leads a session of its own. Destroying a container kills the session, the descendants, and every
// process that carries the container's marker variables in its environment, and repeats until none is left.
package containerizer
