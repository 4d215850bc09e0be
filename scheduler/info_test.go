package scheduler

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInfoHasWhatMarathonTells(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.Master, cfg.ZK = "zk://mesos:secret@zk1:2181/mesos", "zk://gantry:secret@zk1:2181/gantry"
	cfg.Features, cfg.HTTPReadOrigins = []string{featureExternalVolumes, featureSecrets}, []string{"*"}
	got := (&Scheduler{cfg: cfg, address: "gantry.example:8080"}).info()
	want := map[string]any{
		"access_control_allow_origin": []string{"*"}, "checkpoint": true, "decline_offer_duration": int64(300_000), "executor": "gantry",
		"failover_timeout": 604800.0, "features": []string{"external_volumes", "task_killing", "vips"}, "framework_name": "gantry",
		"ha": true, "hostname": "gantry.example", "http_port": 8080, "leader_proxy_connection_timeout_ms": int64(5000),
		"leader_proxy_read_timeout_ms": int64(30_000), "local_port_max": 20000, "local_port_min": 10000, "maintenance_mode": true,
		"master": "zk://mesos:***@zk1:2181/mesos", "mesos_bridge_name": "mesos-bridge", "mesos_heartbeat_failure_threshold": 5,
		"mesos_heartbeat_interval": int64(15_000), "mesos_role": "*", "mesos_user": "root", "min_revive_offers_interval": int64(1000),
		"new_group_enforce_role": "off", "reconciliation_initial_delay": 0, "reconciliation_interval": int64(600_000),
		"task_launch_confirm_timeout": int64(30_000), "task_launch_timeout": int64(600_000), "task_reservation_timeout": int64(30_000),
		"webui_url": "http://gantry.example:8080", "zk": "zk://gantry:***@zk1:2181/gantry", "zk_compression": true,
		"zk_connection_timeout": int64(10_000), "zk_max_versions": 50, "zk_session_timeout": int64(10_000), "zk_timeout": int64(10_000),
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	for name, v := range got {
		if text, ok := v.(string); ok && strings.Contains(text, "secret") {
			t.Errorf("%s tells a password: %s", name, text)
		}
	}
}
