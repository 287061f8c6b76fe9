# asap needs Go 1.27; an older Go fetches it by itself.
export GOTOOLCHAIN = auto

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
MODULES     = . asapvet asapvet/plugin asapweb/internal/browser bench dbosasap examples/errgroup examples/graphql examples/peers examples/ports examples/resilience examples/storefront internal/release otelasap temporalasap temporalasap/internal/servertest waterfall/internal/readers

# The tests that need a server which is built from source.
SERVED      = ./temporalasap/internal/servertest/...

.PHONY: help test test-servers race check demo serve soak cluster model bench generate zips golangci release

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

test: ## run every test of every module that needs no server built from source
	served=$$(go list $(SERVED)) && all=$$(go list work) && go test -timeout 30m $$(echo "$$all" | grep -vxF "$$served")
	@echo "NOT RUN: what needs a Temporal server or an OpenTelemetry collector, which take minutes to build: make test-servers"
	@for tool in $${CHROMIUM:-$$(command -v chromium-browser || command -v google-chrome || echo chromium)} node dot nginx pg_ctl; do \
		PATH=$$PATH:/usr/sbin:$$(echo /usr/lib/postgresql/*/bin | tr " " :) command -v $$tool >/dev/null || echo "SKIPPED: what needs $$tool, which is not installed"; done

test-servers: ## build a Temporal server and an OpenTelemetry collector, run the tests that need them
	go run ./temporalasap/internal/servertest/server/temporald -build
	go test -timeout 30m $(SERVED)
	ASAP_SERVERS=1 go test -timeout 30m ./examples/storefront/...
	go test -timeout 30m -run 'TestKill|TestRandom' ./dbosasap -flows 400 -kills 16 -server-kills 2 -random 200
	cd otelasap/internal/collector && GOWORK=off go test -timeout 30m ./...

race: ## run them under the race detector, shuffled, on 1, 2 and 4 processors
	go test -race -vet=off -timeout 30m -shuffle=on -cpu 1,2,4 . ./flow ./internal/engine ./internal/watch ./examples/seeds
	go test -race -vet=off -timeout 30m -shuffle=on -cpu 1,2,4 -short ./internal/rules ./batch
	go test -race -vet=off -timeout 30m -shuffle=on ./tail ./waterfall/... ./asapweb ./asaptest/... $$(go list ./internal/... | grep -vE 'internal/(rules|engine|watch)$$') ./cmd/...
	go test -race -vet=off -timeout 30m -shuffle=on ./examples/errgroup/... ./examples/graphql ./examples/order ./examples/peers ./examples/ports ./examples/recipes ./examples/resilience ./examples/storefront/... ./otelasap/...
	go test -race -vet=off -timeout 30m -shuffle=on -short ./asapvet/... ./asapvet/plugin
	go test -race -vet=off -timeout 30m -short ./dbosasap
	go test -race -vet=off -timeout 30m -short -run 'TestEngine|TestRandomEnvironment|TestRetry|TestChild|TestHistory' ./temporalasap

check: ## vet, staticcheck, gofmt, go fix, generated code, each module alone, 32 bits
	sh .ci/check $(STATICCHECK) $(MODULES)

demo: ## start the example shop, drive it in four modes, print what it took
	cd examples/storefront && go run . -demo -latency 2

serve: ## keep the example shop running
	cd examples/storefront && go run . -serve

soak: ## run 1,000,000 random graphs against the oracle, 1,000 flows and 10,000 tasks on a server
	go test -run TestSoak -timeout 120m -v ./internal/stress -soak 1000000
	go test -run 'TestRandomServer|TestServerWidest' -timeout 60m -v ./temporalasap/internal/servertest -activities

cluster: ## run a Temporal cluster of seven processes on PostgreSQL, kill and stop parts of it
	go test -tags cluster -run TestCluster -timeout 30m -v ./temporalasap/internal/servertest/chaos -flows 200 -worker-kills 24 -server-kills 6

model: ## check the engine's protocols with spin
	sh internal/engine/model/check.sh

bench: ## compare with hand-written code and other libraries, side by side
	cd bench && go run .

generate: ## write the generated files again
	go generate ./...

zips: ## make zips of the modules, and get and install from them as users do
	go run ./internal/release -check

golangci: ## build golangci-lint with the checks of asapvet, and run it
	sh asapvet/plugin/golangci.sh

release: ## print what a release of VERSION does, or do it with DO=1
	go run ./internal/release $(if $(filter 1,$(DO)),-do) $(VERSION)
