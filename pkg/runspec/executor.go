package runspec

import "github.com/gantry-mesos/gantry/pkg/resource"

// CommandExecutor is the executor that stands for Mesos' built-in ones.
const CommandExecutor = "//cmd"

// Runner is the kind of executor that carries a run out.
type Runner uint8

// The runners.
const (
	// Gantry is Gantry's own executor.
	Gantry Runner = iota + 1
	// BuiltIn is Mesos' command or docker executor.
	BuiltIn
	// Own is a program that the definition names.
	Own
)

// Runner returns what carries the run out; builtIn says that Mesos' executors
// do where the definition does not choose.
func (r *Run) Runner(builtIn bool) Runner {
	switch {
	case r.Executor == CommandExecutor, r.Executor == "" && builtIn:
		return BuiltIn
	case r.Executor == "":
		return Gantry
	default:
		return Own
	}
}

// ExecutorCost returns what the run's executor is charged with: nothing for
// Mesos' built-in executors, which take their share from the task's resources,
// else the definition's own executorResources, else standard.
func (r *Run) ExecutorCost(builtIn bool, standard resource.Vector) resource.Vector {
	switch {
	case r.Runner(builtIn) == BuiltIn:
		return resource.Vector{}
	case r.ExecutorResources != nil:
		return *r.ExecutorResources
	default:
		return standard
	}
}
