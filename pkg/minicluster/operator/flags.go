package operator

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/mesos"
	"github.com/gantry-mesos/gantry/pkg/minicluster/agent"
	"github.com/gantry-mesos/gantry/pkg/minicluster/master"
)

// masterFlags are the flags of a master: those its configuration stands for, and what was given beside.
func masterFlags(c master.Config) map[string]string {
	out := map[string]string{
		"allocator": "hierarchical", "allocator_agent_recovery_factor": "0.8", "allocator_recovery_timeout": "10mins",
		"authenticate_agents": "false", "authenticate_frameworks": "false", "authenticators": "crammd5", "authorizers": "local",
		"framework_sorter": "drf", "initialize_driver_logging": "true", "log_auto_initialize": "true", "logbufsecs": "0",
		"logging_level": "INFO", "publish_per_framework_metrics": "true", "quiet": "false", "recovery_agent_removal_limit": "100%",
		"registry": "replicated_log", "registry_fetch_timeout": "1mins", "registry_store_timeout": "20secs", "registry_strict": "false",
		"require_agent_domain": "false", "role_sorter": "drf", "user_sorter": "drf", "zk_session_timeout": "10secs",
		"http_framework_authenticators": "basic", "version": "false",
	}
	for name, d := range map[string]time.Duration{
		"agent_ping_timeout": c.AgentPingTimeout, "agent_reregister_timeout": c.AgentReregisterTimeout,
		"allocation_interval": c.AllocationInterval, "registry_gc_interval": c.RegistryGCInterval,
		"registry_max_agent_age": c.RegistryMaxAgentAge, "offer_timeout": c.OfferTimeout,
	} {
		if d != 0 {
			out[name] = mesos.FormatDuration(d)
		}
	}
	for name, n := range map[string]int{
		"max_agent_ping_timeouts": c.MaxAgentPingTimeouts, "max_completed_frameworks": c.MaxCompletedFrameworks,
		"max_completed_tasks_per_framework":     c.MaxCompletedTasksPerFramework,
		"max_unreachable_tasks_per_framework":   c.MaxUnreachableTasksPerFramework,
		"max_operator_event_stream_subscribers": c.MaxOperatorSubscribers, "registry_max_agent_count": c.RegistryMaxAgentCount,
	} {
		out[name] = strconv.Itoa(n)
	}
	for name, b := range map[string]bool{
		"authenticate_http_frameworks": c.AuthenticateFrameworks, "authenticate_http_readonly": c.AuthenticateReadonly,
		"authenticate_http_readwrite": c.AuthenticateReadwrite, "root_submissions": c.RootSubmissions,
		"filter_gpu_resources": c.FilterGPUResources,
	} {
		out[name] = strconv.FormatBool(b)
	}
	if len(c.Roles) > 0 {
		out["roles"] = strings.Join(c.Roles, ",")
	}
	if c.Cluster != "" {
		out["cluster"] = c.Cluster
	}
	maps.Copy(out, c.RawFlags)
	out["ip"], out["port"], out["hostname"] = c.IP, strconv.Itoa(c.Port), c.Hostname
	return out
}

// agentFlags are the flags of an agent: those its configuration stands for, and what was given beside.
func agentFlags(c agent.Config, workDir string, port int, given map[string]string) map[string]string {
	out := map[string]string{
		"authenticate_http_executors": "false", "authenticate_http_readonly": "false", "authenticate_http_readwrite": "false",
		"authorizer": "local", "cgroups_enable_cfs": "false", "docker_registry": "https://registry-1.docker.io",
		"image_provisioner_backend": "copy", "launcher": "posix", "strict": "true", "logging_level": "INFO", "quiet": "false",
		"resources": c.Resources, "attributes": c.Attributes, "default_role": c.DefaultRole, "recover": c.Recover,
		"reconfiguration_policy": c.ReconfigurationPolicy, "cgroups_root": c.CgroupsRoot, "docker": c.Docker,
		"docker_socket": c.DockerSocket, "sandbox_directory": c.SandboxDirectory, "frameworks_home": c.FrameworksHome,
		"containerizers": strings.Join(c.Containerizers, ","), "isolation": strings.Join(c.Isolation, ","),
		"fetcher_cache_size": strconv.FormatInt(c.FetcherCacheSize, 10) + "B",
		"gc_disk_headroom":   strconv.FormatFloat(c.GCDiskHeadroom, 'f', -1, 64),
	}
	for name, d := range map[string]time.Duration{
		"registration_backoff_factor":     c.RegistrationBackoffFactor,
		"executor_registration_timeout":   c.ExecutorRegistrationTimeout,
		"executor_reregistration_timeout": c.ExecutorReregistrationTimeout,
		"executor_shutdown_grace_period":  c.ExecutorShutdownGracePeriod, "recovery_timeout": c.RecoveryTimeout,
		"docker_remove_delay": c.DockerRemoveDelay, "fetcher_stall_timeout": c.FetcherStallTimeout, "gc_delay": c.GCDelay,
		"disk_watch_interval": c.DiskWatchInterval, "container_disk_watch_interval": c.ContainerDiskWatchInterval,
	} {
		out[name] = mesos.FormatDuration(d)
	}
	for name, b := range map[string]bool{
		"docker_kill_orphans": c.DockerKillOrphans, "http_command_executor": c.HTTPCommandExecutor, "switch_user": c.SwitchUser,
		"enforce_container_disk_quota": c.EnforceContainerDiskQuota,
	} {
		out[name] = strconv.FormatBool(b)
	}
	maps.Copy(out, given)
	out["ip"], out["port"], out["hostname"], out["work_dir"] = c.IP, strconv.Itoa(port), c.Hostname, workDir
	return out
}
