package httpapi

import (
	"net/http"
	"strings"

	"github.com/gantry-mesos/gantry/pkg/api"
)

// marathonVersion is the version that /v2/info reports unless Config says
// otherwise: tools read it as Marathon's to learn what the API can do.
const marathonVersion = "1.11.24"

// The members of /v2/info; a strict client knows these and no others.
var (
	configMembers = []string{
		"access_control_allow_origin", "checkpoint", "decline_offer_duration", "default_network_name", "env_vars_prefix", "executor",
		"failover_timeout", "features", "framework_name", "ha", "hostname", "launch_token", "launch_token_refresh_interval",
		"leader_proxy_connection_timeout_ms", "leader_proxy_read_timeout_ms", "local_port_max", "local_port_min", "maintenance_mode",
		"master", "max_instances_per_offer", "mesos_bridge_name", "mesos_heartbeat_failure_threshold", "mesos_heartbeat_interval",
		"mesos_leader_ui_url", "mesos_role", "mesos_user", "min_revive_offers_interval", "new_group_enforce_role", "offer_matching_timeout",
		"on_elected_prepare_timeout", "reconciliation_initial_delay", "reconciliation_interval", "scale_apps_initial_delay",
		"scale_apps_interval", "store_cache", "task_launch_confirm_timeout", "task_launch_timeout", "task_lost_expunge_initial_delay",
		"task_lost_expunge_interval", "task_reservation_timeout", "webui_url",
	}
	zookeeperMembers = []string{
		"zk", "zk_compression", "zk_compression_threshold", "zk_connection_timeout", "zk_max_node_size", "zk_max_versions",
		"zk_session_timeout", "zk_timeout",
	}
	httpMembers = []string{"http_port", "https_port"}
)

// infoRoutes are those of the scheduler itself.
type infoRoutes struct {
	*desk
	leadership Leadership
	// version, build and config are what is told of the program, see Config.
	version, build string
	config         map[string]any
	// resign gives up the leadership; nil when that is not possible.
	resign func()
}

func (s *infoRoutes) info(w http.ResponseWriter, _ *http.Request) error {
	v := s.scheduler.View()
	self, leader := s.leadership.Leader()
	out := map[string]any{
		"name": "marathon", "version": s.version, "buildref": s.build,
		"elected": self, "leader": nil, "frameworkId": nil, "event_subscriber": nil,
		"marathon_config": s.pick(configMembers), "zookeeper_config": s.pick(zookeeperMembers), "http_config": s.pick(httpMembers),
	}
	if m, _ := out["marathon_config"].(map[string]any); m["mesos_leader_ui_url"] == nil && v.Framework.Master.Address != "" {
		m["mesos_leader_ui_url"] = scheme(s.config["master"]) + v.Framework.Master.Address
	}
	if leader != "" {
		out["leader"] = leader
	}
	if v.Framework.ID != "" {
		out["frameworkId"] = string(v.Framework.ID)
	}
	return reply(w, http.StatusOK, out)
}

// scheme is how the masters that were configured are spoken to.
func scheme(masters any) string {
	if text, ok := masters.(string); ok && strings.HasPrefix(text, "https://") {
		return "https://"
	}
	return "http://"
}

// pick returns the members with what is configured; the rest is null.
func (s *infoRoutes) pick(names []string) map[string]any {
	out := make(map[string]any, len(names))
	for _, name := range names {
		out[name] = s.config[name]
	}
	if _, ok := out["features"]; ok && out["features"] == nil {
		out["features"] = []string{}
	}
	return out
}

func (s *infoRoutes) leader(w http.ResponseWriter, _ *http.Request) error {
	_, leader := s.leadership.Leader()
	if leader == "" {
		return &api.Error{Status: http.StatusNotFound, Message: "There is no leader"}
	}
	return reply(w, http.StatusOK, map[string]string{"leader": leader})
}

func (s *infoRoutes) abdicate(w http.ResponseWriter, _ *http.Request) error {
	if s.resign == nil {
		return &api.Error{Status: http.StatusConflict, Message: "This scheduler runs alone and cannot give up the leadership; start others with --zk to hand over to"}
	}
	s.resign()
	return reply(w, http.StatusOK, map[string]string{"message": "Leadership abdicated"})
}

func (s *infoRoutes) plugins(w http.ResponseWriter, _ *http.Request) error {
	return reply(w, http.StatusOK, map[string]any{"plugins": []any{}})
}

// ping answers "pong": as JSON to those who do not take text, with nothing to those
// who take neither.
func (s *infoRoutes) ping(w http.ResponseWriter, r *http.Request) error {
	switch preferred(r, kindText, kindJSON) {
	case kindJSON:
		return reply(w, http.StatusOK, "pong")
	case "":
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("pong")) // the client is gone; nobody to tell
	return nil
}
