// Package minicluster runs a small Mesos-compatible cluster inside one process, for tests, demonstrations and laptops.
//
// A [Cluster] has one or more masters and any number of agents, each with an HTTP server of its own that speaks the
// scheduler, executor and operator APIs of Apache Mesos in JSON and protobuf. Agents start real executors as child
// processes. Masters elect their leader in memory, or in a real ZooKeeper as Mesos does, so that schedulers find them
// there. Faults can be caused while it runs: processes are killed, frozen and started again, connections cut and
// messages lost; see [Cluster.KillAgent], [Cluster.FailOver], [Cluster.Partition] and their neighbours.
//
// It imitates what frameworks see and is no replacement for Mesos: there is no isolation between tasks beyond what
// the agent's runtime offers, and no durable registry.
package minicluster
