package validation

import (
	"slices"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// theTask is the one of a LAUNCH, or the first of a LAUNCH_GROUP.
func (s scene) theTask() *mesos.TaskInfo {
	if s.op.Type == mesos.Offer_Operation_LAUNCH_GROUP {
		if tasks := s.op.LaunchGroup.TaskGroup.Tasks; len(tasks) > 0 {
			return &tasks[0]
		}
		return new(mesos.TaskInfo) // offences in an empty group change nothing
	}
	return &s.op.Launch.TaskInfos[0]
}

func (s scene) theExecutor() *mesos.ExecutorInfo {
	if s.op.Type == mesos.Offer_Operation_LAUNCH_GROUP {
		return &s.op.LaunchGroup.Executor
	}
	return s.theTask().Executor
}

// container is that of the first task.
func (s scene) container() *mesos.ContainerInfo {
	t := s.theTask()
	if t.Container == nil {
		t.Container = &mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum()}
	}
	return t.Container
}

// badVariable is a variable of the default type without a value.
func badVariable() *mesos.Environment {
	return &mesos.Environment{Variables: []mesos.Environment_Variable{{Name: "A"}}}
}

const badVariableText = "Environment variable 'A' of type 'VALUE' must have a value set"

// taskOffences follow Mesos' order for every task: the numbers are those of the specification's list for LAUNCH.
var taskOffences = []offence{
	{"id", func(s scene) { s.theTask().TaskID.Value = "" }, "ID must not be empty"},                                     // 1
	{"unique id", func(s scene) { s.books.HasTask = func(string) bool { return true } }, "Task has duplicate ID: t"},    // 2
	{"agent", func(s scene) { s.theTask().AgentID.Value = "B" }, "Task uses invalid agent B while agent A is expected"}, // 3
	{"kill policy", func(s scene) {
		s.theTask().KillPolicy = &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: -1}}
	}, // 4
		"Task's 'kill_policy.grace_period' must be non-negative"},
	{"max completion time", func(s scene) { s.theTask().MaxCompletionTime = &mesos.DurationInfo{Nanoseconds: -1} },
		"Task's 'max_completion_time' must be non-negative"},
	{"check", func(s scene) { s.theTask().Check = &mesos.CheckInfo{} }, "Task uses invalid check: CheckInfo must specify 'type'"}, // 5
	{"health check", func(s scene) { s.theTask().HealthCheck = &mesos.HealthCheck{} },
		"Task uses invalid health check: HealthCheck must specify 'type'"},
	{"resources", func(s scene) { s.theTask().Resources = nil }, "Task uses no resources"}, // 6
	{"command", func(s scene) { s.theTask().Command = &mesos.CommandInfo{Environment: badVariable()} }, // 7
		"Task's `CommandInfo` is invalid: " + badVariableText},
	{"container", func(s scene) { s.container().Volumes = []mesos.Volume{{}} }, // 8
		"Task's `ContainerInfo` is invalid: Invalid volume: Only one of them should be set: 'host_path', 'image' and 'source'"},
	{"limits", func(s scene) { s.theTask().Limits = map[string]mesos.Value_Scalar{"disk": {Value: 1}} }, // 9
		"Limits may only be set for 'cpus' and 'mem', not for 'disk'"},
}

// executorOffences go on with the executor.
var executorOffences = []offence{
	{"executor command", func(s scene) { s.theExecutor().Command = nil }, // 11
		"'ExecutorInfo.command' must be set for 'CUSTOM' executor"},
	{"executor id", func(s scene) { s.theExecutor().ExecutorID.Value = "." }, "ExecutorID is invalid: '.' is disallowed"},
	{"executor grace period", func(s scene) { s.theExecutor().ShutdownGracePeriod = &mesos.DurationInfo{Nanoseconds: -1} },
		"ExecutorInfo's 'shutdown_grace_period' must be non-negative"},
	{"executor framework", func(s scene) { s.theExecutor().FrameworkID = &mesos.FrameworkID{Value: "G"} },
		"ExecutorInfo has an invalid FrameworkID (Actual: G vs Expected: F)"},
	{"executor resources", func(s scene) { s.theExecutor().Resources[0].Scalar.Value = -1 },
		"Executor uses invalid resources: Resource 'cpus(allocated: r):-1' is invalid: Invalid scalar resource: value < 0"},
	{"executor environment", func(s scene) { s.theExecutor().Command = &mesos.CommandInfo{Environment: badVariable()} },
		"Executor's `CommandInfo` is invalid: " + badVariableText},
	{"executor container", func(s scene) {
		s.theExecutor().Container = &mesos.ContainerInfo{
			Type: mesos.ContainerInfo_MESOS.Enum(), LinuxInfo: &mesos.LinuxInfo{ShareCgroups: new(true)},
		}
	}, "The 'share_cgroups' field cannot be set on executor containers"},
	{"executor identity", func(s scene) { // 12
		other := *executor()
		other.Data = []byte("other\n")
		s.theExecutor().Data = []byte("own\n")
		s.books.Executor = func(string) (mesos.ExecutorInfo, bool) { return other, true }
	}, incompatibleText("other", "own")},
}

