"""Compare arrayops with plain Python and other libraries, all in one interleaved run.

    python benches/compare.py --write       measure all, write docs/performance.md and .svg
    python benches/compare.py --quick       a first impression in a minute or two
    python benches/compare.py --functions sum,min --typecodes bd --sizes 8,1e6

Without --write, the page is printed. See docs/performance.md for how to read it.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import gc
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import chart
import exactness
import machine
import report
from contenders import COLUMNS, FUNCTIONS, ONE_THREAD_MIN_SIZE, Contender, Function
from peers import DISTRIBUTIONS, Peers, open_workspace
from results import Cell, Row, Run, judge, load
from runners import LocalRunner, RemoteRunner, ThreadsRunner, Worker
from timing import Budget, Runner, measure
from workspace import TYPECODES, Workspace, make_values

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
CHART = ROOT / "docs" / "performance.svg"
SIZES = (8, 1_000, 1_000_000, 40_000_000)
QUICK_SIZES = SIZES[:3]
QUICK = Budget(row_seconds=0.2, sample_seconds=0.0005, min_rounds=3, max_rounds=7)
FULL = Budget(row_seconds=2.0, sample_seconds=0.001, min_rounds=5, max_rounds=41)
FULL_LARGE = Budget(row_seconds=6.0, sample_seconds=0.001, min_rounds=5, max_rounds=21)
IMPORT_STARTS, QUICK_IMPORT_STARTS = 25, 5


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    names = [function.name for function in FUNCTIONS]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no largest size")
    parser.add_argument("--functions", type=_names(names), default=names, help="e.g. sum,min")
    parser.add_argument("--typecodes", default=TYPECODES, help="e.g. bd")
    parser.add_argument("--sizes", type=_sizes, help="e.g. 8,1000,1e6,4e7")
    parser.add_argument("--threads", type=int, help="for arrayops, polars, pyarrow")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md, .svg")
    parser.add_argument(
        "--from-json", type=Path, metavar="FILE", help="measure nothing, report these figures"
    )
    parser.add_argument(
        "--v1-python",
        type=Path,
        default=ROOT / ".venv-v1" / "bin" / "python",
        metavar="FILE",
        help="the interpreter that has arrayops 1.0.0 (default: .venv-v1)",
    )
    given = parser.parse_args(arguments)
    if given.sizes is None:
        given.sizes = QUICK_SIZES if given.quick else SIZES
    return given


def _names(known: list[str]) -> object:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := set(names) - set(known):
            message = f"unknown: {', '.join(sorted(unknown))}"
            raise argparse.ArgumentTypeError(message)
        return names

    return parse


def _sizes(text: str) -> list[int]:
    return [int(float(size)) for size in text.split(",")]


class Comparison:
    """A run: the libraries, the worker of the earlier package, and the time to spend."""

    def __init__(self, given: argparse.Namespace, peers: Peers, worker: Worker | None) -> None:
        """Prepare, and note the circumstances."""
        self._given = given
        self._peers = peers
        self._worker = worker
        self._start = perf_counter()

    def row(self, function: Function, workspace: Workspace) -> Row:
        """Check and measure one function over the values of the workspace."""
        typecode, size = self._typecode(workspace), len(workspace.values)
        contenders: list[Contender] = []
        runners: list[Runner] = []
        for contender in self._contenders(function, typecode, size):
            contenders.append(contender)
            runners.append(self._runner(contender, workspace))
        outcomes = [runner.run() for runner in runners]
        timed = [index for index, outcome in enumerate(outcomes) if not outcome.error]
        measurements = measure(
            [runners[index] for index in timed],
            [outcomes[index].seconds for index in timed],
            self._budget(size),
        )
        found = dict(zip(timed, measurements, strict=True))
        cells: list[Cell] = []
        for index, (contender, outcome) in enumerate(zip(contenders, outcomes, strict=True)):
            verdict = judge(outcome, outcomes[0])
            answer = outcome.error or outcome.result
            cell = Cell(contender.column, contender.code, verdict, answer)
            if index in found:
                it = found[index]
                cell = Cell(*_head(cell), it.seconds, it.spread, it.samples)
            cells.append(cell)
        return Row(function.name, typecode, size, function.calls_python, cells)
