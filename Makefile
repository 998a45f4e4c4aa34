# The commands of this project. PYTHON is the interpreter they build for, VENV where its
# environment is kept; everything else is installed into that environment.

PYTHON ?= python3
VENV ?= .venv
BENCH_VENV ?= .venv-bench
V1_VENV ?= .venv-v1
ifeq ($(OS),Windows_NT)
BIN := Scripts
else
BIN := bin
endif
RUN := $(VENV)/$(BIN)

SOURCES := Cargo.toml Cargo.lock pyproject.toml interop/Cargo.toml \
	$(wildcard src/*.rs src/*/*.rs src/*/*/*.rs interop/src/*.rs interop/src/*/*.rs)

.PHONY: demo test test-python test-features test-rust test-valgrind test-valgrind-arrow test-leaks fuzz lint format bench bench-traced bench-overhead bench-arrow bench-kernels wheel wheel-sizes clean

## The cookbook programs on real data, checked against plain Python and timed.
demo: $(VENV)/.built
	$(RUN)/python docs/cookbook/demo.py

## All tests.
test: test-rust test-python

test-rust:
	cargo test --workspace --locked

## Options for pytest: files, -k, ...
TESTS ?=
test-python: $(VENV)/.built $(VENV)/.test
	$(RUN)/python -m pytest -n auto --dist worksteal $(TESTS)

## Each combination of the cargo features: lints, and the tests of what it has and has not.
test-features: $(VENV)/.test
	VENV="$(VENV)" .ci/features

## Random data and functions at every CPU level against plain Python, for SECONDS each, from SEED or a
## fresh one.
SECONDS ?= 3600
fuzz: $(VENV)/.built $(VENV)/.test
	$(RUN)/python tests/python/fuzz_statistics.py --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))
	$(RUN)/python tests/python/fuzz_traced.py --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

## The float sums and statistics in an emulator that does not know the CPU's inexact flag. Of the
## workspace, as `test-rust`, so that nothing is compiled again.
test-valgrind:
	CARGO_TARGET_$(shell rustc -vV | sed -n 's/^host: //p' | tr a-z- A-Z_)_RUNNER="valgrind --quiet --error-exitcode=9" \
		cargo test --workspace --locked --test rust -- exact:: mean:: sum::sum_of_floats \
		sum::sum_around_every sum::sum_with moments::moments_below --skip many_blocks

## Imports of Arrow columns made by hand, under valgrind: every read and release in its place.
test-valgrind-arrow: $(VENV)/.built $(VENV)/.test
	$(RUN)/python tests/python/valgrind_arrow.py

## A million imports of Arrow columns of every kind, in constant memory. Minutes.
test-leaks: $(VENV)/.built $(VENV)/.test
	$(RUN)/python tests/python/arrow_imports.py 1000000

## Formatting, lints, types, stubs, workflows.
lint: $(VENV)/.built $(VENV)/.test $(VENV)/.lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --no-default-features --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked -p arrayops
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(RUN)/pyright --pythonpath $(RUN)/python
	$(RUN)/python -m mypy.stubtest --mypy-config-file pyproject.toml arrayops._arrayops arrayops.numpy \
		arrayops.arrow
	$(RUN)/actionlint -shellcheck=$(RUN)/shellcheck .github/workflows/*.yml

format: $(VENV)/.lint
	cargo fmt --all
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

## arrayops against its peers, in one run; writes docs/performance.md. About half an hour.
bench: wheel $(BENCH_VENV)/.peers $(V1_VENV)/.peers
	$(BENCH_VENV)/$(BIN)/python -m pip install --quiet --force-reinstall --no-deps \
		--no-index --find-links dist arrayops
	$(BENCH_VENV)/$(BIN)/python benches/compare.py --write

## Traced functions against compiled and array code; writes docs/performance-traced.md.
bench-traced: wheel $(BENCH_VENV)/.peers
	$(BENCH_VENV)/$(BIN)/python -m pip install --quiet --force-reinstall --no-deps \
		--no-index --find-links dist arrayops
	$(BENCH_VENV)/$(BIN)/python benches/traced.py --write

## Short calls on NumPy arrays against the same calls on arrays.
bench-overhead: $(VENV)/.built $(VENV)/.test
	$(RUN)/python benches/overhead.py

## Arrow columns against arrays and pyarrow; writes docs/performance-arrow.md.
bench-arrow: wheel $(BENCH_VENV)/.peers
	$(BENCH_VENV)/$(BIN)/python -m pip install --quiet --force-reinstall --no-deps \
		--no-index --find-links dist arrayops
	$(BENCH_VENV)/$(BIN)/python benches/arrow.py --write

## The kernels alone, at every CPU level.
bench-kernels:
	cargo bench --locked

wheel: $(VENV)/.tools
	$(RUN)/maturin build --release --locked --interpreter $(RUN)/python --out dist

## The size of the wheel with each combination of the cargo features, as a table for
## docs/design.md. About ten minutes.
wheel-sizes: $(VENV)/.tools
	VENV="$(VENV)" .ci/wheel-sizes

clean:
	rm -rf target dist $(VENV) $(BENCH_VENV) $(V1_VENV)

# The packages of the group, one a line: where one of them has no wheel, the others are installed.
LIST_ARROW = $(RUN)/python -c 'import tomllib; \
	print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["arrow"], sep="\n")'

# The environments, each marked by a file that says how far it has been filled.
$(VENV)/.tools:
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --upgrade "pip>=25.1" "maturin>=1.14,<2"
	touch $@

$(VENV)/.built: $(VENV)/.tools $(SOURCES)
	VIRTUAL_ENV="$(abspath $(VENV))" $(RUN)/maturin develop --release --locked
	touch $@

$(VENV)/.test: $(VENV)/.tools pyproject.toml
	$(RUN)/python -m pip install --quiet --group test
	-$(RUN)/python -m pip install --quiet --only-binary :all: --group numpy
	-$(LIST_ARROW) | xargs -n 1 $(RUN)/python -m pip install --quiet --only-binary :all:
	touch $@

$(VENV)/.lint: $(VENV)/.test
	$(RUN)/python -m pip install --quiet --group lint
	touch $@

$(BENCH_VENV)/.peers: pyproject.toml
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BENCH_VENV)/$(BIN)/python -m pip install --quiet --group bench
	touch $@

$(V1_VENV)/.peers:
	$(PYTHON) -m venv $(V1_VENV)
	$(V1_VENV)/$(BIN)/python -m pip install --quiet arrayops==1.0.0
	touch $@
