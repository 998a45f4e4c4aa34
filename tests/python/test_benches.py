"""The benchmark harness works on tiny inputs, and cannot overlook a wrong answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HARNESS = Path(__file__).resolve().parents[2] / "benches" / "compare.py"
FUNCTIONS = (
    "sum",
    "mean",
    "var",
    "min",
    "max",
    "scale",
    "clip",
    "map",
    "map_inplace",
    "filter",
    "reduce",
)


def run(*arguments: str, harness: Path = HARNESS) -> subprocess.CompletedProcess[str]:
    """Run the harness with these arguments, and return what it did and printed."""
    return subprocess.run(
        [sys.executable, harness, *arguments],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=os.environ | {"PYTHONUTF8": "1"},
        timeout=300,
    )


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the figures of a quick run over every function."""
    path = tmp_path_factory.mktemp("benches") / "figures.json"
    done = run("--quick", "--typecodes", "bd", "--sizes", "8,20", "--json", str(path))
    assert done.returncode == 0, done.stderr
    return path


def test_quick_run_every_function_is_right_and_timed(figures: Path) -> None:
    rows: list[dict[str, Any]] = json.loads(figures.read_text(encoding="utf-8"))["rows"]
    found = [
        (row["function"], row["typecode"], row["size"])
        for row in rows
        for cell in row["cells"]
        if cell["column"] == "arrayops" and cell["verdict"] == "right" and cell["seconds"] > 0
    ]
    expected = [(name, tc, size) for name in FUNCTIONS for tc in "bd" for size in (8, 20)]
    assert sorted(found) == sorted(expected)


def test_page_from_figures_has_every_function(figures: Path) -> None:
    done = run("--from-json", str(figures))
    assert done.returncode == 0, done.stderr
    for name in FUNCTIONS:
        assert f"\n### {name}\n" in done.stdout
    assert "differs from plain Python" not in done.stdout


def test_wrong_answer_of_arrayops_fails_the_run(figures: Path, tmp_path: Path) -> None:
    run_record: dict[str, Any] = json.loads(figures.read_text(encoding="utf-8"))
    cell = next(it for it in run_record["rows"][0]["cells"] if it["column"] == "arrayops")
    cell["verdict"] = "wrong"
    doctored = tmp_path / "doctored.json"
    doctored.write_text(json.dumps(run_record), encoding="utf-8")
    done = run("--from-json", str(doctored))
    assert done.returncode == 1
    assert "arrayops itself differs from plain Python" in done.stdout


def test_quick_run_over_arrow_columns_is_right_and_has_every_function() -> None:
    pytest.importorskip("pyarrow")
    done = run("--quick", harness=HARNESS.with_name("arrow.py"))
    assert done.returncode == 0, done.stderr
    for name in ("sum", "min", "mean", "filter", "map"):
        assert f"\n| {name}" in done.stdout
