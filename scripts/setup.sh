#!/usr/bin/env bash
# Brings what the tests need: a Docker engine that answers, ZooKeeper, and a few
# small tools. As root on Debian it installs what is missing and says so;
# elsewhere, or with GANTRY_NO_INSTALL=1, it says what to install.
#   scripts/setup.sh          everything the tests need
#   scripts/setup.sh docker   only the Docker engine
set -euo pipefail

need=()
have() { command -v "$1" >/dev/null 2>&1; }

if [ "${1:-all}" = docker ]; then
	have dockerd || need+=(docker.io)
else
	have dockerd || need+=(docker.io)
	[ -e /usr/share/java/zookeeper.jar ] || need+=(zookeeper)
	[ -x /bin/busybox ] || [ -x /usr/bin/busybox ] || need+=(busybox-static)
	/usr/bin/python3 -c "import marathon" 2>/dev/null || need+=(python3-marathon)
	have dig || need+=(bind9-dnsutils)
	/usr/bin/python3 -c "import kazoo" 2>/dev/null || need+=(python3-kazoo)
	have prometheus || need+=(prometheus)
	have jq || need+=(jq)
	have gcc || need+=(gcc libc6-dev)
	have chromium || need+=(chromium)
fi
have curl || need+=(curl)
have pgrep || need+=(procps)

if [ "${#need[@]}" -gt 0 ]; then
	if [ "${GANTRY_NO_INSTALL:-}" = 1 ] || [ "$(id -u)" != 0 ] || ! have apt-get; then
		echo "missing: ${need[*]}. Install with: apt-get install ${need[*]}" >&2
		exit 1
	fi
	echo "installing: ${need[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq "${need[@]}" >/dev/null
fi

# A Docker engine: the one that answers, or one started here by hand.
answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
if ! answers; then
	if [ "$(id -u)" != 0 ]; then
		echo "no Docker engine answers at ${DOCKER_HOST:-unix:///var/run/docker.sock}; start one" >&2
		exit 1
	fi
	# An engine that was killed leaves its pid files; another process may have its pid by now.
	for stale in /var/run/docker.pid:dockerd /var/run/docker/containerd/containerd.pid:containerd; do
		file=${stale%%:*}
		[ ! -f "$file" ] || grep -qs "^${stale##*:}" "/proc/$(cat "$file")/comm" || rm -f "$file"
	done
	log=${TMPDIR:-/tmp}/gantry-dockerd.log
	echo "starting a Docker engine (log: $log)"
	setsid dockerd >"$log" 2>&1 </dev/null &
	echo $! >"${GANTRY_DOCKERD_PID:-/dev/null}"
	for _ in $(seq 60); do
		answers && break
		sleep 0.5
	done
	answers || { echo "the Docker engine does not come up:" >&2; tail -20 "$log" >&2; exit 1; }
fi
