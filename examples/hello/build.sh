#!/bin/sh
# Builds the image gantry-hello (or the name given) without any registry: a
# static binary in an image made FROM scratch.
# usage: examples/hello/build.sh [IMAGE]
set -eu
cd "$(dirname "$0")"
image=${1:-gantry-hello:latest}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$dir/hello" .
cp Dockerfile "$dir/"
DOCKER_BUILDKIT=0 docker build -q -t "$image" "$dir" 2>/dev/null || DOCKER_BUILDKIT=0 docker build -t "$image" "$dir"
