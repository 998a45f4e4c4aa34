"""What a run found: plain records, written to and read from JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from workspace import Outcome

Verdict = Literal["right", "rounded", "wrong", "error"]
# A float sum this near to the exact one was only rounded on the way.
ROUNDED_RELATIVE = 1e-3


@dataclass(frozen=True, slots=True)
class Cell:
    """One contender in one row; without measurement, zero samples."""

    column: str
    code: str
    verdict: Verdict
    answer: str
    seconds: float = 0.0
    spread: float = 0.0
    samples: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One function, typecode and size, with all its contenders."""

    function: str
    typecode: str
    size: int
    calls_python: bool
    cells: list[Cell]

    def best(self, column: str, *, right: bool = True) -> Cell | None:
        """Return the fastest variant of a column, of the right ones or of the others."""
        return self.best_of([column], right=right)

    def best_of(self, columns: list[str], *, right: bool | None = True) -> Cell | None:
        """Return the fastest of several columns; `right` is None: whatever the answer."""
        cells = [
            cell
            for cell in self.cells
            if cell.column in columns and cell.samples and right in {None, cell.verdict == "right"}
        ]
        return min(cells, key=lambda cell: cell.seconds, default=None)


@dataclass(frozen=True, slots=True)
class Probe:
    """A small input whose answer tells libraries apart: answers by column, the oracle's too."""

    title: str
    answers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Imported:
    """The time to import a package beyond an empty start, and other packages it brings along."""

    package: str
    seconds: float
    spread: float
    inside_seconds: float
    others: list[str]


@dataclass(frozen=True, slots=True)
class Streamed:
    """A command that reads a file: the time of all of it, and the most memory it took."""

    command: str
    file_bytes: int
    seconds: float
    memory_bytes: int


@dataclass(slots=True)
class Run:
    """Everything a run found, and where."""

    arguments: list[str]
    quick: bool
    machine: dict[str, str]
    versions: dict[str, str]
    threads: dict[str, int]
    started: str
    seconds: float = 0.0
    rows: list[Row] = field(default_factory=list[Row])
    probes: list[Probe] = field(default_factory=list[Probe])
    imports: list[Imported] = field(default_factory=list[Imported])
    streamed: list[Streamed] = field(default_factory=list[Streamed])

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> Run:
    """Read a run back."""
    raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for row in raw["rows"]:
        row["cells"] = [Cell(**cell) for cell in row["cells"]]
    raw["rows"] = [Row(**row) for row in raw["rows"]]
    raw["probes"] = [Probe(**probe) for probe in raw["probes"]]
    raw["imports"] = [Imported(**imported) for imported in raw["imports"]]
    raw["streamed"] = [Streamed(**streamed) for streamed in raw["streamed"]]
    return Run(**raw)


def judge(outcome: Outcome, oracle: Outcome) -> Verdict:
    """Compare an outcome with the oracle's: same type, same bits."""
    if outcome.error:
        return "error"
    if outcome.result == oracle.result:
        return "right"
    kind, _, text = outcome.result.partition(" ")
    expected_kind, _, expected_text = oracle.result.partition(" ")
    if kind == expected_kind == "float" and math.isclose(
        float(text), float(expected_text), rel_tol=ROUNDED_RELATIVE
    ):
        return "rounded"
    return "wrong"
