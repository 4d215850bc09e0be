// Package taskinfo is the contract between Gantry's scheduler and its executor:
// Build makes the TaskInfo that launches one instance, Parse reads it back on
// the agent. It owns what an App's definition means for one task (environment,
// ports, command, health checks) and the payload's format; choosing agents and
// ports is the scheduler's matter, starting anything is the executor's.
//
// A task is launched in one of three ways, chosen by runspec.Run.Executor:
//
//	""        the default of Options: Gantry's executor or Mesos' built-in ones
//	"//cmd"   Mesos' built-in command or docker executor
//	a path    that program as the task's own executor, as Marathon does
package taskinfo
