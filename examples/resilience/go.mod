module github.com/asap-go/asap/examples/resilience

go 1.27

require (
	connectrpc.com/connect v1.21.1
	github.com/asap-go/asap v0.0.0
	github.com/failsafe-go/failsafe-go v0.9.8
	github.com/vikstrous/dataloadgen v0.0.10
	golang.org/x/sync v0.24.0
	google.golang.org/grpc v1.83.2
	google.golang.org/protobuf v1.36.12
)

require (
	github.com/bits-and-blooms/bitset v1.24.4 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	go.opentelemetry.io/otel v1.44.0 // indirect
	go.opentelemetry.io/otel/trace v1.44.0 // indirect
	golang.org/x/net v0.58.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
	golang.org/x/text v0.41.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260526163538-3dc84a4a5aaa // indirect
)

replace github.com/asap-go/asap => ../..
