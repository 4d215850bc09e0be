# Gantry. "make help" lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help build images setup test test-race test-short e2e chaos soak clients ui ui-pictures vendor-ui conformance sim fuzz bench bench-go bench-cmp bench-peers lint fmt generate drift arch check cover minicluster demo clean

GO        ?= go
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.1.0-dev)
COMMIT    ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null)
LDFLAGS   := -s -w -X github.com/gantry-mesos/gantry/scheduler.Version=$(VERSION) -X main.version=$(VERSION) -X main.commit=$(COMMIT)
GOLANGCI  := v2.7.2
LINTER    := .tools/golangci-lint-$(GOLANGCI)
FUZZTIME  ?= 20s
BENCHTIME ?= 1s
PKGS      := $(shell $(GO) list ./... 2>/dev/null | grep -v -e /test/e2e -e /test/conformance -e /test/ui)

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

build: ## Build bin/gantry and bin/gantry-executor, static
	@mkdir -p bin
	CGO_ENABLED=0 $(GO) build -ldflags '$(LDFLAGS)' -o bin/gantry ./cmd/gantry
	CGO_ENABLED=0 $(GO) build -ldflags '$(LDFLAGS)' -o bin/gantry-executor ./cmd/gantry-executor

images: ## Build the Docker image of examples/hello
	examples/hello/build.sh

setup: ## Install what the tests need (root on Debian), or say what is missing
	scripts/setup.sh

test: setup ## Everything that must be green: lint, arch, unit, integration, conformance, end to end
	@$(MAKE) --no-print-directory fmt-check lint arch test-race conformance e2e clients ui

test-race: ## Unit and integration tests with the race detector, in random order
	$(GO) test -race -shuffle=on -timeout 15m $(PKGS)

test-short: ## Unit and integration tests without the race detector
	$(GO) test -timeout 10m $(PKGS)

conformance: ## Replay what a real Mesos answered against the mini cluster
	@set -o pipefail; $(GO) test -v -count=1 -timeout 15m ./test/conformance | grep -vE '^ *(=== |--- PASS)'

e2e: build ## End-to-end tests with real processes, Docker and ZooKeeper
	GANTRY_BIN=$(CURDIR)/bin $(GO) test -count=1 -timeout 15m ./test/e2e

chaos: build ## Fail everything in turn under load for MINUTES, real processes (SEED= repeats the faults)
	GANTRY_BIN=$(CURDIR)/bin $(GO) test -count=1 -v -timeout 0 ./test/e2e -run TestNothingIsLostOrDoubledInChaos -args -chaos=$(or $(MINUTES),10)m -chaos-seed=$(or $(SEED),0)

soak: build ## Have apps come and go for MINUTES; memory, descriptors, goroutines and znodes must not grow
	GANTRY_BIN=$(CURDIR)/bin $(GO) test -count=1 -v -timeout 0 ./test/e2e -run TestNothingGrowsWithTime -args -soak=$(or $(MINUTES),10)m

clients: build ## Run clients made for Marathon, as they are, against gantry mini
	cd test/clients && $(GO) vet ./... && GANTRY_BIN=$(CURDIR)/bin $(GO) test -count=1 -timeout 15m ./...

ui: build ## Tests of the web page in headless Chromium
	GANTRY_BIN=$(CURDIR)/bin $(GO) test -count=1 -timeout 10m ./test/ui

ui-pictures: build ## Draw the pictures of docs/ui.md anew
	@mkdir -p docs/pictures
	GANTRY_BIN=$(CURDIR)/bin $(GO) test -count=1 -timeout 10m ./test/ui -run TestPictures -args -pictures $(CURDIR)/docs/pictures

vendor-ui: ## Fetch the libraries of the web page from npm, as scheduler/ui/vendor.txt has them
	scripts/vendor-ui.sh

sim: ## Run the scheduler's simulation (SEED= one seed, N= how many)
	$(GO) test -count=1 ./test/sim -args -seed=$(or $(SEED),0) -n=$(or $(N),500)

fuzz: ## Fuzz every fuzz target for FUZZTIME each
	scripts/fuzz.sh $(FUZZTIME)

bench: ## Measure: one "name value unit" line each, and bench.json; some five minutes, needs ZooKeeper
	$(GO) run ./test/bench

bench-go: ## Run Go's benchmarks of all packages for BENCHTIME each
	$(GO) test -run '^$$' -bench . -benchtime $(BENCHTIME) $(PKGS)

bench-peers: ## Run SwarmKit's scheduler benchmarks and ours on the same shape
	$(GO) run ./test/bench/peers

bench-cmp: ## Compare two outputs of "make bench-go" (OLD= NEW=)
	@test -n "$(OLD)" -a -n "$(NEW)" || { echo "bench-cmp: say which two to compare: make bench-cmp OLD=before.txt NEW=after.txt"; exit 2; }
	$(GO) run golang.org/x/perf/cmd/benchstat@v0.0.0-20250813145418-2f7363a06fe1 $(OLD) $(NEW)

lint: $(LINTER) ## Run the linters
	$(LINTER) run ./...

$(LINTER):
	@mkdir -p .tools
	GOBIN=$(CURDIR)/.tools/new $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	@mv .tools/new/golangci-lint $@ && rmdir .tools/new

fmt: ## Format the code
	gofmt -w $$(git ls-files '*.go' | grep -v '\.pb\.go$$')

.PHONY: fmt-check
fmt-check:
	@out=$$(gofmt -l $$(git ls-files '*.go' | grep -v '\.pb\.go$$')); test -z "$$out" || { echo "not formatted (make fmt):"; echo "$$out"; exit 1; }

arch: ## Check which package imports which
	$(GO) test -count=1 ./test/arch

generate: ## Generate the protobuf code
	sh proto/generate.sh

drift: generate vendor-ui ## Fail if generated or vendored files differ from what is committed
	git diff --exit-code -- proto docs scheduler/ui test/ui

check: test drift ## What a change must pass

cover: ## Coverage of the unit tests, as cover.html
	@mkdir -p bin
	$(GO) test -timeout 15m -coverprofile=bin/cover.out $(PKGS)
	$(GO) tool cover -func=bin/cover.out | tail -1
	$(GO) tool cover -html=bin/cover.out -o cover.html

minicluster: build ## Run the embedded cluster until Ctrl-C
	bin/gantry mini

demo: ## Install what is missing, start a cluster, deploy an example and show that it answers (DEMO_ONCE=1 exits)
	scripts/demo.sh

clean: ## Remove what was built
	rm -rf bin .tools cover.html bench.json
