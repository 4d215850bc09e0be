// Package docker runs a task as a container of a Docker engine: pull, create
// with limits, attach, start, watch, stop, remove. It owns the engine's client
// (behind Engine), the translation of docker run's options, registry
// credentials and the search for strays. What the end of a container means for
// the task is core's matter.
//
// Several executors of one host may pull one image at the same time: the
// engine downloads each layer once and serves all of them from it.
package docker
