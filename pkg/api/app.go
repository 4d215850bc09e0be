package api

import (
	"encoding/json"
	"fmt"
)

// App is an App's JSON, definition and state ("Marathon, app definition, field
// table"): members without omitempty are always written.
type App struct {
	ID                    string              `json:"id"`
	Cmd                   string              `json:"cmd,omitempty"`
	Args                  []string            `json:"args,omitempty"`
	User                  string              `json:"user,omitempty"`
	Env                   map[string]EnvValue `json:"env,omitempty"`
	Secrets               map[string]Secret   `json:"secrets,omitempty"`
	Instances             int                 `json:"instances"`
	CPUs                  float64             `json:"cpus"`
	Mem                   float64             `json:"mem"`
	Disk                  float64             `json:"disk"`
	GPUs                  int                 `json:"gpus"`
	ResourceLimits        map[string]Limit    `json:"resourceLimits,omitempty"`
	Executor              string              `json:"executor"`
	ExecutorResources     *Resources          `json:"executorResources,omitempty"`
	Constraints           [][]string          `json:"constraints,omitempty"`
	AcceptedResourceRoles []string            `json:"acceptedResourceRoles,omitempty"`
	Role                  string              `json:"role"`
	Fetch                 []Fetch             `json:"fetch,omitempty"`
	Container             *Container          `json:"container,omitempty"`
	Networks              []Network           `json:"networks"`
	// PortDefinitions is nil unless the App uses the host's network.
	PortDefinitions            []PortDefinition    `json:"portDefinitions,omitzero"`
	RequirePorts               bool                `json:"requirePorts"`
	BackoffSeconds             int                 `json:"backoffSeconds"`
	BackoffFactor              float64             `json:"backoffFactor"`
	MaxLaunchDelaySeconds      int                 `json:"maxLaunchDelaySeconds"`
	HealthChecks               []HealthCheck       `json:"healthChecks,omitempty"`
	ReadinessChecks            []ReadinessCheck    `json:"readinessChecks,omitempty"`
	Check                      *Check              `json:"check,omitempty"`
	Dependencies               []string            `json:"dependencies,omitempty"`
	UpgradeStrategy            UpgradeStrategy     `json:"upgradeStrategy"`
	Labels                     map[string]string   `json:"labels"`
	KillSelection              string              `json:"killSelection"`
	UnreachableStrategy        UnreachableStrategy `json:"unreachableStrategy"`
	TaskKillGracePeriodSeconds *int                `json:"taskKillGracePeriodSeconds,omitempty"`
	Residency                  *Residency          `json:"residency,omitempty"`
	TTY                        *bool               `json:"tty,omitempty"`
	Version                    Time                `json:"version,omitzero"`

	// VersionInfo is written by the server and ignored in requests, as AppState is.
	VersionInfo *VersionInfo `json:"versionInfo,omitempty"`
	AppState
}

// AppState is what an App's JSON tells beside its definition; each member is
// written only when it was asked for.
type AppState struct {
	TasksStaged     *int            `json:"tasksStaged,omitempty"`
	TasksRunning    *int            `json:"tasksRunning,omitempty"`
	TasksHealthy    *int            `json:"tasksHealthy,omitempty"`
	TasksUnhealthy  *int            `json:"tasksUnhealthy,omitempty"`
	Deployments     []DeploymentRef `json:"deployments,omitzero"`
	Tasks           []Task          `json:"tasks,omitzero"`
	LastTaskFailure *TaskFailure    `json:"lastTaskFailure,omitempty"`
	// ReadinessCheckResults is written only when asked for.
	ReadinessCheckResults []ReadinessCheckResult `json:"readinessCheckResults,omitzero"`
	TaskStats             map[string]StatsGroup  `json:"taskStats,omitempty"`
}

// EnvValue is a variable's value: a text, or a reference to a secret.
type EnvValue struct {
	Value  string
	Secret string
}

// MarshalJSON writes a string or {"secret": name}.
func (e EnvValue) MarshalJSON() ([]byte, error) {
	if e.Secret != "" {
		return Marshal(map[string]string{"secret": e.Secret})
	}
	return Marshal(e.Value)
}

// UnmarshalJSON reads both forms.
func (e *EnvValue) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &e.Value) == nil {
		return nil
	}
	var ref struct{ Secret string }
	if err := json.Unmarshal(data, &ref); err != nil {
		return fmt.Errorf("value of a variable: %w", err)
	}
	e.Secret = ref.Secret
	return nil
}

// Secret names a secret in its store.
type Secret struct {
	Source string `json:"source"`
}

// Limit is a number, or "unlimited" as a negative one.
type Limit float64

// Unlimited lifts a limit.
const Unlimited Limit = -1

// MarshalJSON writes a number or "unlimited".
func (l Limit) MarshalJSON() ([]byte, error) {
	if l < 0 {
		return []byte(`"unlimited"`), nil
	}
	return json.Marshal(float64(l))
}

// UnmarshalJSON reads both forms.
func (l *Limit) UnmarshalJSON(data []byte) error {
	if string(data) == `"unlimited"` {
		*l = Unlimited
		return nil
	}
	return json.Unmarshal(data, (*float64)(l))
}

// Resources are amounts for an executor; memory and disk in MiB.
type Resources struct {
	CPUs float64 `json:"cpus"`
	Mem  float64 `json:"mem"`
	Disk float64 `json:"disk"`
}

// Fetch is a file that the agent brings into the sandbox.
type Fetch struct {
	URI        string `json:"uri"`
	Extract    bool   `json:"extract"`
	Executable bool   `json:"executable"`
	Cache      bool   `json:"cache"`
	DestPath   string `json:"destPath,omitempty"`
}

