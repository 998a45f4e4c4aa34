"""The chart docs/performance.svg: each contender's time relative to arrayops, as dots."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from contenders import COLUMNS, FUNCTIONS

if TYPE_CHECKING:
    from results import Row, Run

NAMESPACE = "http://www.w3.org/2000/svg"
SIZE = 1_000_000
WIDTH, LEFT, RIGHT, TOP, BOTTOM = 960, 146, 24, 92, 44
LANE, GROUP_GAP = 13, 12
RADIUS = 4.5
# Colours that colour-blind readers can tell apart (Okabe and Ito), and shapes for the rest.
SHAPES = {
    "plain": ("circle", "#8a8a8a"),
    "numpy": ("square", "#0072b2"),
    "polars": ("diamond", "#009e73"),
    "pyarrow": ("triangle", "#d55e00"),
    "numkong": ("circle", "#cc79a7"),
    "v1": ("square", "#e69f00"),
}
STYLE = """
.page { fill: #ffffff } .text { fill: #24292f } .faint { fill: #57606a }
.grid { stroke: #d8dee4 } .band { fill: #f6f8fa } .ours { stroke: #24292f }
.hollow { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  .page { fill: #0d1117 } .text { fill: #e6edf3 } .faint { fill: #9198a1 }
  .grid { stroke: #30363d } .band { fill: #161b22 } .ours { stroke: #e6edf3 }
  .hollow { fill: #0d1117 }
}
text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif }
.small { font-size: 10px } .title { font-size: 15px; font-weight: 600 }
.name { font-weight: 600 } .mono { font-family: ui-monospace, "DejaVu Sans Mono", monospace }
"""


def draw(run: Run) -> str:
    """Return the chart of the rows with a million elements, or the most below that in the run."""
    size = max((row.size for row in run.rows if row.size <= SIZE), default=SIZE)
    groups = [
        [row for row in run.rows if (row.function, row.size) == (function.name, size)]
        for function in FUNCTIONS
    ]
    groups = [group for group in groups if group]
    ratios = [ratio for group in groups for row in group for *_, ratio in _dots(row)]
    scale = _Scale(min([0.5, *ratios]), max([2.0, *ratios]))
    height = TOP + sum(len(group) * LANE + GROUP_GAP for group in groups) + BOTTOM
    bottom = height - BOTTOM
    area = f'width="{WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {WIDTH} {height}" {area} role="img">',
        f"<title>Time relative to arrayops at {size:,} elements</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="page" {area}/>',
        _text(16, 26, f"Time of one call at {size:,} elements, arrayops = 1", "text title"),
        *_legend(),
    ]
    top = TOP
    bands: list[str] = []
    marks: list[str] = []
    for index, group in enumerate(groups):
        tall = len(group) * LANE + GROUP_GAP
        if index % 2 == 0:
            band = f'<rect class="band" x="0" y="{top}" width="{WIDTH}" height="{tall}"/>'
            bands.append(band)
        marks.append(_text(16, top + tall / 2 + 4, group[0].function, "text name"))
        for lane, row in enumerate(group):
            y = top + GROUP_GAP / 2 + (lane + 0.5) * LANE
            marks.append(_text(LEFT - 22, y + 3.5, row.typecode, "faint small mono"))
            marks += [
                _mark(column, scale.x(ratio), y, hollow=hollow)
                for column, hollow, ratio in _dots(row)
            ]
        top += tall
    one = scale.x(1.0)
    line = f'<line class="ours" x1="{one:.1f}" x2="{one:.1f}" y1="{TOP}" y2="{bottom}"'
    return "\n".join(
        [*parts, *bands, *scale.axis(bottom), f'{line} stroke-width="2"/>', *marks, "</svg>", ""]
    )


class _Scale:
    """A logarithmic axis over whole decades, or parts of one at its ends."""

    def __init__(self, low: float, high: float) -> None:
        self._low = math.log10(low) - 0.06
        self._high = math.log10(high) + 0.06

    def x(self, ratio: float) -> float:
        """Return the place of a ratio."""
        part = (math.log10(ratio) - self._low) / (self._high - self._low)
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def axis(self, bottom: float) -> list[str]:
        """Return grid lines with labels, and what the sides of the line at 1 mean."""
        parts: list[str] = []
        for decade in range(math.floor(self._low), math.ceil(self._high) + 1):
            if self._low <= decade <= self._high:
                x = self.x(10.0**decade)
                label = f"{10.0**decade:,.10g}"
                parts += [
                    f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>',
                    _text(x, bottom + 16, label, "faint small", "middle"),
                ]
        one = self.x(1.0)
        parts += [
            _text(one - 8, bottom + 34, "← faster than arrayops", "faint small", "end"),
            _text(one + 8, bottom + 34, "times as long as arrayops →", "faint small"),
        ]
        return parts


def _dots(row: Row) -> list[tuple[str, bool, float]]:
    """Return column, whether its answer is another one, and ratio, for each contender."""
    ours = row.best("arrayops")
    found: list[tuple[str, bool, float]] = []
    for column in SHAPES:
        right = row.best(column)
        cell = right or row.best(column, right=False)
        if ours and cell:
            found.append((column, right is None, cell.seconds / ours.seconds))
    return found


def _legend() -> list[str]:
    parts: list[str] = []
    x, y = 20.0, 52.0
    for column in SHAPES:
        parts += [_mark(column, x, y, hollow=False), _text(x + 10, y + 4, COLUMNS[column], "text")]
        x += 46 + 5.5 * len(COLUMNS[column])
    note = "hollow: the answer is not that of plain Python (rounded on the way, or wrapped around)"
    return [*parts, _text(16, 78, note, "faint small")]


def _mark(column: str, x: float, y: float, *, hollow: bool) -> str:
    shape, colour = SHAPES[column]
    look = f'fill="{colour}"'
    if hollow:
        look = f'class="hollow" stroke="{colour}" stroke-width="1.5"'
    r = RADIUS - (0.75 if hollow else 0)
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" {look}/>'
    corners = {
        "square": [(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
        "diamond": [(0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)],
        "triangle": [(0, -1.1), (1.1, 0.85), (-1.1, 0.85)],
    }[shape]
    points = " ".join(f"{x + r * dx:.1f},{y + r * dy:.1f}" for dx, dy in corners)
    return f'<polygon points="{points}" {look}/>'


def _text(x: float, y: float, text: str, style: str, anchor: str = "start") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{style}" {place}>{escape(text)}</text>'