func incompatibleText(known, given string) string {
	line := strings.Repeat("-", 60) + "\n"
	return "ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.\n" + line +
		"Existing ExecutorInfo:\n" + known + "\n\n" + line + "ExecutorInfo:\n" + given + "\n\n" + line
}

func overlap(s scene) {
	s.theTask().Resources = append(s.theTask().Resources, port(31000))
	s.theExecutor().Resources = append(s.theExecutor().Resources, port(31000))
}

const overlapText = "Task and its executor use overlapping resources: ports"

func textOf(t *testing.T, refused *Refusal, usual, unauthorized mesos.TaskStatus_Reason) string {
	t.Helper()
	if refused == nil {
		return ""
	}
	want := usual
	if strings.Contains(refused.Text, "no authorized") {
		want = unauthorized
	}
	if refused.Reason != want {
		t.Errorf("reason of %q: got %v, want %v", refused.Text, refused.Reason, want)
	}
	return refused.Text
}

func TestLaunchIsCheckedInMesosOrder(t *testing.T) {
	t.Parallel()
	set := func() scene {
		one := task("t")
		one.Executor = executor()
		return scene{books(), &mesos.Offer_Operation{
			Type: mesos.Offer_Operation_LAUNCH, Launch: &mesos.Offer_Operation_Launch{TaskInfos: []mesos.TaskInfo{one}},
		}}
	}
	offences := slices.Concat([]offence{
		{"operation id", func(s scene) { s.op.ID = &mesos.OperationID{Value: "o"} },
			"The `id` field cannot be set on LAUNCH operations"},
		{"authorization", func(s scene) { s.books.MayRun = func(string) bool { return false } },
			"Principal 'ANY' no authorized to launch task t of framework F under user 'u'"},
	}, taskOffences, []offence{
		{"own cgroups", func(s scene) { s.container().LinuxInfo = &mesos.LinuxInfo{ShareCgroups: new(false)} }, // 9
			"'LinuxInfo.share_cgroups' must be set to true for tasks launched with LAUNCH"},
		{"command or executor", func(s scene) { s.theTask().Command = &mesos.CommandInfo{} }, // 10
			"Task should have at least one (but not both) of CommandInfo or ExecutorInfo present"},
		{"custom executor", func(s scene) { s.theExecutor().Type = mesos.ExecutorInfo_DEFAULT }, // 11
			"'ExecutorInfo.type' must be 'CUSTOM'"},
	}, executorOffences, []offence{
		{"overlap with the executor", overlap, overlapText}, // 13
		{"available resources", func(s scene) { s.books.Available = nil }, // 14
			"Total resources cpus(allocated: r):2; mem(allocated: r):128; disk(allocated: r):1 required by task and its executor is more than available {}"},
	})
	inOrder(t, launchRules, offences, set, func(s scene) string {
		refused := s.books.Task(s.op, s.theTask())
		said := textOf(t, refused, mesos.REASON_TASK_INVALID, mesos.REASON_TASK_UNAUTHORIZED)
		return strings.Replace(said, "launch task  of", "launch task t of", 1) // the id may be broken, too
	})
}

func groupScene() scene {
	return scene{books(), &mesos.Offer_Operation{
		Type: mesos.Offer_Operation_LAUNCH_GROUP, LaunchGroup: &mesos.Offer_Operation_LaunchGroup{
			Executor: *executor(), TaskGroup: mesos.TaskGroupInfo{Tasks: []mesos.TaskInfo{task("t"), task("u")}},
		},
	}}
}

