// Package mesos holds Gantry's own view of the Mesos v1 API: ids, task states,
// offers, tasks, and the calls and events of a scheduler and an executor. The
// types are plain values without protobuf; package wire converts them.
package mesos

// Identifiers as Mesos knows them. The master issues the first three, the
// framework chooses task and executor ids, the agent issues container ids.
type (
	// FrameworkID names a registered framework for as long as it lives.
	FrameworkID string
	// AgentID names a registered agent; an agent that lost its metadata gets a new one.
	AgentID string
	// OfferID names one outstanding offer; it is used once.
	OfferID string
	// TaskID names one run of an instance and is never reused.
	TaskID string
	// ExecutorID names an executor within its framework.
	ExecutorID string
	// ContainerID names the container that an agent runs an executor in.
	ContainerID string
)
