package executor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gantry-mesos/gantry/executor/docker"
	"github.com/gantry-mesos/gantry/executor/sandbox"
	"github.com/gantry-mesos/gantry/pkg/mesos/execapi"
)

// Config is everything an executor needs to know.
type Config struct {
	// Agent is what the agent tells every executor.
	Agent execapi.Config
	// DockerHost is the engine's address; "" means the usual socket.
	DockerHost string
	// Docker allows containers; without it a task with an image fails at once. Default true.
	Docker bool
	// EngineWait is how long an engine that does not answer is waited for at
	// the start. Default 10s.
	EngineWait time.Duration
	// EngineReturn is how long an engine that stopped while the container ran
	// is waited for. Default 1m.
	EngineReturn time.Duration
	// PullStall is how long a pull may stand still. Default 3m.
	PullStall time.Duration
	// Output bounds the files stdout and stderr in the sandbox. Default 64 MiB each, one old file kept.
	Output sandbox.Rotation
	// Stdout and Stderr are the streams that the agent gave to the executor; a
	// pipe among them is used instead of the file. Nil means there are none.
	Stdout, Stderr *os.File
	// PidsLimit bounds the processes of a container. Default 8192, 0 for the engine's own.
	PidsLimit int64
	// CPUQuota makes cpus a hard limit rather than a weight. Default false.
	CPUQuota bool
	// Init puts a small init process before the task. Default true.
	Init bool
	// Cgroups puts containers below the executor's own cgroup where the engine can. Default true.
	Cgroups bool
	// AckWait bounds the wait for the last acknowledgement. Default 1m.
	AckWait time.Duration
	// Home is where credentials for registries may lie, beside the sandbox.
	Home string
	// LogLevel is debug, info, warn or error. Default info.
	LogLevel string
}

// Default returns the configuration without what the agent says.
func Default() Config {
	return Config{
		Docker: true, EngineWait: 10 * time.Second, EngineReturn: time.Minute, PullStall: docker.DefaultTimeouts().PullStall,
		Output: sandbox.Rotation{Bytes: 64 << 20, Keep: 1}, PidsLimit: 8192, Init: true, Cgroups: true,
		AckWait: time.Minute, LogLevel: "info",
	}
}

// setter reads one setting from its text.
type setter func(string) error

// variables are the settings that the environment may change, by name.
func (c *Config) variables() map[string]setter {
	return map[string]setter{
		"GANTRY_EXECUTOR_ENGINE_WAIT":   duration(&c.EngineWait),
		"GANTRY_EXECUTOR_ENGINE_RETURN": duration(&c.EngineReturn),
		"GANTRY_EXECUTOR_PULL_STALL":    duration(&c.PullStall),
		"GANTRY_EXECUTOR_ACK_WAIT":      duration(&c.AckWait),
		"GANTRY_EXECUTOR_OUTPUT_BYTES":  whole(&c.Output.Bytes),
		"GANTRY_EXECUTOR_OUTPUT_KEEP":   func(v string) (err error) { c.Output.Keep, err = strconv.Atoi(v); return err },
		"GANTRY_EXECUTOR_DOCKER":        yes(&c.Docker),
		"GANTRY_EXECUTOR_PIDS_LIMIT":    whole(&c.PidsLimit),
		"GANTRY_EXECUTOR_CPU_QUOTA":     yes(&c.CPUQuota),
		"GANTRY_EXECUTOR_INIT":          yes(&c.Init),
		"GANTRY_EXECUTOR_CGROUPS":       yes(&c.Cgroups),
		"GANTRY_EXECUTOR_LOG_LEVEL":     func(v string) error { c.LogLevel = v; return nil },
	}
}

func duration(to *time.Duration) setter {
	return func(v string) (err error) { *to, err = time.ParseDuration(v); return err }
}

func whole(to *int64) setter {
	return func(v string) (err error) { *to, err = strconv.ParseInt(v, 10, 64); return err }
}

func yes(to *bool) setter {
	return func(v string) (err error) { *to, err = strconv.ParseBool(v); return err }
}

// FromEnv reads the configuration from the environment that the agent gives to
// an executor, with GANTRY_EXECUTOR_* over the defaults. The error joins all problems.
func FromEnv(getenv func(string) string) (Config, error) {
	c := Default()
	agent, err := execapi.ParseEnv(getenv)
	c.Agent = agent
	errs := []error{err}
	for name, set := range c.variables() {
		if v := getenv(name); v != "" {
			if err := set(v); err != nil {
				errs = append(errs, fmt.Errorf("%s=%s: %w", name, v, err))
			}
		}
	}
	c.DockerHost, c.Home = getenv("DOCKER_HOST"), getenv("HOME")
	return c, errors.Join(append(errs, c.Validate())...)
}

// Validate names every field that makes no sense.
func (c Config) Validate() error {
	var errs []error
	for name, d := range map[string]time.Duration{
		"GANTRY_EXECUTOR_ENGINE_WAIT": c.EngineWait, "GANTRY_EXECUTOR_ENGINE_RETURN": c.EngineReturn,
		"GANTRY_EXECUTOR_PULL_STALL": c.PullStall, "GANTRY_EXECUTOR_ACK_WAIT": c.AckWait,
	} {
		if d < 0 {
			errs = append(errs, fmt.Errorf("%s=%s: want 0 or more", name, d))
		}
	}
	if c.Output.Bytes < 0 || c.Output.Keep < 0 {
		errs = append(errs, fmt.Errorf("GANTRY_EXECUTOR_OUTPUT_BYTES=%d, GANTRY_EXECUTOR_OUTPUT_KEEP=%d: want 0 or more", c.Output.Bytes, c.Output.Keep))
	}
	if c.PidsLimit < 0 {
		errs = append(errs, fmt.Errorf("GANTRY_EXECUTOR_PIDS_LIMIT=%d: want 0 or more", c.PidsLimit))
	}
	return errors.Join(errs...)
}

// sandboxDir is where the executor's files are, as it sees them itself.
func (c Config) sandboxDir() string {
	for _, dir := range []string{c.Agent.Sandbox, c.Agent.Directory} {
		if dir != "" {
			return dir
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	return dir
}

// hostDir is the sandbox as the Docker engine sees it.
func (c Config) hostDir() string {
	if c.Agent.Directory != "" {
		return c.Agent.Directory
	}
	return c.sandboxDir()
}

// credentialFiles are looked through in this order: what the task fetched into
// its sandbox, then what the host has.
func (c Config) credentialFiles() []string {
	var files []string
	for _, dir := range []string{c.sandboxDir(), c.Home, "/root"} {
		if dir != "" {
			files = append(files, filepath.Join(dir, ".docker", "config.json"), filepath.Join(dir, ".dockercfg"))
		}
	}
	return files
}
