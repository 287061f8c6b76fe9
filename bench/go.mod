module github.com/asap-go/asap/bench

go 1.27

require (
	github.com/Azure/go-asynctask v1.7.1
	github.com/Azure/go-workflow v0.1.13
	github.com/alitto/pond/v2 v2.7.1
	github.com/asap-go/asap v0.0.0
	github.com/creachadair/taskgroup v0.14.5
	github.com/heimdalr/dag v1.5.0
	github.com/jizhuozhi/go-future v0.1.5
	github.com/kamildrazkiewicz/go-flow v0.0.0-20170919072006-2a1d885f8ce4
	github.com/natessilva/dag v0.0.0-20180124060714-7194b8dcc5c4
	github.com/noneback/go-taskflow v1.2.0
	github.com/reugn/async v0.4.0
	github.com/samber/lo v1.53.0
	github.com/samber/mo v1.16.0
	github.com/sourcegraph/conc v0.3.0
	go.uber.org/cff v0.0.0-20240514225903-4cdfe9553c2c
	golang.org/x/sync v0.24.0
)

require (
	github.com/benbjohnson/clock v1.3.5 // indirect
	github.com/cenkalti/backoff/v4 v4.3.0 // indirect
	github.com/emirpasic/gods v1.18.1 // indirect
	github.com/google/uuid v1.3.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
)

replace github.com/asap-go/asap => ../
