"""Every example in the README, the pages and the docstrings runs and prints what it says."""

import doctest
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import arrayops as ao
import pytest
from features import FEATURES

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^( *)```([\w-]*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
PUBLIC = [name for name in ao.__all__ if name != "__version__"]
OPTIONAL = ("numpy", "pyarrow", "polars")


def blocks(page: Path, *languages: str) -> Iterator[tuple[int, str]]:
    """Yield the line number and the text of every fenced block in one of the languages."""
    text = page.read_text(encoding="utf-8")
    for fence in FENCE.finditer(text):
        if fence[2] in languages:
            indent = len(fence[1])
            lines = [line[indent:] for line in fence[3].splitlines()]
            yield text.count("\n", 0, fence.start()) + 1, "\n".join(lines) + "\n"


def needs_missing_package(code: str) -> bool:
    """Whether a block imports an optional package that is not installed."""
    imported = set(re.findall(r"^(?:>>> )?\s*(?:import|from) (\w+)", code, re.MULTILINE))
    return any(name in imported and not importlib.util.find_spec(name) for name in OPTIONAL)


def run_examples(examples: str, namespace: dict[str, Any], name: str, line: int) -> int:
    """Run `>>>` examples in a namespace; return how many there were."""
    test = doctest.DocTestParser().get_doctest(examples, namespace, name, name, line)
    test.globs = namespace
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    results = runner.run(test, out=report.append, clear_globs=False)
    assert results.failed == 0, "".join(report)
    return results.attempted


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page_python_blocks_run_in_one_namespace(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)  # pages name data files from there
    name = page.relative_to(ROOT).as_posix()
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for line, code in blocks(page, "python", "pycon", "py"):
        if needs_missing_package(code):
            continue
        if ">>>" in code:
            run_examples(code, namespace, name, line)
        else:
            exec(compile("\n" * line + code, name, "exec"), namespace)  # noqa: S102


@pytest.mark.parametrize("name", PUBLIC)
def test_docstring_has_examples_that_run(name: str) -> None:
    text = getattr(ao, name).__doc__
    assert text, f"ao.{name} has no docstring"
    assert run_examples(text, {}, f"arrayops.{name}", 0) > 0, f"ao.{name} has no example"


def test_module_docstring_examples_run() -> None:
    assert ao.__doc__
    run_examples(ao.__doc__, {}, "arrayops", 0)


@pytest.mark.parametrize("name", ["", "map", "filter"])
def test_numpy_namespace_docstring_examples_run(name: str) -> None:
    pytest.importorskip("numpy")
    if "numpy" not in FEATURES:
        pytest.skip("built without the feature numpy")
    module = importlib.import_module("arrayops.numpy")
    text: str = (getattr(module, name) if name else module).__doc__ or ""
    assert run_examples(text, {}, f"arrayops.numpy.{name}", 0) > 0


@pytest.mark.parametrize(
    "name", ["", "Array", "clip", "filter", "from_arrow", "map", "scale", "to_arrow"]
)
def test_arrow_namespace_docstring_examples_run(name: str) -> None:
    if "arrow" not in FEATURES:
        pytest.skip("built without the feature arrow")
    module = importlib.import_module("arrayops.arrow")
    text: str = (getattr(module, name) if name else module).__doc__ or ""
    assert run_examples(text, {}, f"arrayops.arrow.{name}", 0) > 0


def test_readme_has_examples_of_every_function() -> None:
    code = "".join(text for _, text in blocks(ROOT / "README.md", "python", "pycon"))
    assert code.count(">>>") >= 10
    missing = [name for name in PUBLIC if not re.search(rf"\bao\.{name}\(", code)]
    assert not missing, f"the README shows no call of {missing}"


def commands(page: Path) -> Iterator[str]:
    """Yield the command lines of a page's shell blocks."""
    for _, text in blocks(page, "sh", "shell", "bash"):
        for line in text.replace("\\\n", " ").splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                yield line.strip()
    for _, text in blocks(page, "console"):
        yield from (line[2:].strip() for line in text.splitlines() if line.startswith("$ "))


def test_readme_and_pages_commands_are_makefile_targets_or_installs() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):(?!=)", makefile, re.MULTILINE))
    pages = [page for page in PAGES if page.name == "README.md" or ROOT / "docs" in page.parents]
    found = [command for page in pages for command in commands(page)]
    assert any(command.startswith("make ") for command in found), "no page names a make target"
    for command in found:
        words = shlex.split(command, comments=True)
        while words and re.fullmatch(r"\w+=.*", words[0]):
            del words[0]
        if words[:2] in (["pip", "install"], ["git", "clone"]) or words[0] == "cd":
            continue
        if words[1:4] == ["-m", "pip", "install"]:
            continue
        assert words[0] == "make", f"{command!r} is neither a Makefile target nor an installation"
        goals = [word for word in words[1:] if "=" not in word and not word.startswith("-")]
        assert set(goals) <= targets, f"{command!r}: no such target in the Makefile"
