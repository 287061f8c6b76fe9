# asap needs Go 1.27; an older Go fetches it by itself.
export GOTOOLCHAIN = auto

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
MODULES     = . asapweb/internal/browser bench examples/errgroup examples/peers examples/storefront otelasap temporalasap

.PHONY: help test race check demo serve soak model bench generate

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

test: ## run every test of every module
	go run ./temporalasap/internal/server/temporald -build || echo "WITHOUT A TEMPORAL SERVER: the tests that need one are skipped"
	go test -timeout 30m work

race: ## run them under the race detector, shuffled, on 1, 2 and 4 processors
	go test -race -timeout 30m -shuffle=on -cpu 1,2,4 . ./internal/rules ./examples/seeds
	go test -race -timeout 30m -shuffle=on ./flow ./waterfall/... ./asapweb ./asaptest/... ./internal/... ./cmd/...
	go test -race -timeout 30m -shuffle=on ./examples/errgroup/... ./examples/peers ./examples/storefront/... ./otelasap/...
	go test -race -timeout 30m -short -run 'TestEngine|TestRandomEnvironment|TestRetry|TestChild|TestHistory' ./temporalasap

check: ## vet, staticcheck, gofmt, go fix, generated code, each module alone, 32 bits
	sh .ci/check $(STATICCHECK) $(MODULES)

demo: ## start the example shop, drive it in three modes, print what it took
	cd examples/storefront && go run . -demo

serve: ## keep the example shop running
	cd examples/storefront && go run . -serve

soak: ## run 1,000,000 random graphs against the oracle, 1,000 flows and 10,000 tasks on a server
	go test -run TestSoak -timeout 120m -v ./internal/stress -soak 1000000
	ASAP_RANDOM_ACTIVITIES=1 go test -run TestRandomServer -timeout 60m -v ./temporalasap
	cd temporalasap && go run ./internal/cost -wide 10000

model: ## check the engine's protocols with spin
	sh internal/engine/model/check.sh

bench: ## compare with hand-written code and other libraries, side by side
	cd bench && go run .

generate: ## write the generated files again
	go generate ./...
