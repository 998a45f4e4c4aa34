"""Arrow columns against arrays of the same data, and against pyarrow, in one interleaved run.

    python benches/arrow.py             print the tables
    python benches/arrow.py --write     write docs/performance-arrow.md
    python benches/arrow.py --quick     try it out, with figures that mean little

The same values are in an `array.array`, in an Arrow column over its memory, in one with a null in
ten places, and in that one in chunks.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import random
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import machine
from peers import ARROW_TYPES
from runners import LocalRunner
from tables import duration, header, line
from timing import Budget, Measurement, measure
from workspace import Snippet, Workspace, make_values

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance-arrow.md"
BUDGET = Budget(row_seconds=1.2, sample_seconds=0.002, min_rounds=9, max_rounds=41)
QUICK = Budget(row_seconds=0.01, sample_seconds=0.0001, min_rounds=1, max_rounds=1)
SIZES = (1_000, 1_000_000)
LARGE = 40_000_000
NULLS = 0.1
CHUNK = 65_536
COLUMNS = {
    "array": "array",
    "arrow": "Arrow",
    "nulls": "Arrow, nulls",
    "chunks": "the same in chunks",
    "pyarrow": "pyarrow",
    "pyarrow-nulls": "pyarrow, nulls",
}
# A contender divided by another, and what the project wants of it for `sum`.
RATIOS = {
    "Arrow ÷ array": ("arrow", "array"),
    "nulls ÷ array": ("nulls", "array"),
    "chunks ÷ array": ("chunks", "array"),
    "Arrow ÷ pyarrow": ("arrow", "pyarrow"),
    "nulls ÷ pyarrow": ("nulls", "pyarrow-nulls"),
}
# Contenders whose results must be the same; "dense" are the values that are no nulls.
SAME = (("array", "arrow"), ("dense", "nulls"), ("dense", "chunks"))


@dataclass(frozen=True, slots=True)
class Task:
    """One function, as code: of arrayops over anything, and of pyarrow."""

    title: str
    array: str
    column: str
    pyarrow: str
    dense: str
    function: Callable[[Any], Any] | None = None

    def codes(self) -> dict[str, str]:
        """Return the code of each contender."""
        return {
            "array": self.array.format("a"),
            "arrow": self.column.format("c"),
            "nulls": self.column.format("n"),
            "chunks": self.column.format("k"),
            "pyarrow": self.pyarrow.format("c"),
            "pyarrow-nulls": self.pyarrow.format("n"),
        }


def positive(x: Any) -> Any:  # noqa: ANN401
    """Tell whether a number is positive."""
    return x > 0


def magnitude(x: Any) -> Any:  # noqa: ANN401
    """Return the absolute value, written with a condition."""
    return x if x > 0 else -x


TASKS = (
    *(
        Task(name, f"ao.{name}({{}})", f"ao.{name}({{}})", f"pc.{name}({{}})", f"ao.{name}(p)")
        for name in ("sum", "min", "mean")
    ),
    Task(
        "filter: x > 0",
        "ao.filter({}, fn)",
        "arrow.filter({}, fn)",
        "{0}.filter(pc.greater({0}, zero))",
        "ao.filter(p, fn)",
        positive,
    ),
    Task(
        "map: x if x > 0 else -x",
        "ao.map({}, fn)",
        "arrow.map({}, fn)",
        "pc.abs({})",
        "pc.abs(n)",
        magnitude,
    ),
)


def names(values: array[Any], task: Task) -> dict[str, object]:
    """Return the columns over the memory of some values, and the modules."""
    ao, arrow, pa, compute = map(
        importlib.import_module, ("arrayops", "arrayops.arrow", "pyarrow", "pyarrow.compute")
    )
    kind = getattr(pa, ARROW_TYPES[values.typecode])()
    source = random.Random(len(values))  # noqa: S311 - data, not secrets
    tenths = int(NULLS * 256)
    valid = bytes(byte >= tenths for byte in source.randbytes(len(values)))
    bits = pa.array(memoryview(valid), pa.uint8()).cast(pa.bool_()).buffers()[1]
    memory = pa.py_buffer(values)
    whole = pa.Array.from_buffers(kind, len(values), [None, memory])
    holed = pa.Array.from_buffers(kind, len(values), [bits, memory])
    starts = range(0, len(values), CHUNK)
    return {
        "ao": ao,
        "arrow": arrow,
        "pc": compute,
        "fn": task.function,
        "zero": pa.scalar(0, kind),
        "c": whole,
        "n": holed,
        "k": pa.chunked_array([holed.slice(start, CHUNK) for start in starts], kind),
        "p": holed.drop_null(),
    }


def row(task: Task, typecode: str, size: int, budget: Budget) -> dict[str, Measurement]:
    """Measure one task over the same values for every contender."""
    values = make_values(typecode, size)
    workspace = Workspace(values, names(values, task), lambda it: {"a": it})
    runners = {name: LocalRunner(workspace, Snippet(code)) for name, code in task.codes().items()}
    outcomes = {name: runner.run() for name, runner in runners.items()}
    outcomes["dense"] = workspace.run(Snippet(task.dense))
    for name, outcome in outcomes.items():
        if outcome.error:
            message = f"{task.title}, {typecode}, {size:,}: {name} failed: {outcome.error}"
            raise RuntimeError(message)
    for one, other in SAME:
        results = outcomes[one].result, outcomes[other].result
        if results[0] != results[1]:
            message = f"{task.title}, {typecode}, {size:,}: {one} and {other} differ: {results}"
            raise RuntimeError(message)
    found = measure(list(runners.values()), [outcomes[n].seconds for n in runners], budget)
    return dict(zip(runners, found, strict=True))


def introduction() -> list[str]:
    """Return the head of the page."""
    facts = machine.describe_machine()
    return [
        "<!-- Written by `make bench-arrow`. Edit benches/arrow.py, not this. -->\n",
        "# Arrow columns: performance\n",
        f"{facts.get('Processor', '')}, {facts.get('Python', '')}, pyarrow {version('pyarrow')},",
        f"{dt.datetime.now(dt.UTC).date()}. Median times of a call; all of a line taking turns in",
        "one run. The Arrow column lies over the memory of the array. One value in ten is null, at",
        f"random places; the chunks have {CHUNK:,} values. `filter` and `map` of columns are those",
        "of `arrayops.arrow`; for pyarrow they are `c.filter(pc.greater(c, 0))` and `pc.abs(c)`.",
        "Results of arrayops are compared before they are timed; pyarrow rounds sums of floats at",
        "every step.\n",
    ]


def section(threads: int, sizes: tuple[int, ...], only: str, budget: Budget) -> list[str]:
    """Return the table of all tasks at one number of threads."""
    ao, pa = map(importlib.import_module, ("arrayops", "pyarrow"))
    ao.set_num_threads(threads)
    pa.set_cpu_count(threads)
    lines = [f"## {threads} thread{'s' * (threads > 1)}\n"]
    lines += header(["function", "type", "elements", *COLUMNS.values(), *RATIOS], 2)
    for task in TASKS:
        if only not in task.title:
            continue
        for typecode in ARROW_TYPES:
            for size in sizes:
                found = row(task, typecode, size, budget)
                cells = [duration(found[name].seconds) for name in COLUMNS]
                ratios = [
                    f"{found[one].seconds / found[other].seconds:.2f}"
                    for one, other in RATIOS.values()
                ]
                text = line([task.title, ARROW_TYPES[typecode], f"{size:,}", *cells, *ratios])
                sys.stderr.write(text + "\n")
                lines.append(text)
    lines.append("")
    return lines


def main() -> int:
    """Measure all, with one thread and with as many as there are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--quick", action="store_true", help="one sample of everything")
    parser.add_argument("--large", action="store_true", help=f"{LARGE:,} elements, too")
    parser.add_argument("--only", default="", help="functions whose titles have this in them")
    given = parser.parse_args()
    sizes = (1_000, 100_000) if given.quick else (*SIZES, LARGE) if given.large else SIZES
    lines = introduction()
    threads: int = importlib.import_module("arrayops").get_num_threads()
    for number in sorted({1, threads}):
        lines += section(number, sizes, given.only, QUICK if given.quick else BUDGET)
    page = "\n".join(lines).rstrip() + "\n"
    if given.write:
        PAGE.write_text(page, encoding="utf-8")
    else:
        sys.stdout.write(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
