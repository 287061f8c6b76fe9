module github.com/asap-go/asap/waterfall/internal/readers

go 1.27

require (
	github.com/asap-go/asap v0.0.0
	github.com/google/pprof v0.0.0-20261016150608-1facf8f91b50
)

replace github.com/asap-go/asap => ../../..
