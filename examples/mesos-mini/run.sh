#!/usr/bin/env bash
# Starts the public mesos/mesos-mini image and Gantry on it. Ctrl-C ends both.
# With MESOS_MASTER=host:5050 (or zk://...) it uses that cluster instead.
set -euo pipefail
cd "$(dirname "$0")/../.."
api=${GANTRY_HTTP_ADDRESS:-127.0.0.1:8090}
state=${GANTRY_STATE_DIR:-./gantry-state}
[ -x bin/gantry ] || { echo "bin/gantry is missing; build it with: make build" >&2; exit 1; }
if [ -z "${MESOS_MASTER:-}" ]; then
	command -v docker >/dev/null || { echo "Docker is missing; install it, or set MESOS_MASTER to a cluster of yours" >&2; exit 1; }
	id=$(docker run -d --rm --privileged --net host mesos/mesos-mini)
	trap 'docker stop "$id" >/dev/null' EXIT
	MESOS_MASTER=127.0.0.1:5050
fi
echo "API: http://$api (the scheduler subscribes as soon as the master is up)"
bin/gantry scheduler --master "$MESOS_MASTER" --state-dir "$state" --http-address "$api"
