"""Traced functions against compiled and array code, in one interleaved run.

    python benches/traced.py            print the tables
    python benches/traced.py --write    write docs/performance-traced.md

Every contender computes the same results into a new array; compilation is not counted.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import machine
from runners import LocalRunner
from tables import duration, header, line
from timing import Budget, Measurement, measure
from workspace import Snippet, Workspace, make_values

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = {"arrayops", "memcpy", "ao.sum"}
PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance-traced.md"
BUDGET = Budget(row_seconds=0.8, sample_seconds=0.002, min_rounds=7, max_rounds=41)
SIZES = (1_000, 1_000_000, 40_000_000)
CONTENDERS = ("arrayops", "arrayops, 1 thread", "numba", "numpy", "numexpr", "polars", "memcpy")


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to compute, and the code of each contender for it."""

    title: str
    function: Callable[..., Any]
    typecodes: str
    codes: dict[str, str]
    sizes: tuple[int, ...] = (1_000, 1_000_000)


def affine(x: Any) -> Any:  # noqa: ANN401
    """Return a linear function of a number."""
    return x * 3 + 1


def magnitude(x: Any) -> Any:  # noqa: ANN401
    """Return the absolute value, written with a condition."""
    return x if x > 0 else -x


def polynomial(x: Any) -> Any:  # noqa: ANN401
    """Return the result of seven operations."""
    return ((x * 0.5 + 1.25) * x - 3.0) * x + 0.125 - x * 0.75


def positive(x: Any) -> Any:  # noqa: ANN401
    """Tell whether a number is positive."""
    return x > 0


def add(total: Any, x: Any) -> Any:  # noqa: ANN401
    """Add a number to a total."""
    return total + x


def checksum(total: Any, x: Any) -> Any:  # noqa: ANN401
    """Add a number to a rolling checksum."""
    return (total * 31 + x) & 0xFFFF_FFFF


def add_positive(total: Any, x: Any) -> Any:  # noqa: ANN401
    """Add a number to a total if it is positive."""
    return total + x if x > 0 else total


def smoothed(total: Any, x: Any) -> Any:  # noqa: ANN401
    """Follow a number slowly."""
    return total + (x - total) * 0.125


def hashed(total: Any, x: Any) -> Any:  # noqa: ANN401
    """Add a number to a hash, with five operations."""
    return ((total << 5) + total ^ x) & 0xFFFF_FFFF


def remainder(total: Any, x: Any) -> Any:  # noqa: ANN401
    """Add a number to a rolling checksum, modulo a prime."""
    return (total * 31 + x) % 1_000_003


def rotated(total: Any, x: Any) -> Any:  # noqa: ANN401
    """Add a number to a hash that is rotated, with six operations."""
    return (((total << 5) | (total >> 27)) & 0xFFFF_FFFF) ^ (x & 0xFF)


def held(total: Any, x: Any) -> Any:  # noqa: ANN401
    """Keep a number until another one is far from it."""
    return total if abs(total - x) < 10.0 else x  # noqa: PLR2004


def decayed(total: Any, x: Any) -> Any:  # noqa: ANN401
    """Follow a number upwards at another speed than downwards."""
    return total * 0.99 + x if x > total else total * 0.5


def clamped(total: Any, x: Any) -> Any:  # noqa: ANN401
    """Count within bounds."""
    return min(max(total + x, -1000), 1000)


def shifted(total: Any, x: Any) -> Any:  # noqa: ANN401
    """Marsaglia's generator, stirred by elements."""
    total ^= total << 13 & 0xFFFFFFFF
    total ^= total >> 17
    return total ^ (total << 5 & 0xFFFFFFFF) ^ x & 0xFF


def checked(total: Any, x: Any) -> Any:  # noqa: ANN401
    """Take a step of a cyclic redundancy check."""
    total ^= x & 0xFF
    return total >> 1 ^ (0xEDB88320 if total & 1 else 0)


def three_ways(total: Any, x: Any) -> Any:  # noqa: ANN401
    """Treat elements that are far from zero otherwise."""
    if x > 100:  # noqa: PLR2004
        return total // 2 + x
    if x < -100:  # noqa: PLR2004
        return total - x
    return total


