"""The cookbook: its programs agree with plain Python, and its data is what PROVENANCE.md says."""

from __future__ import annotations

import doctest
import hashlib
import os
import random
import re
import runpy
import subprocess
import sys
from array import array
from pathlib import Path
from typing import Any

import arrayops as ao
import pytest

ROOT = Path(__file__).resolve().parents[2]
COOKBOOK = ROOT / "docs" / "cookbook"
DATA = COOKBOOK / "data"
DATA_MAX_BYTES = 300_000
DEMO = runpy.run_path(str(COOKBOOK / "demo.py"))
PROGRAMS = [
    pytest.param(name, marks=pytest.mark.skipif(bool(missing), reason=f"{missing} not installed"))
    for name, missing in ((name, DEMO["missing_libraries"](name)) for name in DEMO["PROGRAMS"])
]
AGREES = "results are the same as plain Python's, to the bit."


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments, and return what it did and printed."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=os.environ | {"PYTHONUTF8": "1"},
        timeout=300,
    )


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("copies", ["1", "7"])
def test_program_on_real_data_agrees_with_plain_python(program: str, copies: str) -> None:
    done = run(str(COOKBOOK / f"{program}.py"), "--copies", copies, "--rounds", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert AGREES in done.stdout
    assert not re.search(r"\bNO$|DIFFER", done.stdout, re.MULTILINE)


def test_demo_with_all_programs_sums_up() -> None:
    done = run(str(COOKBOOK / "demo.py"), "--copies", "2", "--rounds", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    missing = [name for name in DEMO["PROGRAMS"] if DEMO["missing_libraries"](name)]
    assert done.stdout.count(AGREES) == len(PROGRAMS) - len(missing)
    assert done.stdout.count(" was left out: it needs ") == len(missing)
    assert done.stdout.endswith("Every result is the same as plain Python's, to the bit.\n")


@pytest.mark.parametrize("program", [*PROGRAMS, "demo"])
def test_program_with_a_wrong_result_fails(program: str) -> None:
    sabotage = f"""
import runpy, sys
import arrayops as ao
highest, total = ao.max, ao.sum
ao.max = lambda arr: highest(arr) + 1
ao.sum = lambda arr: total(arr) + isinstance(total(arr), float)  # checksums stay as they are
sys.argv = ["{program}.py", "--copies", "1", "--rounds", "1"]
sys.path.insert(0, {str(COOKBOOK)!r})
runpy.run_path({str(COOKBOOK / program)!r} + ".py", run_name="__main__")
"""
    done = run("-c", sabotage)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r" NO$", done.stdout, re.MULTILINE)
    assert re.search(r"\d results DIFFER from plain Python's", done.stdout)


@pytest.mark.parametrize(
    ("result", "expected", "same"),
    [
        (1, 1, True),
        (1, 1.0, False),
        (1, True, False),
        (0.0, -0.0, False),
        (float("nan"), float("nan"), True),
        (0.1 + 0.2, 0.3, False),
        (None, None, True),
        (array("h", [1, 2]), array("h", [1, 2]), True),
        (array("h", [1, 2]), array("i", [1, 2]), False),
        (array("h", [1, 2]), array("h", [1, 3]), False),
        (array("h", [1, 2]), array("h", [1]), False),
        (array("d", [0.0]), array("d", [-0.0]), False),
        ((1, [2.0]), (1, [2.0]), True),
        ((1, [2.0]), (1, [2]), False),
        ((1, 2), [1, 2], False),
        ("a", "b", False),
    ],
)
def test_difference_of_two_results_is_said(*, result: object, expected: object, same: bool) -> None:
    difference = runpy.run_path(str(COOKBOOK / "side_by_side.py"))["difference"]
    assert (difference(result, expected) == "") is same


@pytest.mark.parametrize("library", ["pyarrow", "polars", "numpy"])
def test_difference_of_two_columns_is_said(library: str) -> None:
    module: Any = pytest.importorskip(library)
    difference = runpy.run_path(str(COOKBOOK / "side_by_side.py"))["difference"]
    make = module.Series if library == "polars" else module.array
    column = make([1.5, float("nan"), 0.0])
    assert difference(column, make([1.5, float("nan"), 0.0])) == ""
    assert "index 2" in difference(column, make([1.5, float("nan"), -0.0]))
    assert "length 3, not 2" in difference(column, make([1.5, float("nan")]))
    assert difference(make([1, 2]), make([1.0, 2.0]))


def test_difference_of_columns_with_nulls_is_said() -> None:
    pa: Any = pytest.importorskip("pyarrow")
    difference = runpy.run_path(str(COOKBOOK / "side_by_side.py"))["difference"]
    assert difference(pa.array([1, None]), pa.array([1, None])) == ""
    assert "index 1: None" in difference(pa.array([1, None]), pa.array([1, 0]))


def test_statistics_of_ranges_merged_in_any_order_are_those_of_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "path", [str(COOKBOOK), *sys.path])
    ranges = runpy.run_path(str(COOKBOOK / "ranges.py"))
    generator = random.Random(1)  # noqa: S311 (numbers to add up, no secret)
    values = array(
        "d", [generator.gauss(0, 1) * 2.0 ** generator.randint(-99, 99) for _ in "x" * 999]
    )
    file = tmp_path / "doubles"
    file.write_bytes(values.tobytes())
    for parts in (1, 2, 7):
        stats = [ranges["stats_of"](part) for part in ranges["cut"](file, parts)]
        generator.shuffle(stats)
        assert sum(stats, ao.Stats()) == ao.Stats(values)


def test_readme_snippets_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, attempted = doctest.testfile(str(COOKBOOK / "README.md"), module_relative=False)
    assert attempted > 0
    assert failed == 0


def test_data_files_match_their_provenance() -> None:
    text = (DATA / "PROVENANCE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)` \| (\d+) \| `([0-9a-f]{64})` \|$", text, re.MULTILINE)
    listed = {name: (int(size), digest) for name, size, digest in rows}
    contents = {p.name: p.read_bytes() for p in DATA.iterdir() if p.suffix in {".csv", ".bin"}}
    assert contents
    assert listed == {
        name: (len(content), hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    }


def test_data_files_together_are_small() -> None:
    assert sum(p.stat().st_size for p in DATA.iterdir() if p.is_file()) < DATA_MAX_BYTES


def test_packed_weather_made_again_is_the_same() -> None:
    pack = runpy.run_path(str(DATA / "pack_weather.py"))["pack"]
    assert pack(DATA / "seattle-weather.csv") == (DATA / "seattle-weather.bin").read_bytes()
