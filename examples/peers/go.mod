module github.com/asap-go/asap/examples/peers

go 1.27

require (
	github.com/Azure/go-workflow v0.1.13
	github.com/asap-go/asap v0.0.0
	github.com/noneback/go-taskflow v1.2.0
	github.com/sourcegraph/conc v0.3.0
	go.uber.org/cff v0.0.0-20240514225903-4cdfe9553c2c
	golang.org/x/sync v0.24.0
)

require (
	github.com/benbjohnson/clock v1.3.5 // indirect
	github.com/cenkalti/backoff/v4 v4.3.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
)

replace github.com/asap-go/asap => ../..
