#!/usr/bin/env bash
# Fetches the libraries of the web page and of its tests from npm, in the versions
# and with the integrity that scheduler/ui/vendor.txt names, and lays them where
# they are kept. "make drift" runs it to see that nobody has touched them. A new
# version: change its line, run this, commit what it brings.
set -euo pipefail
cd "$(dirname "$0")/.."
list=scheduler/ui/vendor.txt
command -v npm >/dev/null || { echo "npm is missing, which only this needs. Install it with: apt-get install npm" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

package=''
while read -r first second third fourth; do
	case $first in '' | '#'*) continue ;; esac
	if [ -n "$fourth" ]; then
		package=$work/$first
		mkdir -p "$package"
		archive=$(npm pack --silent --pack-destination "$work" "$first@$second")
		got=sha512-$(openssl dgst -sha512 -binary "$work/$archive" | base64 -w0)
		[ "$got" = "$fourth" ] || { echo "$first $second has the integrity $got, $list says $fourth" >&2; exit 1; }
		tar xzf "$work/$archive" -C "$package" --strip-components=1
		licence=$(sed -n 's/^ *"license": *"\(.*\)",\{0,1\}$/\1/p' "$package/package.json" | head -1)
		[ "$licence" = "$third" ] || { echo "$first $second is under $licence, $list says $third" >&2; exit 1; }
	else
		mkdir -p "$(dirname "$second")"
		# A map of sources is not kept, so that no browser asks for it.
		sed '/^\/\/# sourceMappingURL=/d' "$package/$first" >"$second"
	fi
done <"$list"
