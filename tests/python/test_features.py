"""What this build has is what was asked for; what it has not, it says."""

import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import arrayops as ao
import pytest
from features import FEATURES
from functions import NATIVE_FUNCTIONS
from typecodes import filled

MANIFEST = Path(__file__).parents[2] / "interop" / "Cargo.toml"


def raised_by_import(module: str, *blocked: str) -> str:
    """Import a module where some packages cannot be; return the last line of the traceback."""
    code = f"import sys\nsys.modules |= dict.fromkeys({blocked!r})\nimport {module}"
    command = [sys.executable, "-W", "error", "-c", code]
    finished = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 1, f"{module} can be imported"
    return finished.stderr.splitlines()[-1]


def test_build_has_the_features_asked_for() -> None:
    declared = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["features"]
    asked = os.environ.get("ARRAYOPS_TEST_FEATURES")
    expected: list[str] = declared["default"] if asked is None else asked.split()
    assert list(FEATURES) == sorted(expected)
    assert set(declared) - {"default"} == set(declared["default"]), "a feature is off in the wheel"


@pytest.mark.parametrize("feature", ["arrow", "numpy"])
def test_namespace_of_a_feature_that_is_off_says_so(feature: str) -> None:
    name = f"arrayops.{feature}"
    if feature in FEATURES:
        assert importlib.util.find_spec(name) is not None
        return
    line = raised_by_import(name)
    assert line.startswith("ImportError: ")
    assert f"cargo feature '{feature}'" in line


@pytest.mark.skipif("numpy" not in FEATURES, reason="built without the feature numpy")
def test_numpy_namespace_without_numpy_says_how_to_install_it() -> None:
    line = raised_by_import("arrayops.numpy", "numpy")
    expected = "ModuleNotFoundError: arrayops.numpy needs NumPy: pip install arrayops[numpy]"
    assert line.startswith(expected)  # CPython 3.15 adds what may have been meant


def test_results_are_the_same_for_any_number_of_threads_with_and_without_a_pool(
    threads: None,
) -> None:
    del threads
    data = filled("d", 600_000, "specials")
    results: list[list[str]] = []
    for count in (1, 3):
        ao.set_num_threads(count)
        assert ao.get_num_threads() == count
        calls = {name: call for name, call in NATIVE_FUNCTIONS.items() if name != "clip"}
        results.append([repr(call(data)) for call in calls.values()])
    assert results[0] == results[1]
