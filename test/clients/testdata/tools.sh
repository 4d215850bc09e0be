#!/usr/bin/env bash
# Asks with curl and jq as the tools do that were made for Marathon ("Marathon, other
# consumers seen in the wild"): deployers, Traefik, Prometheus, marathon-consul.
#   tools.sh http://127.0.0.1:8080
set -euo pipefail
url=$1
json='Content-Type: application/json'

fail() { echo "tools.sh: $*" >&2; exit 1; }
is() { [ "$2" = "$3" ] || fail "$1: got $2, want $3"; }
call() { curl -sS --fail-with-body "$@" || fail "curl $*"; }
status() { curl -sS -o /dev/null -w '%{http_code}' "$@"; }
wait_for() { # deployment, as deployers poll
	for _ in $(seq 1200); do
		call "$url/v2/deployments" | jq -e --arg id "$1" 'map(select(.id == $id)) | length == 0' >/dev/null && return
		sleep 0.1
	done
	fail "deployment $1 does not end"
}

# Deployers: Jenkins' plugin, Ansible's and Terraform's modules, scripts of curl.
app='{"id":"/shop/web","cmd":"exec python3 -m http.server $PORT0 --bind $HOST","instances":1,"cpus":0.1,"mem":32,"ports":[0],
  "labels":{"traefik.enable":"true","consul":"shop-web"},"constraints":[["hostname","LIKE",".*"]],"upgradeStrategy":{"minimumHealthCapacity":0}}'
created=$(call -X POST -H "$json" -d "$app" "$url/v2/apps")
wait_for "$(jq -r '.deployments[0].id' <<<"$created")"
is 'the same again' "$(status -X POST -H "$json" -d "$app" "$url/v2/apps")" 409
is 'an update by a deployer' "$(status -X PUT -H "$json" -d "$app" "$url/v2/apps//shop/web?force=true")" 200
changed=$(call -X PUT -H "$json" -d '{"instances":2,"env":{"RELEASE":"2"}}' "$url/v2/apps/shop/web?force=True")
wait_for "$(jq -r .deploymentId <<<"$changed")"
is 'instances' "$(call "$url/v2/apps/shop/web" | jq -c '[.app.instances, .app.tasksRunning, (.app.deployments | length)]')" '[2,2,0]'
is 'a list' "$(call -X PUT -H "$json" -d '[{"id":"/shop/db","cmd":"exec sleep 1000","cpus":0.1,"mem":32}]' "$url/v2/apps" | jq 'has("deploymentId")')" true
restarted=$(call -i -X POST "$url/v2/apps/shop/web/restart?force=true")
wait_for "$(tr -d '\r' <<<"$restarted" | sed -n 's/^[Mm]arathon-[Dd]eployment-[Ii]d: //p')"
old=$(call "$url/v2/apps/shop/web/versions" | jq -r '.versions[-1]')
rolled=$(call -X PUT -H "$json" -d "{\"version\":\"$old\"}" "$url/v2/apps/shop/web")
wait_for "$(jq -r .deploymentId <<<"$rolled")"
is 'instances of the first version' "$(call "$url/v2/apps/shop/web" | jq .app.instances)" 1
is 'a missing app' "$(status "$url/v2/apps/none")" 404
is 'its message' "$(curl -sS "$url/v2/apps/none" | jq -r .message)" "App '/none' does not exist"
is 'a bad app' "$(status -X POST -H "$json" -d '{"id":"/x","cmd":1}' "$url/v2/apps")" 422
is 'no JSON' "$(status -X POST -H "$json" -d '{' "$url/v2/apps")" 400

# Traefik: apps with their tasks, health and labels.
call "$url/v2/apps?embed=apps.tasks&embed=apps.deployments&embed=apps.readiness" |
	jq -e '.apps | map(select(.labels["traefik.enable"] == "true")) | length == 1 and (.[0].tasks[0] |
		.host and (.ports | length == 1) and .ipAddresses and .state == "TASK_RUNNING") and .[0].portDefinitions[0].port > 0' >/dev/null ||
	fail 'Traefik does not find its app'

# Prometheus' marathon_sd: the same with a slash at the end.
is 'what Prometheus reads' "$(call "$url/v2/apps/?embed=apps.tasks" | jq -c '[.apps[].id]')" '["/shop/db","/shop/web"]'

# marathon-consul: apps by label, one app, its events.
is 'what marathon-consul reads' "$(call "$url/v2/apps?embed=apps.tasks&label=consul" | jq -r '.apps[].id')" /shop/web
call "$url/v2/apps/shop/web?embed=app.tasks" | jq -e '.app.tasks[0] | .id and .appId == "/shop/web" and (.healthCheckResults | type == "array")' >/dev/null ||
	fail 'marathon-consul does not find the task'
is 'leader' "$(call "$url/v2/leader" | jq -r .leader)" "${url#http://}"
# The stream is cut by the time limit: curl's 28 is what it ends with.
events=$(curl -sS -N --max-time 2 -H 'Accept: text/event-stream' "$url/v2/events?event_type=status_update_event&event_type=event_stream_attached" || [ $? = 28 ])
grep -q '^event: event_stream_attached' <<<"$events" || fail "no event_stream_attached in $events"

# HAProxy bridges and monitoring.
is 'the list of tasks as text' "$(call -H 'Accept: text/plain' "$url/v2/tasks" | grep -c '^shop_web')" 1
is 'ping' "$(call "$url/ping")" pong
is "Marathon's metrics" "$(call -H 'Accept: application/json' "$url/metrics" | jq '.gauges["marathon.apps.active.gauge"].value')" 2
call "$url/metrics" | grep '^marathon_apps_active_gauge 2' >/dev/null || fail 'no metrics for Prometheus'
is 'HEAD' "$(status -I "$url/v2/apps")" 200
is 'compressed' "$(call -o /dev/null -H 'Accept-Encoding: gzip' -w '%header{content-encoding}' "$url/v2/apps")" gzip

call -X DELETE "$url/v2/apps/shop/db" >/dev/null
deleted=$(call -X DELETE "$url/v2/apps/shop/web?force=true")
wait_for "$(jq -r .deploymentId <<<"$deleted")"
is 'what is left' "$(call "$url/v2/apps" | jq -c .)" '{"apps":[]}'
echo ok
