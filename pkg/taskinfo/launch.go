package taskinfo

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/resource"
	"github.com/gantry-mesos/gantry/pkg/runspec"
)

// Launch is what the scheduler decided about one task.
type Launch struct {
	// Run is the definition, of Owner; it is only read.
	Run   *runspec.Run
	Owner runspec.Owner
	// Readiness and Check are the definition's readiness checks and its general
	// check, which is nil if it has none.
	Readiness   []app.ReadinessCheck
	Check       *app.Check
	InstanceID  string
	TaskID      mesos.TaskID
	FrameworkID mesos.FrameworkID
	AgentID     mesos.AgentID
	// Hostname is the agent's, as the offer says.
	Hostname string
	// Role is the role that the resources are allocated to.
	Role string
	// Resources are the task's, ExecutorResources its executor's; both come
	// from the same offer and are passed on as they are. ExecutorResources is
	// not used for Mesos' built-in executors.
	Resources         []mesos.Resource
	ExecutorResources []mesos.Resource
	// HostPorts holds one number for each of Run.Ports for which Run.HasHostPort
	// is true, in their order. They must be part of Resources.
	HostPorts []uint32
}

// Options is what all tasks of a scheduler have in common.
type Options struct {
	// Executor says where agents find gantry-executor.
	Executor ExecutorSource
	// BuiltIn launches Apps without an executor of their own on Mesos' built-in executors.
	BuiltIn bool
	// EnvPrefix is put before HOST and the PORT variables ("Marathon, --env_vars_prefix").
	EnvPrefix string
	// EnforceGroupRole is the value of MARATHON_APP_ENFORCE_GROUP_ROLE.
	EnforceGroupRole bool
	// BridgeName is the CNI network that stands for bridge networking with a
	// Mesos container and the built-in executors ("Marathon, --mesos_bridge_name").
	BridgeName string
}

// ExecutorSource says how an agent gets Gantry's executor. One of Path and URI is set.
type ExecutorSource struct {
	// Path is the installed program on every agent.
	Path string
	// URI is where agents fetch the program from; it should name its content,
	// as agents cache it under the URI and never look again.
	URI string
	// Environment is added to the executor's own environment, such as DOCKER_HOST.
	Environment []mesos.Variable
	// Labels are put onto the ExecutorInfo.
	Labels []mesos.Label
}

// Defaults of Gantry's executor.
const (
	// KillGraceDefault is the time from the gentle signal to SIGKILL when the
	// App does not say; Mesos' own executors take 3 to 5 s.
	KillGraceDefault = 5 * time.Second
	// shutdownMargin is what an executor may need beyond the kill grace to
	// remove the container and have its last update acknowledged.
	shutdownMargin = 5 * time.Second
	// program is the executor's file name in the sandbox.
	program = "gantry-executor"
)

// ExecutorCost is what Gantry's executor is charged with by default: it idles
// below 15 MiB of memory and uses next to no processor time.
func ExecutorCost() resource.Vector {
	return resource.Vector{CPUs: resource.FromFloat(0.01), Mem: resource.Units(32)}
}

// ExecutorID returns the id of the executor that runs the task.
func ExecutorID(t mesos.TaskID) mesos.ExecutorID { return mesos.ExecutorID("gantry-" + t) }

// Build makes the TaskInfo that launches l. It fails when the App asks for
// something its executor cannot do, or l does not fit the App.
func Build(l Launch, o Options) (mesos.TaskInfo, error) { return build(l, o, commonOf(l, o)) }

func build(l Launch, o Options, c common) (mesos.TaskInfo, error) {
	task, err := resolve(l, o, c)
	if err != nil {
		return mesos.TaskInfo{}, fmt.Errorf("build task %s: %w", l.TaskID, err)
	}
	info := mesos.TaskInfo{
		Name:      c.name,
		TaskID:    l.TaskID,
		AgentID:   l.AgentID,
		Resources: l.Resources,
		Kill:      killPolicy(l.Run),
		Discovery: discovery(l.Run, c.name, task),
		Labels:    c.labels,
	}
	switch l.Run.Runner(o.BuiltIn) {
	case runspec.Gantry:
		err = gantryMode(&info, l, o, task)
	case runspec.BuiltIn:
		err = builtInMode(&info, l, o, task)
	case runspec.Own:
		err = ownMode(&info, l, task)
	}
	if err != nil {
		return mesos.TaskInfo{}, fmt.Errorf("build task %s: %w", l.TaskID, err)
	}
	return info, nil
}

