// Package builtin has the executors that come with an agent: the command executor for single commands, the docker
// executor for single Docker containers and the default executor for task groups. Each runs as a goroutine inside a
// containerizer.Container and speaks the v1 executor API with its agent over HTTP, protobuf encoded, as the executors
// of Mesos do. They report what Mesos' executors report, in the same words.
package builtin
