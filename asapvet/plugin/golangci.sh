#!/bin/sh
# Builds golangci-lint with the plugin and lets it check two small packages, one of which
# misuses asap. It is what "golangci-lint custom" does, with golangci-lint from the module
# proxy and the plugin as it is here.
#
#	golangci.sh [DIR]    where to build; a directory that is removed, if none is named
set -eu
version=v2.15.0
plugin=$(cd "$(dirname "$0")" && pwd)
asapvet=$(dirname "$plugin")
root=$(dirname "$asapvet")
if [ $# -gt 0 ]; then
	mkdir -p "$1"
	dir=$(cd "$1" && pwd)
else
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
fi
export GOWORK=off
mkdir -p "$dir/custom" "$dir/good" "$dir/bad"
cat >"$dir/custom/main.go" <<'END'
package main

import (
	"fmt"
	"os"

	"github.com/golangci/golangci-lint/v2/pkg/commands"
	"github.com/golangci/golangci-lint/v2/pkg/exitcodes"

	_ "github.com/asap-go/asap/asapvet/plugin"
)

func main() {
	if err := commands.Execute(commands.BuildInfo{GoVersion: "unknown", Version: "custom"}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitcodes.Failure)
	}
}
END
cat >"$dir/custom/go.mod" <<END
module example.org/custom

go 1.27

require (
	github.com/asap-go/asap/asapvet/plugin v0.0.0
	github.com/golangci/golangci-lint/v2 $version
)

replace github.com/asap-go/asap/asapvet => $asapvet

replace github.com/asap-go/asap/asapvet/plugin => $plugin
END
(cd "$dir/custom" && go mod tidy 2>"$dir/log" || { cat "$dir/log"; exit 1; } && go build -o "$dir/golangci-lint" .)

for name in good bad; do
	cat >"$dir/$name/go.mod" <<END
module example.org/$name

go 1.27

require github.com/asap-go/asap v0.0.0

replace github.com/asap-go/asap => $root
END
	cat >"$dir/$name/.golangci.yml" <<'END'
version: "2"
linters:
  default: none
  enable:
    - asapvet
  settings:
    custom:
      asapvet:
        type: module
        description: misuse of asap and errgroup, and calls that wait without need
        settings:
          race: false
          waterfall:
            tier: likely
END
	printf 'package %s\n\nimport (\n\t"context"\n\n\t"github.com/asap-go/asap"\n)\n\nfunc Begin(ctx context.Context) {\n\tg := asap.New(ctx)\n%s\tg.Do("task", func(ctx context.Context) error { return ctx.Err() })\n}\n' \
		"$name" "$([ $name = bad ] || printf '\tdefer g.Stop()\n\t')" >"$dir/$name/begin.go"
done
(cd "$dir/good" && "$dir/golangci-lint" run ./...) || { echo "golangci.sh: a report on code without misuse"; exit 1; }
if out=$(cd "$dir/bad" && "$dir/golangci-lint" run ./...); then
	echo "golangci.sh: no report on a group that is not ended"
	exit 1
fi
case $out in
*nowait*|*"not ended"*) echo "$out" ;;
*) echo "$out"; exit 1 ;;
esac