func TestGroupIsCheckedInMesosOrder(t *testing.T) {
	t.Parallel()
	offences := slices.Concat([]offence{
		{"operation id", func(s scene) { s.op.ID = &mesos.OperationID{Value: "o"} },
			"The `id` field cannot be set on LAUNCH_GROUP operations"},
		{"authorization", func(s scene) {
			s.books.MayRun = func(string) bool { return false }
			s.op.LaunchGroup.TaskGroup.Tasks = []mesos.TaskInfo{task("t")}
		}, "Principal 'ANY' no authorized to launch task t of framework F under user 'u'"},
		{"executor type", func(s scene) { s.theExecutor().Type = mesos.ExecutorInfo_UNKNOWN }, "'ExecutorInfo.type' must be set"},
		{"executor framework set", func(s scene) { s.theExecutor().FrameworkID = nil }, "'ExecutorInfo.framework_id' must be set"},
		{"tasks", func(s scene) { s.op.LaunchGroup.TaskGroup.Tasks = nil }, "Task group cannot be empty"},
		{"each task", func(s scene) { s.theTask().AgentID.Value = "B" },
			"Task 't' is invalid: Task uses invalid agent B while agent A is expected"},
		{"same cgroups", func(s scene) { s.container().LinuxInfo = &mesos.LinuxInfo{ShareCgroups: new(false)} },
			"'LinuxInfo.share_cgroups' must be the same for all tasks of a task group"},
	}, executorOffences, []offence{
		{"least executor", func(s scene) { s.theExecutor().Resources = s.theExecutor().Resources[:2] }, "Executor 'e' uses no disk"},
		{"docker executor", func(s scene) {
			s.theExecutor().Container = &mesos.ContainerInfo{
				Type: mesos.ContainerInfo_DOCKER.Enum(), Docker: &mesos.ContainerInfo_DockerInfo{Image: "i"},
			}
		}, "Docker ContainerInfo is not supported on the executor"},
		{"overlap with the executor", overlap, overlapText},
		{"available resources", func(s scene) { s.books.Available = nil },
			"Total resources cpus(allocated: r):3; mem(allocated: r):192; disk(allocated: r):1 required by task group and its executor are more than available {}"},
	})
	inOrder(t, groupRules, offences, groupScene, func(s scene) string {
		return textOf(t, s.books.Group(s.op), mesos.REASON_TASK_GROUP_INVALID, mesos.REASON_TASK_GROUP_UNAUTHORIZED)
	})
}

func TestTasksOfAGroupAreCheckedInMesosOrder(t *testing.T) {
	t.Parallel()
	offences := slices.Concat(taskOffences, []offence{
		{"docker task", func(s scene) {
			c := s.container()
			c.Type, c.Docker = mesos.ContainerInfo_DOCKER.Enum(), &mesos.ContainerInfo_DockerInfo{Image: "i"}
		}, "Docker ContainerInfo is not supported on the task"},
		{"same executor", func(s scene) { s.theTask().Executor = &mesos.ExecutorInfo{} },
			"The `ExecutorInfo` of task 't' is different from executor 'e'"},
		{"checks over a network", func(s scene) {
			s.container().NetworkInfos = []mesos.NetworkInfo{{}}
			s.theTask().Check = &mesos.CheckInfo{Type: mesos.CheckInfo_TCP, TCP: &mesos.CheckInfo_Tcp{}}
		}, "HTTP and TCP checks are not supported for nested containers that join their own network"},
		{"limits with shared cgroups", func(s scene) { s.theTask().Limits = map[string]mesos.Value_Scalar{"cpus": {Value: 2}} },
			"Resource limits may only be set for tasks within a task group when 'share_cgroups' is set to 'false'"},
	})
	inOrder(t, memberRules, offences, groupScene, func(s scene) string {
		said := textOf(t, s.books.Group(s.op), mesos.REASON_TASK_GROUP_INVALID, mesos.REASON_TASK_GROUP_UNAUTHORIZED)
		_, said, _ = strings.Cut(said, " is invalid: ")
		return said
	})
}

func TestTwoTasksOfAGroupHaveDifferentIDs(t *testing.T) {
	t.Parallel()
	s := groupScene()
	s.op.LaunchGroup.TaskGroup.Tasks[1].TaskID.Value = "t"
	if got, want := s.books.Group(s.op).Text, "Task has duplicate ID: t"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnExecutorThatRunsIsNotPaidAgain(t *testing.T) {
	t.Parallel()
	b := books()
	if got, want := b.Needed(executor(), task("t")).Scalar("cpus"), int64(2000); got != want {
		t.Errorf("with a new executor: got %d, want %d", got, want)
	}
	b.Executor = func(string) (mesos.ExecutorInfo, bool) { return *executor(), true }
	if got, want := b.Needed(executor(), task("t")).Scalar("cpus"), int64(1000); got != want {
		t.Errorf("with one that runs: got %d, want %d", got, want)
	}
}
