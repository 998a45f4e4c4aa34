"""The page docs/performance.md, written from the records of a run."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from contenders import COLUMNS, FUNCTIONS
from tables import MARKS, code_table, duration, function_table, header, line, row_name, shown
from targets import (
    IMPORT_SECONDS,
    MILLION,
    NEAR,
    OTHERS,
    Comparison,
    compare,
    evaluate,
    rounded_by_others,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from results import Imported, Probe, Run, Streamed

READING = """\
## How to read it

Each figure is the median time of one call. In every round each contender takes its turn, in random
order, so that a slower moment of the machine meets all alike; short calls are repeated until a
sample takes a millisecond, and calls of half a second or more are made once or twice. The garbage
collector is off, containers (views, series, Arrow arrays, tensors) are made before the clock
starts, and all contenders get the same values: random, of both signs, within a third of the range
of the type, 64-bit integers below 2^40.

- **bold** time: the fastest contender with the right answer, those shown apart left out.
- **±** is the interquartile range of the samples of arrayops over their median; "once": one call.
- **÷ best other**: the time of arrayops over that of the fastest other contender with the right
  answer; below 1, arrayops is faster. **÷ best plain**, for functions that call a Python function
  per element: the same over the fastest plain-Python idiom.
- ✗ marks a wrong answer (a sum that wraps around), ≈ a float sum or mean that differs from the
  correctly rounded one in its last digits. Neither counts as "other". An answer is right if it is
  of the same type and the same bits as that of plain Python.
- Blank: the library has no such function, or not for this type. At 40,000,000 elements, NumPy's and
  polars' calls of a Python function and the inlined code are left out too, for their time.
- `scale` and `clip` work in place in arrayops, plain Python, NumPy, numkong and arrayops 1.0.0, on
  data restored before each call (at 8 and 1,000 elements: on 64 or 16 restored copies in turn);
  polars and pyarrow return a new array, and are measured doing so.
- *numkong* takes the same buffer as arrayops; *numkong Tensor* is its own container, which holds a
  copy and saves it the look at the buffer. numkong has no mean, pyarrow no clip: two operations
  take their place.
- *inlined* is plain Python with the expression written into the loop instead of a function, *array
  expression* the fastest NumPy, polars or pyarrow expression for the same result. They call no
  Python function, hence are shown apart.
- *arrayops, 1 thread* is measured from 1,000,000 elements on, where calls without Python functions
  may use all cores, as polars does.
