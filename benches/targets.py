"""What the project aims at in these rows, and which rows miss it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contenders import APART, COLUMNS, INTEGERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from results import Cell, Row, Run

OTHERS = [name for name in COLUMNS if not name.startswith("arrayops") and name not in APART]
MILLION, LARGE, TINY = 1_000_000, 40_000_000, 8
NEAR = 1.15
CALLBACK_LIMIT = 0.75
IMPORT_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Comparison:
    """arrayops against one other contender in one row."""

    row: Row
    ours: Cell
    other: Cell

    @property
    def ratio(self) -> float:
        """The time of arrayops over the other's."""
        return self.ours.seconds / self.other.seconds

    @property
    def noise(self) -> float:
        """How far the ratio may be off, by the spread of both."""
        return (self.ours.spread + self.other.spread) / 2


@dataclass(frozen=True, slots=True)
class Target:
    """A limit for the ratio, and the rows it is meant for."""

    title: str
    limit: float
    comparisons: list[Comparison]

    @property
    def misses(self) -> list[Comparison]:
        """The comparisons above the limit, the worst first."""
        above = [each for each in self.comparisons if each.ratio > self.limit]
        return sorted(above, key=lambda each: -each.ratio)


def compare(
    rows: Iterable[Row],
    columns: list[str],
    *,
    right: bool | None = True,
    column: str = "arrayops",
) -> list[Comparison]:
    """Pair arrayops with the fastest of `columns` in every row that has both.

    By default only right answers count; with False only others, with None all. `column` may be
    that of arrayops with one thread.
    """
    found: list[Comparison] = []
    for row in rows:
        ours, other = row.best(column), row.best_of(columns, right=right)
        if ours and other:
            found.append(Comparison(row, ours, other))
    return found


@dataclass(frozen=True, slots=True)
class ExactAim:
    """A limit for exact sums or variances, against a library that rounds at every step."""

    function: str
    typecodes: str
    sizes: tuple[int, ...]
    limit: float
    peer: str
    column: str = "arrayops"

    @property
    def title(self) -> str:
        """Say all of it."""
        sizes = " and ".join(f"{size:,}" for size in self.sizes)
        types = " and ".join(f"`{typecode}`" for typecode in self.typecodes)
        threads = ", 1 thread" if self.column.endswith("-1") else ""
        level = f"at most {self.limit} times {COLUMNS[self.peer]}, which rounds at every step"
        return f"{sizes} elements, exact `{self.function}` of {types}{threads}: {level}"

    def rows(self, run: Run) -> list[Row]:
        """Return the rows it is about."""
        return [
            row
            for row in run.rows
            if row.function == self.function
            and row.typecode in self.typecodes
            and row.size in self.sizes
        ]


EXACT_AIMS = (
    ExactAim("sum", "d", (MILLION,), 0.9, "numpy", "arrayops-1"),
    ExactAim("sum", "f", (MILLION,), 0.6, "numpy", "arrayops-1"),
    ExactAim("sum", "d", (MILLION, LARGE), 1.0, "polars"),
    ExactAim("sum", "fd", (1_000,), 1.2, "polars"),
    ExactAim("var", "fd", (MILLION,), 1.0, "numpy", "arrayops-1"),
)


def rounded_by_others(row: Row) -> bool:
    """Tell whether a row is of float sums, which are exact here and rounded elsewhere."""
    return row.function in {"sum", "mean", "var"} and row.typecode not in INTEGERS


def evaluate(run: Run) -> list[Target]:
    """Return the targets that rows of the run belong to."""
    native = [
        row
        for row in run.rows
        if not row.calls_python and row.function != "var" and not rounded_by_others(row)
    ]
    callback = [row for row in run.rows if row.calls_python]
    tiny = [row for row in run.rows if row.size == TINY and row.function in {"sum", "min"}]
    kinds = "integer `sum` and `mean`, every `min`, `max`, `scale`, `clip`"
    targets = [
        Target(
            f"{MILLION:,} elements, {kinds}: at most {NEAR} times the best other",
            NEAR,
            compare((row for row in native if row.size == MILLION), OTHERS),
        ),
        Target(
            f"{LARGE:,} elements, the same: no slower than the best other",
            1.0,
            compare((row for row in native if row.size == LARGE), OTHERS),
        ),
        Target(
            f"{TINY} elements, `sum` and `min`: faster than plain Python",
            1.0,
            compare(tiny, ["plain"]),
        ),
        Target(
            f"{TINY} elements, `sum` and `min`: faster than numkong on the same buffer",
            1.0,
            compare(tiny, ["numkong"]),
        ),
        Target(
            f"Python callbacks: at most {CALLBACK_LIMIT} times the best plain idiom",
            CALLBACK_LIMIT,
            compare(callback, ["plain"]),
        ),
    ]
    targets += [
        Target(
            aim.title, aim.limit, compare(aim.rows(run), [aim.peer], right=None, column=aim.column)
        )
        for aim in EXACT_AIMS
    ]
    return [target for target in targets if target.comparisons]