NUMBA_LOOP = "loop(v)"
REDUCTION = {"arrayops": "ao.reduce(a, fn)", "numba": "folded(v)"}
TASKS = (
    Task(
        "map: x * 3 + 1",
        affine,
        "hid",
        {
            "arrayops": "ao.map(a, fn)",
            "numba": NUMBA_LOOP,
            "numpy": "v * 3 + 1",
            "numexpr": "ne.evaluate('v * 3 + 1')",
            "polars": "s * 3 + 1",
            "memcpy": "a[:]",
        },
        SIZES,
    ),
    Task(
        "map: x if x > 0 else -x",
        magnitude,
        "hid",
        {
            "arrayops": "ao.map(a, fn)",
            "numba": NUMBA_LOOP,
            "numpy": "np.where(v > 0, v, -v)",
            "numexpr": "ne.evaluate('where(v > 0, v, -v)')",
            "polars": "pl.select(pl.when(s > 0).then(s).otherwise(-s)).to_series()",
            "memcpy": "a[:]",
        },
    ),
    Task(
        "map: seven float operations",
        polynomial,
        "hid",
        {
            "arrayops": "ao.map(a, fn, typecode='d')",
            "numba": "floats(v)",
            "numpy": "((v * 0.5 + 1.25) * v - 3.0) * v + 0.125 - v * 0.75",
            "numexpr": "ne.evaluate('((v * 0.5 + 1.25) * v - 3.0) * v + 0.125 - v * 0.75')",
            "polars": "((s * 0.5 + 1.25) * s - 3.0) * s + 0.125 - s * 0.75",
        },
    ),
    Task(
        "filter: x > 0",
        positive,
        "hid",
        {
            "arrayops": "ao.filter(a, fn)",
            "numba": "kept(v)",
            "numpy": "v[v > 0]",
            "polars": "s.filter(s > 0)",
        },
    ),
    Task(
        "reduce: total + x",
        add,
        "hid",
        {
            "arrayops": "ao.reduce(a, fn)",
            "numba": "folded(v)",
            "numpy": "v.sum()",
            "polars": "s.sum()",
            "ao.sum": "ao.sum(a)",
        },
    ),
    Task(
        "reduce: (total * 31 + x) & 0xFFFFFFFF",
        checksum,
        "hi",
        REDUCTION,
    ),
    Task(
        "reduce: total + x if x > 0 else total",
        add_positive,
        "hid",
        REDUCTION,
    ),
    Task(
        "reduce: total + (x - total) * 0.125",
        smoothed,
        "d",
        REDUCTION,
    ),
    Task(
        "reduce: ((total << 5) + total ^ x) & 0xFFFFFFFF",
        hashed,
        "hi",
        REDUCTION,
    ),
    Task(
        "reduce: ((total << 5 | total >> 27) & 0xFFFFFFFF) ^ x & 0xFF",
        rotated,
        "hi",
        REDUCTION,
    ),
    Task(
        "reduce: (total * 31 + x) % 1000003",
        remainder,
        "hi",
        REDUCTION,
    ),
    Task(
        "reduce: total if abs(total - x) < 10.0 else x",
        held,
        "d",
        REDUCTION,
    ),
    Task(
        "reduce: total * 0.99 + x if x > total else total * 0.5",
        decayed,
        "d",
        REDUCTION,
    ),
    Task(
        "reduce: min(max(total + x, -1000), 1000)",
        clamped,
        "hi",
        REDUCTION,
    ),
    Task(
        "reduce: a step of a cyclic redundancy check",
        checked,
        "hi",
        REDUCTION,
    ),
    Task(
        "reduce: xorshift, three shifts and five operations",
        shifted,
        "hi",
        REDUCTION,
    ),
    Task(
        "reduce: two ifs, a floored quotient",
        three_ways,
        "hi",
        REDUCTION,
    ),
)


