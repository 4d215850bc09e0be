// Package logfield holds the keys of log fields, so that one thing has one key
// in every line.
package logfield

import (
	"time"

	"go.uber.org/zap"

	"github.com/gantry-mesos/gantry/pkg/mesos"
)

// App is the app's id.
func App[T ~string](id T) zap.Field { return zap.String("app_id", string(id)) }

// Instance is the instance's id.
func Instance[T ~string](id T) zap.Field { return zap.String("instance_id", string(id)) }

// Task is the task's id.
func Task(id mesos.TaskID) zap.Field { return zap.String("task_id", string(id)) }

// Agent is the agent's id.
func Agent(id mesos.AgentID) zap.Field { return zap.String("agent_id", string(id)) }

// Offer is the offer's id.
func Offer(id mesos.OfferID) zap.Field { return zap.String("offer_id", string(id)) }

// Executor is the executor's id.
func Executor(id mesos.ExecutorID) zap.Field { return zap.String("executor_id", string(id)) }

// Framework is the framework's id.
func Framework(id mesos.FrameworkID) zap.Field { return zap.String("framework_id", string(id)) }

// Container is the id of a container, of Mesos or of the Docker engine.
func Container[T ~string](id T) zap.Field { return zap.String("container_id", string(id)) }

// Deployment is the deployment's id.
func Deployment[T ~string](id T) zap.Field { return zap.String("deployment_id", string(id)) }

// State is a task's state.
func State(s mesos.TaskState) zap.Field { return zap.Stringer("state", s) }

// Reason says why something happened.
func Reason[T ~string](r T) zap.Field { return zap.String("reason", string(r)) }

// Attempt counts tries from 1.
func Attempt(n int) zap.Field { return zap.Int("attempt", n) }

// Elapsed is how long something took.
func Elapsed(d time.Duration) zap.Field { return zap.Duration("elapsed", d) }

// RetryIn is the time until the next try.
func RetryIn(d time.Duration) zap.Field { return zap.Duration("retry_in", d) }

// Address is a network address or URL without credentials.
func Address(a string) zap.Field { return zap.String("address", a) }

// Path is a file or ZooKeeper path.
func Path(p string) zap.Field { return zap.String("path", p) }

// Count is how many things a line is about.
func Count(n int) zap.Field { return zap.Int("count", n) }
