# Two commands do all the set-up on a machine with Rust, Python 3.10 or newer and make.
#   make demo   builds, then runs the class on the embedded store
#   make test   builds, then runs every check and every test

PYTHON ?= python3
export CARGO_BUILD_JOBS ?= 2

VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The interpreter that the bindings are built for; one value, so that no command builds them again for another.
export PYO3_PYTHON := $(BIN)/python
export VIRTUAL_ENV := $(VENV)

.PHONY: help demo test fmt build lint rust python

help:
	@sed -n 's/^#   //p' Makefile

$(READY): tests/python/requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "strongroom needs Python 3.10 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/python/requirements.txt
	@touch $@

build: $(READY)
	cd bindings-python && $(BIN)/maturin develop --quiet

demo: build
	$(BIN)/python examples/classroom.py

test: lint rust python

fmt:
	cargo fmt --all

lint: $(READY)
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings

rust: $(READY)
	cargo test --package strongroom --quiet

python: build
	$(BIN)/python bindings-python/stubs.py --check
	$(BIN)/mypy --strict examples tests/python bindings-python/python
	$(BIN)/python -m pytest -q tests/python
