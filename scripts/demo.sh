#!/usr/bin/env bash
# Shows Gantry at work on this machine: a cluster, an app of three instances in
# Docker, and their answers. Stays until Ctrl-C; DEMO_ONCE=1 checks and exits.
set -euo pipefail
cd "$(dirname "$0")/.."

api=${DEMO_HTTP:-127.0.0.1:8080}
mesos=${DEMO_MESOS:-127.0.0.1:5050}
work=$(mktemp -d "${TMPDIR:-/tmp}/gantry-demo.XXXXXX")
mini='' engine='' framework=none

finish() {
	status=$?
	trap - EXIT
	# Another Ctrl-C is answered, but must not end the cleaning.
	trap 'echo "still stopping" >&2' INT TERM
	if [ -n "$mini" ]; then
		! kill -INT "$mini" 2>/dev/null || echo "stopping; the tasks get their grace period"
		while kill -0 "$mini" 2>/dev/null; do
			code=0
			wait "$mini" || code=$?
			[ "$code" = 0 ] || [ "$code" -gt 128 ] || status=$code
		done
	fi
	trap '' INT TERM
	if [ "$status" = 0 ] && [ -n "$mini" ]; then
		left=$(docker ps -aq --filter "label=org.gantry.framework=$framework") || left=''
		[ -z "$left" ] || { echo "containers are left: $left" >&2; status=1; }
		left=$(pgrep -f "$work" || true)
		[ -z "$left" ] || { echo "processes are left: $left" >&2; status=1; }
	fi
	[ "$status" = 0 ] || { [ -s "$work/mini.log" ] && tail -30 "$work/mini.log" >&2; }
	if [ -s "$work/dockerd.pid" ]; then
		engine=$(cat "$work/dockerd.pid")
		kill "$engine" 2>/dev/null || true
		while kill -0 "$engine" 2>/dev/null; do sleep 0.2; done
	fi
	rm -rf "$work"
	exit "$status"
}
trap finish EXIT
trap 'exit 0' INT TERM

command -v go >/dev/null || { echo "Go is missing; install it from your package source (golang)" >&2; exit 1; }
command -v curl >/dev/null || { echo "curl is missing; install it with: apt-get install curl" >&2; exit 1; }
# What listens there is not ours, and must not get the demo's app.
taken() { (exec 3<>"/dev/tcp/${1%:*}/${1##*:}") 2>/dev/null; }
for address in "$api" "$mesos"; do
	! taken "$address" || { echo "something listens on $address already; stop it, or name free addresses: DEMO_HTTP=127.0.0.1:8081 DEMO_MESOS=127.0.0.1:5051 make demo" >&2; exit 1; }
done
GANTRY_DOCKERD_PID=$work/dockerd.pid scripts/setup.sh docker
echo "building"
make -s build
examples/hello/build.sh

# In a process group of its own, so that Ctrl-C in the terminal reaches this script alone.
set -m
bin/gantry mini --agents 2 --runtime docker --http-address "$api" --mesos-address "$mesos" --work-dir "$work/state" >"$work/mini.log" 2>&1 &
mini=$!
set +m
# It says its address once it has it, so that nobody else answers there.
for _ in $(seq 100); do
	kill -0 "$mini" 2>/dev/null || { echo "gantry mini ended" >&2; exit 1; }
	grep -q '^Try: ' "$work/mini.log" && curl -fsS "http://$api/ping" >/dev/null 2>&1 && break
	sleep 0.1
done
cat "$work/mini.log"

echo "deploying examples/apps/hello.json: three instances on two agents"
bin/gantry --url "http://$api" app create --wait examples/apps/hello.json
bin/gantry --url "http://$api" task list
framework=$(curl -fsS "http://$api/v2/info" | grep -o '"frameworkId":"[^"]*"' | cut -d'"' -f4)

answers=$work/answers
: >"$answers"
for address in $(curl -fsS -H 'Accept: text/plain' "http://$api/v2/tasks" | cut -f3-); do
	echo "http://$address answers:"
	curl -fsS --retry 10 --retry-connrefused --retry-delay 1 "http://$address/" | tee -a "$answers"
	echo | tee -a "$answers"
done
different=$(sort -u "$answers" | grep -c . || true)
if [ "$different" -lt 3 ]; then
	echo "expected three different answers, got $different" >&2
	exit 1
fi

echo
echo "Page   http://$api/ui/"
echo "API    http://$api/v2/apps"
echo "Mesos  http://$mesos/state"
if [ "${DEMO_ONCE:-}" = 1 ]; then
	echo "all three answered; cleaning up"
	exit 0
fi
echo "Ctrl-C stops everything."
wait "$mini"
