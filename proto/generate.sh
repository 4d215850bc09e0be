#!/bin/sh
# Generates the Go code of every proto file in this folder with the compiler
# from the Debian package protobuf-compiler and the plug-in pinned in go.mod.
set -eu
cd "$(dirname "$0")"
command -v protoc >/dev/null || {
  echo "protoc is missing; install it with: apt-get install protobuf-compiler" >&2
  exit 1
}
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
go build -o "$bin/protoc-gen-gogofast" github.com/gogo/protobuf/protoc-gen-gogofast
PATH="$bin:$PATH" protoc -I. --gogofast_out=paths=source_relative:. gantry/v1/*.proto
