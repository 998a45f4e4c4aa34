"""Imports, environment variables, forks and pools, each in a process of its own."""

import importlib
import multiprocessing
import os
import subprocess
import sys
from typing import Any

import programs
import pytest

internals: Any = importlib.import_module("arrayops._arrayops")
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def run_code(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a line of Python in a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=False,
        capture_output=True,
        env=os.environ | env,
        text=True,
        timeout=60,
    )


def test_import_brings_in_no_other_package() -> None:
    code = """
import sys
before = set(sys.modules)
import arrayops
names = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(names - sys.stdlib_module_names))
"""
    finished = run_code(code)
    assert finished.stderr == ""
    assert finished.stdout.split() == ["arrayops"]


def test_import_in_an_isolated_interpreter_needs_no_package() -> None:
    code = """
import sys
blocked = ("numpy", "pyarrow", "polars")
for name in blocked:
    sys.modules[name] = None
import arrayops as ao
from array import array
assert ao.sum(array("d", [1, 2])) == 3.0
print(ao.map(array("h", [1]), abs))
"""
    finished = run_code(code)
    assert finished.stdout == "array('h', [1])\n", finished.stderr


@pytest.mark.parametrize("value", ["0", "-1", "abc", "1.5", " 2 x", "99999999999999999999"])
def test_import_bad_number_of_threads_fails_clearly(value: str) -> None:
    finished = run_code("import arrayops", ARRAYOPS_NUM_THREADS=value)
    assert finished.returncode == 1
    last_line = finished.stderr.splitlines()[-1]
    assert last_line.startswith(("ImportError", "ValueError"))
    assert "ARRAYOPS_NUM_THREADS" in last_line
    assert value in last_line


@pytest.mark.parametrize("value", ["v9", "avx2", "V3", "0"])
def test_import_bad_cpu_level_fails_clearly(value: str) -> None:
    finished = run_code("import arrayops", ARRAYOPS_CPU_LEVEL=value)
    assert finished.returncode == 1
    last_line = finished.stderr.splitlines()[-1]
    assert last_line.startswith(("ImportError", "ValueError"))
    assert "ARRAYOPS_CPU_LEVEL" in last_line
    assert value in last_line


def test_import_unavailable_cpu_level_fails_clearly() -> None:
    missing = [level for level in ("v3", "v4") if level not in internals.cpu_levels()]
    if not missing:
        pytest.skip("this machine has every level")
    finished = run_code("import arrayops", ARRAYOPS_CPU_LEVEL=missing[-1])
    assert finished.returncode == 1
    assert "ARRAYOPS_CPU_LEVEL" in finished.stderr


@forks
@pytest.mark.parametrize(
    "program",
    [
        programs.fork_before_parallel_work,
        programs.fork_after_parallel_work,
        programs.fork_in_a_fork,
        programs.fork_beside_parallel_work,
        programs.fork_beside_reductions,
    ],
    ids=lambda program: program.__name__,
)
def test_fork_child_works_with_threads_of_its_own(program: Any) -> None:
    programs.run(program)


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_pool_processes_work_after_parallel_work_here(method: str) -> None:
    programs.run(programs.pool, method)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold to RLIMIT_AS")
def test_map_out_of_memory_raises_memory_error_and_goes_on() -> None:
    programs.run(programs.out_of_memory)
