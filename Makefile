# The commands of this repository. `make run` and `make test` need Rust, build-essential and Node 20 or newer.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

export CARGO_TARGET_DIR ?= $(CURDIR)/target
export SIGMA_BIN ?= $(CARGO_TARGET_DIR)/debug/sigma

.PHONY: help run test drills bench check fuzz web lint wallet unit engines binary interop proxy examples browser images

help: ## Lists the commands
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

run: web ## Starts the demo: the server, and beside it the Playground, an app to sign in to
	cargo run --profile demo --bin sigma -- demo

test: ## Runs everything: lints, unit, store and server tests on both engines, real clients and proxies, a real browser
	scripts/install-test-deps.sh
	rm -f $(stage_times)
	$(MAKE) $(addprefix stage-,web lint wallet)
	scripts/postgres.sh run $(MAKE) $(addprefix stage-,unit engines interop proxy)
	$(MAKE) $(addprefix stage-,examples browser)
	cat $(stage_times)

DRILL ?=
drills: ## Kills, freezes, fills and restarts for real, and counts what was lost; DRILL='kill' runs those with the word in their name
	scripts/install-test-deps.sh drills
	$(MAKE) web
	cargo build --release --bin sigma
	SIGMA_BIN=$(CARGO_TARGET_DIR)/release/sigma node tests/drills/run.mjs $(DRILL)

BENCH ?=
bench: web bench/peer/node_modules/.package-lock.json ## Measures this server and a peer on the same work; BENCH=--quick is short
	cargo build --profile dist --package sigma --package sigma-bench
	$(CARGO_TARGET_DIR)/dist/sigma-bench $(BENCH)

check: ## Checks licences, sources and known vulnerabilities of the dependencies
	command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny --workspace check bans licenses sources
	cargo deny --workspace check advisories

FUZZ_SECONDS ?= 60
fuzz: ## Fuzzes every parser that an anonymous caller reaches, FUZZ_SECONDS each
	command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
	for target in $$(cargo fuzz list); do \
	  RUSTC_BOOTSTRAP=1 cargo fuzz run "$$target" -- -max_total_time=$(FUZZ_SECONDS); \
	done

# --- the parts of the above ---

# `make stage-unit` is `make unit`, and notes how long it took.
stage_times := $(CARGO_TARGET_DIR)/stage-times
stage-%:
	@mkdir -p $(CARGO_TARGET_DIR)
	@started=$$SECONDS; $(MAKE) $*; printf '%-10s %4d s\n' $* $$((SECONDS - started)) >>$(stage_times)

web_sources := $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*')

web: web/dist/.built

web/dist/.built: web/node_modules/.package-lock.json $(web_sources)
	cd web && npm run build
	touch $@

%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --ignore-scripts --no-audit --no-fund
	touch $@

lint:
	scripts/check-npm.sh
	scripts/check-spec.sh
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --quiet
	cd web && npm run check

wallet: web
	cd web && npm test

unit:
	SIGMA_TEST_STORE=sqlite cargo test --workspace

# What drives a whole server runs a second time, over PostgreSQL. The store's own tests use both engines at once.
engines:
	SIGMA_TEST_STORE=postgres cargo test --package sigma-server --package sigma \
	  --test sigma --test command_line --test processes

binary: web
	cargo build --bin sigma

interop: binary tests/interop/node_modules/.package-lock.json tests/interop/python/.venv/.installed
	cd tests/interop && SIGMA_TEST_STORE=sqlite npm test
	cd tests/interop && SIGMA_TEST_STORE=postgres npm test

# Over PostgreSQL, because two servers share it in one of the tests.
proxy: binary
	cd tests/proxy && SIGMA_TEST_STORE=postgres npm test

services := docs/examples
examples: binary $(services)/typescript/node_modules/.package-lock.json $(services)/python/.venv/.installed
	cd $(services)/typescript && npm run build
	cd $(services)/rust && cargo fmt --check && cargo build --locked
	cd tests/examples && SIGMA_TEST_STORE=sqlite npm test

%/.venv/.installed: %/requirements.txt
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

browser: binary tests/browser/node_modules/.package-lock.json
	cd tests/browser && npm test

images: binary tests/browser/node_modules/.package-lock.json ## Makes the screenshots of the README anew
	cd tests/browser && node screenshots.mjs
