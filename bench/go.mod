module github.com/asap-go/asap/bench

go 1.27

require (
	github.com/Azure/go-workflow v0.1.13
	github.com/alitto/pond/v2 v2.7.1
	github.com/asap-go/asap v0.0.0
	github.com/graph-gophers/dataloader/v7 v7.1.0
	github.com/jizhuozhi/go-future v0.1.5
	github.com/noneback/go-taskflow v1.2.0
	github.com/samber/lo v1.53.0
	github.com/sourcegraph/conc v0.3.0
	github.com/vikstrous/dataloadgen v0.0.10
	golang.org/x/sync v0.24.0
)

require (
	github.com/benbjohnson/clock v1.3.5 // indirect
	github.com/cenkalti/backoff/v4 v4.3.0 // indirect
	github.com/davecgh/go-spew v1.1.2-0.20180830191138-d8f796af33cc // indirect
	github.com/pmezard/go-difflib v1.0.1-0.20181226105442-5d4384ee4fb2 // indirect
	go.opentelemetry.io/otel v1.11.1 // indirect
	go.opentelemetry.io/otel/trace v1.11.1 // indirect
	go.uber.org/multierr v1.11.0 // indirect
)

replace github.com/asap-go/asap => ../