// Network is one network of an App.
type Network struct {
	// Mode is host, container or container/bridge.
	Mode   string            `json:"mode"`
	Name   string            `json:"name,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
}

// PortDefinition is a port of an App in the host's network.
type PortDefinition struct {
	Port     int               `json:"port"`
	Protocol string            `json:"protocol"`
	Name     string            `json:"name,omitempty"`
	Labels   map[string]string `json:"labels"`
}

// HealthCheck is one health check.
type HealthCheck struct {
	Protocol               string   `json:"protocol"`
	Path                   string   `json:"path,omitempty"`
	PortIndex              *int     `json:"portIndex,omitempty"`
	Port                   *int     `json:"port,omitempty"`
	Command                *Command `json:"command,omitempty"`
	GracePeriodSeconds     int      `json:"gracePeriodSeconds"`
	IntervalSeconds        int      `json:"intervalSeconds"`
	TimeoutSeconds         int      `json:"timeoutSeconds"`
	MaxConsecutiveFailures int      `json:"maxConsecutiveFailures"`
	DelaySeconds           int      `json:"delaySeconds"`
	IgnoreHTTP1xx          *bool    `json:"ignoreHttp1xx,omitempty"`
	IPProtocol             string   `json:"ipProtocol"`
}

// Command is a shell command.
type Command struct {
	Value string `json:"value"`
}

// ReadinessCheck is one readiness check.
type ReadinessCheck struct {
	Name                    string `json:"name"`
	Protocol                string `json:"protocol"`
	Path                    string `json:"path"`
	PortName                string `json:"portName"`
	IntervalSeconds         int    `json:"intervalSeconds"`
	TimeoutSeconds          int    `json:"timeoutSeconds"`
	HTTPStatusCodesForReady []int  `json:"httpStatusCodesForReady"`
	PreserveLastResponse    bool   `json:"preserveLastResponse"`
}

// Check is Mesos' general check; one of HTTP, TCP and Exec is set.
type Check struct {
	HTTP            *CheckHTTP `json:"http,omitempty"`
	TCP             *CheckTCP  `json:"tcp,omitempty"`
	Exec            *CheckExec `json:"exec,omitempty"`
	IntervalSeconds int        `json:"intervalSeconds"`
	TimeoutSeconds  int        `json:"timeoutSeconds"`
	DelaySeconds    int        `json:"delaySeconds"`
}

// CheckHTTP asks over HTTP.
type CheckHTTP struct {
	PortIndex *int   `json:"portIndex,omitempty"`
	Port      *int   `json:"port,omitempty"`
	Path      string `json:"path,omitempty"`
	Scheme    string `json:"scheme"`
}

// CheckTCP connects.
type CheckTCP struct {
	PortIndex *int `json:"portIndex,omitempty"`
	Port      *int `json:"port,omitempty"`
}

// CheckExec runs a command.
type CheckExec struct {
	Command CheckCommand `json:"command"`
}

// CheckCommand is a shell command or an argument vector.
type CheckCommand struct {
	Shell string   `json:"shell,omitempty"`
	Argv  []string `json:"argv,omitempty"`
}

// UpgradeStrategy bounds a rolling upgrade.
type UpgradeStrategy struct {
	MinimumHealthCapacity float64 `json:"minimumHealthCapacity"`
	MaximumOverCapacity   float64 `json:"maximumOverCapacity"`
}

// UnreachableStrategy is "disabled" or two delays in seconds.
type UnreachableStrategy struct {
	Disabled             bool
	InactiveAfterSeconds int
	ExpungeAfterSeconds  int
}

type unreachable struct {
	InactiveAfterSeconds int `json:"inactiveAfterSeconds"`
	ExpungeAfterSeconds  int `json:"expungeAfterSeconds"`
}

// MarshalJSON writes "disabled" or the delays.
func (u UnreachableStrategy) MarshalJSON() ([]byte, error) {
	if u.Disabled {
		return []byte(`"disabled"`), nil
	}
	return json.Marshal(unreachable{u.InactiveAfterSeconds, u.ExpungeAfterSeconds})
}

// UnmarshalJSON reads both forms.
func (u *UnreachableStrategy) UnmarshalJSON(data []byte) error {
	var delays unreachable
	if string(data) == `"disabled"` {
		*u = UnreachableStrategy{Disabled: true}
		return nil
	}
	err := json.Unmarshal(data, &delays)
	*u = UnreachableStrategy{InactiveAfterSeconds: delays.InactiveAfterSeconds, ExpungeAfterSeconds: delays.ExpungeAfterSeconds}
	return err
}

// Residency is written for Apps with persistent volumes and has no effect.
type Residency struct {
	RelaunchEscalationTimeoutSeconds int    `json:"relaunchEscalationTimeoutSeconds"`
	TaskLostBehavior                 string `json:"taskLostBehavior"`
}

// VersionInfo tells when an App was last scaled and last changed.
type VersionInfo struct {
	LastScalingAt      Time `json:"lastScalingAt"`
	LastConfigChangeAt Time `json:"lastConfigChangeAt"`
}

// StatsGroup is one group of task statistics.
type StatsGroup struct {
	Stats Stats `json:"stats"`
}

// Stats counts tasks and tells how long they live.
type Stats struct {
	Counts   StatsCounts `json:"counts"`
	LifeTime *LifeTime   `json:"lifeTime,omitempty"`
}

// StatsCounts counts tasks.
type StatsCounts struct {
	Staged    int `json:"staged"`
	Running   int `json:"running"`
	Healthy   int `json:"healthy"`
	Unhealthy int `json:"unhealthy"`
}

// LifeTime is how long running tasks have run so far.
type LifeTime struct {
	AverageSeconds float64 `json:"averageSeconds"`
	MedianSeconds  float64 `json:"medianSeconds"`
}