"""


def page(run: Run, chart_name: str) -> str:
    """Return the whole page."""
    tables: list[str] = []
    codes: list[str] = []
    for function in FUNCTIONS:
        rows = [row for row in run.rows if row.function == function.name]
        if rows:
            tables += [f"### {function.name}", "", *function_table(rows), ""]
            codes += [f"### Code of {function.name}", "", *code_table(rows), ""]
    parts = [
        *_introduction(run),
        "## Summary\n",
        *summary(run),
        f"\n![Time of every contender relative to arrayops]({chart_name})\n",
        READING,
        *_misses(run),
        *_float_sums(run),
        *_wrong_but_faster(run),
        *_answers(run.probes),
        *_imports(run.imports),
        *_streamed(run.streamed),
        "## All figures\n",
        *tables,
        "## What was run\n",
        *codes,
    ]
    return "\n".join(parts).rstrip() + "\n"


def summary(run: Run) -> list[str]:
    """Return the aims as a table, and how many rows are won."""
    lines: list[str] = []
    if differences := own_differences(run):
        lines += ["**arrayops itself differs from plain Python:**", "", *differences, ""]
    lines += header(["aim", "rows", "met", "median ratio", "worst ratio"])
    for target in evaluate(run):
        ratios = [each.ratio for each in target.comparisons]
        met = len(ratios) - len(target.misses)
        figures = (f"{statistics.median(ratios):.2f}", f"{max(ratios):.2f}")
        lines.append(line([target.title, str(len(ratios)), str(met), *figures]))
    lines += [
        line([f"`import arrayops`: under {IMPORT_SECONDS * 1e3:.0f} ms", "1", met, time, time])
        for each in run.imports
        if each.package == "arrayops"
        for met, time in [(str(int(each.seconds < IMPORT_SECONDS)), duration(each.seconds))]
    ]
    native = compare((row for row in run.rows if not row.calls_python), OTHERS)
    if native:
        faster, near = (sum(each.ratio <= limit for each in native) for limit in (1, NEAR))
        lines.append(
            f"\nOf {len(native)} rows that call no Python function, arrayops is the fastest with"
            f" the right answer in {faster}, and within {NEAR} times the fastest in {near}."
        )
    callback = compare((row for row in run.rows if row.calls_python), ["plain"])
    if callback:
        faster = sum(each.ratio < 1 for each in callback)
        lines.append(
            f"\nOf {len(callback)} rows that call a Python function for each element, arrayops is"
            f" faster than the best plain idiom in {faster}."
        )
    return lines


def with_excerpt(readme: str, run: Run) -> str:
    """Return the README with a short table of this run between its markers, where it has them."""
    before, begin, rest = readme.partition("<!-- performance: begin -->\n")
    _, end, after = rest.partition("<!-- performance: end -->")
    if not end:
        return readme
    return "".join([before, begin, *(f"{text}\n" for text in _excerpt(run)), end, after])


def _excerpt(run: Run) -> list[str]:
    columns, typecodes = ("plain", "numpy", "arrayops"), "id"
    titles = [f"{COLUMNS[name]}, `{typecode}`" for typecode in typecodes for name in columns]
    lines = header([f"{MILLION:,} elements", *titles])
    for function in FUNCTIONS:
        cells: list[str] = []
        for typecode in typecodes:
            key = (function.name, typecode, MILLION)
            found = [row for row in run.rows if (row.function, row.typecode, row.size) == key]
            cells += [shown(row, name) for row in found for name in columns]
        if len(cells) == len(titles):
            lines.append(line([f"`{function.name}`", *cells]))
    facts = [run.machine[name] for name in ("Processor", "Python") if name in run.machine]
    facts += [f"NumPy {run.versions['numpy']}"] if "numpy" in run.versions else []
    facts += [f"{run.threads['arrayops']} threads for arrayops"]
    return [
        *lines,
        "",
        f"Median times of a call; {', '.join(facts)}.",
        "✗ marks a wrong answer, ≈ a rounded one. For `map`, `map_inplace`, `filter` and `reduce`",
        "all call the same Python function. `docs/performance.md` has more types, sizes and",
        "libraries, and the rows in which others are faster.",
    ]


def own_differences(run: Run) -> list[str]:
    """List the rows in which arrayops gave another answer than plain Python."""
    return [
        f"- {row_name(row)}: {cell.answer}, not {row.cells[0].answer}"
        for row in run.rows
        for cell in row.cells
        if cell.column.startswith("arrayops") and cell.verdict != "right"
    ]


def _introduction(run: Run) -> list[str]:
    command = " ".join(["python benches/compare.py", *run.arguments])
    facts = dict(run.machine)
    facts["Threads"] = ", ".join(f"{name} {count}" for name, count in run.threads.items())
    facts["Versions"] = ", ".join(
        name if name.endswith(version) else f"{name} {version}"
        for name, version in run.versions.items()
    )
    spreads = sorted(cell.spread for row in run.rows for cell in row.cells if cell.samples > 1)
    if spreads:
        middle, high = (100 * spreads[len(spreads) * tenths // 10] for tenths in (5, 9))
        facts["Noise"] = (
            f"half of all figures have an interquartile range below {middle:.0f} % of their"
            f" median, nine in ten below {high:.0f} %"
        )
    return [
        "<!-- Written by `make bench` (benches/compare.py --write). Edit that, not this. -->\n",
        "# Performance\n",
        "`make bench` wrote this page: it measures everything here in one run, and checks every",
        f"answer against plain Python. This run: `{command}`,",
        f"on {run.started}, in {run.seconds / 60:.0f} minutes.\n",
        *header(["", ""], numbers_from=2),
        *(line([name, fact]) for name, fact in facts.items()),
        "",
    ]


def _misses(run: Run) -> list[str]:
    lines = ["## Rows that miss an aim\n"]
    for target in evaluate(run):
        if target.misses:
            lines += [f"{target.title}:\n", *_comparisons(target.misses, target.limit), ""]
    return lines if len(lines) > 1 else [*lines, "None in this run.\n"]


def _float_sums(run: Run) -> list[str]:
    rows = [row for row in run.rows if rounded_by_others(row)]
    found = [each for each in compare(rows, OTHERS, right=None) if each.ratio > 1]
    if not found:
        return []
    return [
        "## Float sums and means\n",
        "These are correctly rounded in arrayops whatever the values and their order, as in",
        "`math.fsum`. Others round after every addition; for the values here, some arrive at the",
        "exact answer all the same, others do not. The rows where the fastest of them, right or",
        "not, is faster:\n",
        *_comparisons(found),
        "",
    ]


def _wrong_but_faster(run: Run) -> list[str]:
    rows = [row for row in run.rows if not row.calls_python and not rounded_by_others(row)]
    found = [each for each in compare(rows, OTHERS, right=False) if each.ratio > 1]
    if not found:
        return []
    text = "Other rows in which a contender with another answer was faster:\n"
    return ["## Faster, and different\n", text, *_comparisons(found), ""]


def _comparisons(comparisons: Iterable[Comparison], limit: float | None = None) -> list[str]:
    lines = header(["row", "arrayops", "other", "its time", "ratio", ""])
    for each in comparisons:
        other = f"{COLUMNS[each.other.column]}: `{each.other.code}`{MARKS[each.other.verdict]}"
        times = (duration(each.ours.seconds), duration(each.other.seconds))
        near = limit is not None and each.ratio * (1 - each.noise) <= limit
        verdict = (f"{each.ratio:.2f}", "within the noise" if near else "")
        lines.append(line([row_name(each.row), times[0], other, times[1], *verdict]))
    return lines


def _answers(probes: list[Probe]) -> list[str]:
    if not probes:
        return []
    columns = [name for name in COLUMNS if any(name in probe.answers for probe in probes)]
    lines = [
        "## Answers\n",
        "What each contender says, whatever its speed; ✗ where plain Python says otherwise.\n",
        *header(["", *(COLUMNS[name] for name in columns)]),
    ]
    for probe in probes:
        expected = probe.answers["plain"]
        cells: list[str] = []
        for name in columns:
            answer = probe.answers.get(name, "")
            cells.append(f"`{answer}`{'' if answer == expected else ' ✗'}" if answer else "")
        lines.append(line([probe.title, *cells]))
    return [*lines, ""]


def _streamed(streamed: list[Streamed]) -> list[str]:
    if not streamed:
        return []
    lines = [
        "## A large file\n",
        f"A file of {streamed[0].file_bytes / 2**30:.0f} GiB of doubles that the page cache holds,",
        "read by two commands taking turns; median times, the interpreter's start included.\n",
        *header(["command", "time", "GB/s", "most memory"]),
    ]
    for each in streamed:
        speed = f"{each.file_bytes / each.seconds / 1e9:.1f}"
        memory = f"{each.memory_bytes / 2**20:.0f} MiB"
        lines.append(line([f"`{each.command}`", duration(each.seconds), speed, memory]))
    return [*lines, ""]


def _imports(imports: list[Imported]) -> list[str]:
    if not imports:
        return []
    lines = [
        "## Import\n",
        "Time from the start of the interpreter to its end with the import, less that of a start",
        "without it; medians of starts taking turns.\n",
        *header(["package", "beyond the start", "±", "in `import` itself", "modules it brings"]),
    ]
    for each in imports:
        brought = ", ".join(f"`{name}`" for name in each.others)
        if not brought or len(each.others) > 10:  # noqa: PLR2004 - what a cell can hold
            brought = str(len(each.others))
        times = (each.seconds, each.spread, each.inside_seconds)
        lines.append(line([each.package, *map(duration, times), brought]))
    return [*lines, ""]
