# Every target first checks that what it needs is here (tools/need.sh). `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build test check fmt errors openapi bench torture clean

NEED := tools/need.sh
STATICCHECK := go tool -modfile=tools/lint/go.mod staticcheck
DEMO := .foyer/demo

# The test run; CI adds -count=1.
TESTFLAGS ?=
# `make bench BENCH=short` and `make torture SHORT=1` are the shares that CI runs.
BENCH ?= full
SHORT ?=
HOURS ?= 1

help: ## this list
	@echo "make TARGET:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

run: build ## build, and start with demo data on http://localhost:8080
	@bin/foyer demo --data $(DEMO) --serve

build: ## bin/foyer
	@$(NEED) go
	@echo "build: bin/foyer"
	@CGO_ENABLED=0 go build -trimpath -o bin/foyer ./cmd/foyer

test: check ## every check, then every test beside a private MariaDB and Redis
	@$(NEED) go mariadb redis chromium curl jq zbar
	@go build -o bin/services ./tools/services
	@FOYER_TEST_ALL=1 bin/services -- go test $(TESTFLAGS) ./...

check: ## format, vet, staticcheck, house style, imports, tenancy, generated files
	@$(NEED) go
	@echo "check: gofmt"
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | xargs -r gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "run make fmt:"; echo "$$unformatted"; exit 1; fi
	@echo "check: go vet"
	@go vet ./...
	@echo "check: staticcheck"
	@$(STATICCHECK) ./...
	@echo "check: house style"
	@go run ./tools/tidy
	@echo "check: imports"
	@go run ./tools/imports
	@echo "check: tenancy"
	@go run ./tools/tenancy
	@echo "check: docs/ERRORS.md"
	@go run ./tools/errorsdoc -check
ifneq ($(wildcard cmd/foyer/main.go),)
	@echo "check: go.mod"
	@go mod tidy -diff
	@echo "check: api/openapi.json"
	@go run ./cmd/foyer openapi | diff -u api/openapi.json - || \
	{ echo "api/openapi.json is not what the code says: run make openapi"; exit 1; }
endif

fmt: ## gofmt over every file
	@$(NEED) go
	@git ls-files -co --exclude-standard '*.go' | xargs -r gofmt -w

errors: ## write docs/ERRORS.md from the code
	@$(NEED) go
	@go run ./tools/errorsdoc

openapi: ## write api/openapi.json from the routes
	@$(NEED) go
	@mkdir -p api
	@go run ./cmd/foyer openapi >api/openapi.json.new
	@mv api/openapi.json.new api/openapi.json

bench: build ## measure, and write bench.json and bench.html (BENCH=short: CI's share)
	@bin/foyer bench $(if $(filter short,$(BENCH)),--short)

torture: build ## kill, cut and starve the server (HOURS=n, or SHORT=1: CI's share)
	@echo "torture: test/crash"
	@FOYER_TORTURE_SHORT=$(SHORT) FOYER_TORTURE_HOURS=$(HOURS) \
	go test -count=1 -timeout 0 -v ./test/crash/...

clean: ## remove what make made, demo data too
	@rm -rf bin .foyer bench.json bench.html api/openapi.json.new
	@echo "clean: removed bin, .foyer and bench output"
