"""Markdown for figures: durations, table lines, and the table of one function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contenders import APART, COLUMNS
from targets import OTHERS, compare

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from results import Cell, Row

MARKS = {"right": "", "rounded": " ≈", "wrong": " ✗", "error": ""}
UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))


def duration(seconds: float) -> str:
    """Return a time with three significant digits and its unit."""
    unit, size = next((it for it in UNITS if abs(seconds) >= 0.9995 * it[1]), UNITS[-1])
    value = seconds / size
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0  # noqa: PLR2004 - of the output
    return f"{value:,.{digits}f} {unit}"


def header(titles: Sequence[str], numbers_from: int = 1) -> list[str]:
    """Return the two lines that begin a table; columns from `numbers_from` on align right."""
    rule = ["---" if index < numbers_from else "---:" for index in range(len(titles))]
    return [line(titles), line(rule)]


def line(cells: Iterable[str]) -> str:
    """Return one line of a table."""
    return f"| {' | '.join(cells)} |"


def row_name(row: Row) -> str:
    """Name a row in a sentence."""
    return f"`{row.function}`, `{row.typecode}`, {row.size:,}"


def function_table(rows: Sequence[Row]) -> list[str]:
    """Return the table of one function."""
    calls_python = rows[0].calls_python
    columns = [name for name in COLUMNS if any(_shown(row, name) for row in rows)]
    rivals = ["plain"] if calls_python else OTHERS
    ratio_title = "÷ best plain" if calls_python else "÷ best other"
    at = columns.index("arrayops") + 1
    titles = [COLUMNS[name] for name in columns]
    titles[at:at] = ["±", ratio_title]
    lines = header(["type", "elements", *titles])
    for row in rows:
        cells = [_cell(row, name) for name in columns]
        ours = row.best("arrayops")
        ratios = [f"**{each.ratio:.2f}**" for each in compare([row], rivals)] or [""]
        cells[at:at] = [_spread(ours), *ratios]
        lines.append(line([f"`{row.typecode}`", f"{row.size:,}", *cells]))
    return lines


def code_table(rows: Sequence[Row]) -> list[str]:
    """Return what was run for one function, each code once, with the types it was run for."""
    codes: dict[tuple[str, str], str] = {}
    for row in rows:
        for cell in row.cells:
            key = (cell.column, cell.code)
            if cell.column != "arrayops-1" and row.typecode not in codes.get(key, ""):
                codes[key] = codes.get(key, "") + row.typecode
    order = list(COLUMNS)
    lines = header(["contender", "code", "types"], numbers_from=3)
    for (column, code), typecodes in sorted(codes.items(), key=lambda it: order.index(it[0][0])):
        lines.append(line([COLUMNS[column], f"`{code}`", f"`{typecodes}`"]))
    return lines


def shown(row: Row, column: str) -> str:
    """Return the time of a column with its mark, or nothing."""
    cell = _shown(row, column)
    return duration(cell.seconds) + MARKS[cell.verdict] if cell else ""


def _shown(row: Row, column: str) -> Cell | None:
    return row.best(column) or row.best(column, right=False)


def _cell(row: Row, column: str) -> str:
    cell = _shown(row, column)
    if cell is None:
        return ""
    text = duration(cell.seconds) + MARKS[cell.verdict]
    best = row.best_of(["arrayops", *OTHERS])
    if column not in APART and cell == best:
        return f"**{text}**"
    return text


def _spread(cell: Cell | None) -> str:
    if cell is None:
        return ""
    return f"{100 * cell.spread:.0f} %" if cell.samples > 1 else "once"
