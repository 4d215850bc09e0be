package minicluster

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
)

// AgentFlags makes the configuration of an agent from flags of mesos-agent, by the rules of [MasterFlags].
func AgentFlags(flags map[string]any) (AgentConfig, error) {
	c := DefaultAgentConfig()
	err := c.SetFlags(flags)
	return c, err
}

// SetFlags changes a configuration by flags of mesos-agent.
func (c *AgentConfig) SetFlags(flags map[string]any) error {
	if c.RawFlags == nil {
		c.RawFlags = map[string]string{}
	}
	var errs []error
	for name, value := range flags {
		text := flagText(value)
		c.RawFlags[name] = text
		if err := c.set(name, text); err != nil {
			errs = append(errs, fmt.Errorf("agent flag --%s=%s: %w", name, text, err))
		}
	}
	return errors.Join(errs...)
}

func (c *AgentConfig) set(name, text string) error {
	if handled, err := setDuration(text, map[string]*time.Duration{
		"registration_backoff_factor":     &c.RegistrationBackoffFactor,
		"executor_registration_timeout":   &c.ExecutorRegistrationTimeout,
		"executor_reregistration_timeout": &c.ExecutorReregistrationTimeout,
		"executor_shutdown_grace_period":  &c.ExecutorShutdownGracePeriod,
		"recovery_timeout":                &c.RecoveryTimeout, "docker_remove_delay": &c.DockerRemoveDelay,
		"docker_stop_timeout": &c.DockerStopTimeout, "fetcher_stall_timeout": &c.FetcherStallTimeout,
		"gc_delay": &c.GCDelay, "disk_watch_interval": &c.DiskWatchInterval,
		"container_disk_watch_interval": &c.ContainerDiskWatchInterval,
	}[name]); handled {
		return err
	}
	if handled, err := setInt(text, map[string]*int{
		"port": &c.Port, "max_completed_executors_per_framework": &c.MaxCompletedExecutorsPerFramework,
	}[name]); handled {
		return err
	}
	if handled, err := setBool(text, map[string]*bool{
		"enforce_container_disk_quota": &c.EnforceContainerDiskQuota, "docker_kill_orphans": &c.DockerKillOrphans,
		"http_command_executor": &c.HTTPCommandExecutor, "switch_user": &c.SwitchUser,
	}[name]); handled {
		return err
	}
	if to := c.texts()[name]; to != nil {
		*to = text
		return nil
	}
	return c.setOther(name, text)
}

func (c *AgentConfig) texts() map[string]*string {
	return map[string]*string{
		"work_dir": &c.WorkDir, "ip": &c.IP, "hostname": &c.Hostname, "resources": &c.Resources,
		"attributes": &c.Attributes, "default_role": &c.DefaultRole,
		"reconfiguration_policy": &c.ReconfigurationPolicy, "recover": &c.Recover, "cgroups_root": &c.CgroupsRoot,
		"docker": &c.Docker, "sandbox_directory": &c.SandboxDirectory, "frameworks_home": &c.FrameworksHome,
	}
}

func (c *AgentConfig) setOther(name, text string) (err error) {
	switch name {
	case "domain":
		c.Domain, err = parseDomain(text)
	case "containerizers":
		c.Containerizers = strings.Split(text, ",")
	case "isolation":
		c.Isolation = strings.Split(text, ",")
	case "docker_socket":
		c.DockerSocket = strings.TrimPrefix(text, "unix://")
	case "gc_disk_headroom":
		c.GCDiskHeadroom, err = strconv.ParseFloat(text, 64)
	case "fetcher_cache_size":
		c.FetcherCacheSize, err = parseBytes(text)
	}
	return err
}

// parseBytes reads a size with a unit: B, KB, MB, GB or TB, powers of 1024.
func parseBytes(text string) (int64, error) {
	for i, unit := range []string{"KB", "MB", "GB", "TB", "B"} {
		number, ok := strings.CutSuffix(text, unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			break
		}
		return n << (10 * ((i + 1) % 5)), nil
	}
	return 0, fmt.Errorf("size %q: want a whole number and B, KB, MB, GB or TB", text)
}

// DefaultAgentConfig is an agent without flags.
func DefaultAgentConfig() AgentConfig { return AgentConfig{Config: agent.Default()} }
