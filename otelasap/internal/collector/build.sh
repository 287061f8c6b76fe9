#!/bin/sh
# Builds the collector and its test into a directory. There is a file built in
# it at the end, or one called failed, and what the compiler said in log.
set -u
dir=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")"
export GOWORK=off GOTOOLCHAIN=auto
rm -f "$dir/built" "$dir/failed"
if go build -o "$dir/collector" . >"$dir/log" 2>&1 && go test -c -o "$dir/collector.test" . >>"$dir/log" 2>&1; then
	touch "$dir/built"
else
	touch "$dir/failed"
	cat "$dir/log" >&2
	exit 1
fi