func gantryMode(info *mesos.TaskInfo, l Launch, o Options, task Task) error {
	if task.Container == nil && !l.Run.HostNetworking() {
		return unlaunchable("/networks", "a task without an image shares the agent's network; use host networking or give an image")
	}
	if err := visible(task); err != nil {
		return err
	}
	src := o.Executor
	command := &mesos.CommandInfo{Value: src.Path, Environment: src.Environment, URIs: uris(l.Run.Fetch)}
	switch {
	case src.Path == "" && src.URI == "":
		return errors.New("no gantry-executor: set the path of the installed program or the URI to fetch it from")
	case src.Path == "":
		command.Value = "./" + program
		command.URIs = append([]mesos.URI{{Value: src.URI, Executable: true, Cache: true, OutputFile: program}}, command.URIs...)
	}
	command.Arguments = []string{command.Value}
	info.Executor = &mesos.ExecutorInfo{
		ExecutorID:          ExecutorID(l.TaskID),
		FrameworkID:         l.FrameworkID,
		Name:                program,
		Source:              l.InstanceID,
		Command:             command,
		Resources:           l.ExecutorResources,
		ShutdownGracePeriod: task.KillGrace + shutdownMargin,
		Labels:              src.Labels,
	}
	data, err := encode(task)
	if err != nil {
		return err
	}
	info.Data = data
	return nil
}

// visible fails for volumes that the executor cannot show the task.
func visible(t Task) error {
	for i, v := range t.Volumes {
		at := fmt.Sprintf("/container/volumes(%d)/containerPath", i)
		switch absolute := strings.HasPrefix(v.ContainerPath, "/"); {
		case v.Persistent, v.External != nil:
		case t.Container == nil && absolute:
			return unlaunchable(at, "got %q, but a task without an image sees the agent's files; use a path relative to the sandbox", v.ContainerPath)
		case t.Container != nil && !absolute && !strings.HasPrefix(v.HostPath, "/"):
			return unlaunchable(at, "got %q with the host path %q, both relative; make one absolute", v.ContainerPath, v.HostPath)
		}
	}
	return nil
}

// ownMode is Marathon's custom executor: a program that gets the App's command
// as its arguments and the App's environment.
func ownMode(info *mesos.TaskInfo, l Launch, task Task) error {
	switch {
	case len(task.Readiness) > 0:
		return unlaunchable("/readinessChecks", "readiness checks need Gantry's executor; leave executor empty")
	case task.General != nil:
		return unlaunchable("/check", "a check needs Gantry's executor or Mesos' own; leave executor empty")
	}
	path := "'" + strings.ReplaceAll(l.Run.Executor, "'", `'\''`) + "'"
	rest := l.Run.Cmd
	if rest == "" {
		rest = strings.Join(l.Run.Args, " ")
	}
	info.Executor = &mesos.ExecutorInfo{
		ExecutorID:  ExecutorID(l.TaskID),
		FrameworkID: l.FrameworkID,
		Name:        l.Run.Executor,
		Source:      l.InstanceID,
		Command: &mesos.CommandInfo{
			Shell:       true,
			Value:       strings.TrimSpace("chmod ug+rx " + path + " && exec " + path + " " + rest),
			Environment: task.Environment,
			URIs:        uris(l.Run.Fetch),
			User:        l.Run.User,
		},
		Resources:           l.ExecutorResources,
		ShutdownGracePeriod: task.KillGrace + shutdownMargin,
	}
	return nil
}

func killPolicy(s *runspec.Run) *mesos.KillPolicy {
	if s.KillGracePeriod == nil {
		return nil
	}
	return &mesos.KillPolicy{GracePeriod: *s.KillGracePeriod}
}

func uris(fetch []runspec.Fetch) []mesos.URI {
	var out []mesos.URI
	for _, f := range fetch {
		out = append(out, mesos.URI{Value: f.URI, Executable: f.Executable, Extract: f.Extract, Cache: f.Cache, OutputFile: f.DestPath})
	}
	return out
}
