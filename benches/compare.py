"""Compare arrayops with plain Python and other libraries, all in one interleaved run.

    python benches/compare.py --write       measure all, write docs/performance.md and .svg
    python benches/compare.py --quick       a first impression in a minute or two
    python benches/compare.py --functions sum,min --typecodes bd --sizes 8,1e6

With --write, the short table in README.md is written too; without it, the page is printed.
docs/performance.md says how to read it. The whole takes about half an hour and 5 GB of memory;
nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import chart
import exactness
import machine
import report
from contenders import COLUMNS, FUNCTIONS
from describe import measure_describe
from peers import Peers
from results import Row, Run, load
from runners import Worker
from session import Session
from tables import duration
from targets import OTHERS, compare
from timing import Budget
from workspace import TYPECODES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
CHART = ROOT / "docs" / "performance.svg"
README = ROOT / "README.md"
SIZES = [8, 1_000, 1_000_000, 40_000_000]
QUICK_SIZES = SIZES[:3]
FULL = Budget(row_seconds=1.2, sample_seconds=0.001, min_rounds=5, max_rounds=31)
QUICK = Budget(row_seconds=0.2, sample_seconds=0.0005, min_rounds=3, max_rounds=7)
DESCRIBED_BYTES = 4 << 30
IMPORT_STARTS, QUICK_IMPORT_STARTS = 31, 11
IMPORTED = ["arrayops", "numpy", "polars", "pyarrow", "numkong"]


def main(arguments: Sequence[str]) -> int:
    """Run, report, and return 1 if arrayops differs from an oracle."""
    given = options(arguments)
    run = load(given.from_json) if given.from_json else measure_all(given)
    if given.json:
        run.save(given.json)
    page = report.page(run, CHART.name)
    if given.write:
        PAGE.write_text(page, encoding="utf-8")
        CHART.write_text(chart.draw(run), encoding="utf-8")
        readme = README.read_text(encoding="utf-8")
        README.write_text(report.with_excerpt(readme, run), encoding="utf-8")
        sys.stdout.write("\n".join(report.summary(run)) + "\n")
    else:
        sys.stdout.write(page)
    return 1 if report.own_differences(run) else 0


def measure_all(given: argparse.Namespace) -> Run:
    """Measure what the options choose, with a line of progress for every row."""
    start = perf_counter()
    # Here functions are called, by all contenders; benches/traced.py compares what runs natively.
    os.environ["ARRAYOPS_TRACE"] = "0"
    peers = Peers(given.threads)
    budget = QUICK if given.quick else FULL
    functions = [function for function in FUNCTIONS if function.name in given.functions]
    with Worker(given.v1_python) if given.v1_python.exists() else nullcontext() as worker:
        versions = peers.versions() | ({"arrayops 1.0.0": worker.version} if worker else {})
        run = Run(
            arguments=_choices(given),
            quick=given.quick,
            machine=machine.describe_machine(),
            versions=versions,
            threads=peers.threads(),
            started=dt.datetime.now(dt.UTC).date().isoformat(),
        )
        session = Session(peers, worker, budget)

        def done(row: Row) -> None:
            run.rows.append(row)
            _progress(row, perf_counter() - start)

        for typecode in given.typecodes:
            for size in given.sizes:
                chosen = [it for it in functions if size <= it.largest_size]
                session.rows(chosen, typecode, size, done)
        run.probes = exactness.ask_all(peers, worker)
    if not given.quick:
        run.streamed = measure_describe(DESCRIBED_BYTES)
    starts = QUICK_IMPORT_STARTS if given.quick else IMPORT_STARTS
    run.imports = machine.time_imports([name for name in IMPORTED if name in versions], starts)
    run.seconds = perf_counter() - start
    order = [function.name for function in FUNCTIONS]
    run.rows.sort(key=lambda row: (order.index(row.function), TYPECODES.index(row.typecode)))
    return run


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    names = [function.name for function in FUNCTIONS]
    parser = argparse.ArgumentParser(description="Compare arrayops with others in one run.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no largest size")
    parser.add_argument("--functions", type=_choice(names), default=names, help="e.g. sum,min")
    parser.add_argument("--typecodes", default=TYPECODES, help="e.g. bd")
    parser.add_argument("--sizes", type=_sizes, help="e.g. 8,1000,1e6,4e7")
    parser.add_argument("--threads", type=int, help="for arrayops, polars and pyarrow")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md and .svg")
    parser.add_argument(
        "--from-json", type=Path, metavar="FILE", help="measure nothing, report these figures"
    )
    parser.add_argument(
        "--v1-python",
        type=Path,
        default=ROOT / ".venv-v1" / "bin" / "python",
        metavar="FILE",
        help="the interpreter that has arrayops 1.0.0 (default: that of .venv-v1)",
    )
    given = parser.parse_args(arguments)
    if given.sizes is None:
        given.sizes = QUICK_SIZES if given.quick else SIZES
    return given


def _choices(given: argparse.Namespace) -> list[str]:
    """Return the options that decide what is measured and how, without the files they name."""
    usual = options(["--quick"] if given.quick else [])
    choices = ["--quick"] if given.quick else []
    if given.functions != usual.functions:
        choices += ["--functions", ",".join(given.functions)]
    if given.typecodes != usual.typecodes:
        choices += ["--typecodes", given.typecodes]
    if given.sizes != usual.sizes:
        choices += ["--sizes", ",".join(map(str, given.sizes))]
    if given.threads is not None:
        choices += ["--threads", str(given.threads)]
    return choices


def _choice(known: list[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := set(names) - set(known):
            message = f"unknown: {', '.join(sorted(unknown))}"
            raise argparse.ArgumentTypeError(message)
        return names

    return parse


def _sizes(text: str) -> list[int]:
    return [int(float(size)) for size in text.split(",")]


def _progress(row: Row, seconds: float) -> None:
    columns = ["plain"] if row.calls_python else OTHERS
    text = f"{seconds:7.1f} s  {row.function} {row.typecode} {row.size:,}"
    for each in compare([row], columns):
        text += f": {duration(each.ours.seconds)}, {each.ratio:.2f} of {COLUMNS[each.other.column]}"
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
