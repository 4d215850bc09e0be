package scheduler

import (
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/gantry-mesos/gantry/pkg/app"
	"github.com/gantry-mesos/gantry/pkg/mesos/schedapi"
	"github.com/gantry-mesos/gantry/pkg/zkconn"
	"github.com/gantry-mesos/gantry/pkg/zkurl"
	"github.com/gantry-mesos/gantry/scheduler/httpapi"
)

// info is what /v2/info tells of the configuration, by Marathon's names and in its
// units: milliseconds, but failoverTimeout in seconds. What Gantry has no such thing
// as is not there, and shown as null: launch tokens, a limit of launches per offer,
// sweeps.
func (s *Scheduler) info() map[string]any {
	c, rules := s.cfg, s.rules()
	host, port, _ := net.SplitHostPort(s.address)
	webUI := c.WebUIURL
	if webUI == "" {
		webUI = s.URL()
	}
	out := map[string]any{
		"checkpoint": true, "executor": c.DefaultExecutor, "failover_timeout": c.FailoverTimeout.Seconds(), "features": s.features(),
		"framework_name": c.FrameworkName, "ha": c.ZK != "", "hostname": host, "maintenance_mode": c.MaintenanceMode,
		"master": zkurl.HidePassword(c.Master), "mesos_bridge_name": app.DefaultRules().BridgeName, "mesos_role": rules.DefaultRole(),
		"mesos_user": c.MesosUser, "new_group_enforce_role": "off", "webui_url": webUI,
		"local_port_min": c.Decisions.ServicePortMin, "local_port_max": c.Decisions.ServicePortMax,
		"leader_proxy_connection_timeout_ms": ms(httpapi.ForwardDialMax), "leader_proxy_read_timeout_ms": ms(httpapi.DefaultTimeout),
		"decline_offer_duration": ms(c.Decisions.DeclineFor), "min_revive_offers_interval": ms(c.Decisions.ReviveEvery),
		"mesos_heartbeat_failure_threshold": schedapi.DefaultHeartbeatMisses, "mesos_heartbeat_interval": ms(schedapi.HeartbeatInterval),
		"reconciliation_initial_delay": 0, "reconciliation_interval": ms(c.Decisions.ReconcileEvery),
		"task_launch_confirm_timeout": ms(c.Decisions.ConfirmAfter), "task_launch_timeout": ms(c.Decisions.LaunchTimeout),
		"task_reservation_timeout": ms(c.Decisions.ConfirmAfter),
	}
	if len(c.HTTPReadOrigins) > 0 {
		out["access_control_allow_origin"] = c.HTTPReadOrigins
	}
	if n, err := strconv.Atoi(port); err == nil && s.certificate != nil {
		out["https_port"] = n
	} else if err == nil {
		out["http_port"] = n
	}
	if c.ZK != "" {
		out["zk"], out["zk_compression"], out["zk_max_versions"] = zkurl.HidePassword(c.ZK), true, c.Decisions.VersionsMax
		out["zk_session_timeout"], out["zk_connection_timeout"] = ms(zkconn.DefaultTimeout), ms(zkconn.DefaultTimeout)
		out["zk_timeout"] = ms(zkconn.DefaultTimeout)
	}
	return out
}

func ms(d time.Duration) int64 { return d.Milliseconds() }

// features are the optional ones of Marathon that are on, as its flag names them.
func (s *Scheduler) features() []string {
	on := append([]string{"task_killing", "vips"}, s.cfg.Features...)
	if s.cfg.gpus() {
		on = append(on, featureGPUs)
	}
	on = slices.DeleteFunc(on, func(name string) bool { return name == featureSecrets }) // there is no source of them
	slices.Sort(on)
	return slices.Compact(on)
}