def compiled(function: Callable[..., Any]) -> dict[str, object]:
    """Return loops over arrays that Numba compiles around a function."""
    numba, np = importlib.import_module("numba"), importlib.import_module("numpy")
    inner = numba.njit(function)

    @numba.njit  # type: ignore[untyped-decorator]
    def loop(v: Any) -> Any:  # noqa: ANN401
        out = np.empty_like(v)
        for i in range(len(v)):
            out[i] = inner(v[i])
        return out

    @numba.njit  # type: ignore[untyped-decorator]
    def floats(v: Any) -> Any:  # noqa: ANN401
        out = np.empty(len(v))
        for i in range(len(v)):
            out[i] = inner(v[i])
        return out

    @numba.njit  # type: ignore[untyped-decorator]
    def kept(v: Any) -> Any:  # noqa: ANN401
        out = np.empty_like(v)
        n = 0
        for x in v:
            if inner(x):
                out[n] = x
                n += 1
        return out[:n].copy()

    @numba.njit  # type: ignore[untyped-decorator]
    def folded(v: Any) -> Any:  # noqa: ANN401
        total = v[0]
        for x in v[1:]:
            total = inner(total, x)
        return total

    return {"loop": loop, "floats": floats, "kept": kept, "folded": folded}


def row(task: Task, typecode: str, size: int) -> dict[str, Measurement]:
    """Measure one task over the same values for every contender."""
    ao, np, pl, ne = map(importlib.import_module, ("arrayops", "numpy", "polars", "numexpr"))
    values = make_values(typecode, size)
    if typecode in "hi":
        np.asarray(values)[:] //= 4  # so that the results fit
    v = np.asarray(values)
    names = {"ao": ao, "np": np, "pl": pl, "ne": ne, "fn": task.function, "s": pl.Series(v)}
    names |= compiled(task.function)
    workspace = Workspace(values, names, lambda array: {"a": array, "v": np.asarray(array)})
    codes = dict(task.codes)
    runners: dict[str, LocalRunner] = {
        n: LocalRunner(workspace, Snippet(c)) for n, c in codes.items()
    }
    outcomes = {name: runner.run() for name, runner in runners.items()}
    for name in list(runners):
        outcomes[name] = runners[name].run()  # a second time: compiled by now
        if outcomes[name].error:
            sys.stderr.write(f"{task.title} {typecode} {name}: {outcomes[name].error}\n")
            del runners[name], outcomes[name]
    found = measure(list(runners.values()), [outcomes[n].seconds for n in runners], BUDGET)
    return dict(zip(runners, found, strict=True))


def main() -> int:
    """Measure all, with as many threads as there are and with one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    ao = importlib.import_module("arrayops")
    lines = [
        "<!-- Written by `make bench-traced`. Edit benches/traced.py, not this. -->\n",
        "# Traced functions: performance\n",
    ]
    facts = machine.describe_machine()
    lines += [
        f"{facts.get('Processor', '')}, {facts.get('Python', '')},",
        f"{dt.datetime.now(dt.UTC).date()}. Median times of a call that makes a new array;",
        "all in one run, taking turns. Numba's code is compiled before, and runs on one thread.",
        "NumPy, Numba and polars wrap integers that overflow; arrayops gives what Python does.",
        "In `reduce: total + x` of `d`, NumPy, polars and `ao.sum` add in another order.\n",
    ]
    for threads in (1, ao.get_num_threads()):
        ao.set_num_threads(threads)
        lines += [f"## {threads} thread{'s' * (threads > 1)}\n"]
        columns = ["arrayops", "numba", "numpy", "numexpr", "polars", "memcpy", "ao.sum"]
        lines += header(["task", "type", "elements", *columns, "÷ numba", "÷ best other"], 3)
        for task in TASKS:
            if given.only not in task.title:
                continue
            for typecode in task.typecodes:
                for size in task.sizes:
                    found = row(task, typecode, size)
                    cells = [duration(found[c].seconds) if c in found else "" for c in columns]
                    ours = found["arrayops"].seconds
                    to_numba = f"{ours / found['numba'].seconds:.2f}" if "numba" in found else ""
                    others = [
                        m.seconds for c, m in found.items() if c not in {"arrayops", "memcpy"}
                    ]
                    best = f"{ours / min(others):.2f}" if others else ""
                    text = line([task.title, f"`{typecode}`", f"{size:,}", *cells, to_numba, best])
                    sys.stderr.write(text + "\n")
                    lines.append(text)
        lines.append("")
    page = "\n".join(lines).rstrip() + "\n"
    if given.write:
        PAGE.write_text(page, encoding="utf-8")
    else:
        sys.stdout.write(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
