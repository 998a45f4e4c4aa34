"""The command `python -m arrayops describe`."""

import json
import os
import subprocess
import sys
from array import array
from pathlib import Path
from typing import Any

import arrayops as ao
import pytest
from arrayops import _bars, _describe, _terminal


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "arrayops", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        check=False,
        timeout=60,
    )


def described(*arguments: object) -> list[dict[str, Any]]:
    """Return the objects that `--json` prints."""
    finished = run("describe", "--json", *arguments)
    assert finished.returncode == 0, finished.stderr
    return [json.loads(line) for line in finished.stdout.splitlines()]


def write(path: Path, code: str, values: Any) -> Path:
    """Write numbers to a file."""
    path.write_bytes(array(code, values).tobytes())
    return path


def test_describe_gives_the_figures_of_stats(tmp_path: Path) -> None:
    for code, values in (("d", [0.5, -1.25, 3e300]), ("h", [3, -7, 3]), ("Q", [2**64 - 1, 0])):
        file = write(tmp_path / "numbers", code, values)
        stats = ao.Stats(array(code, values))
        (figures,) = described("--typecode", code, file)
        assert figures["count"] == stats.count
        assert (figures["sum"], figures["min"], figures["max"]) == (
            stats.sum,
            stats.min,
            stats.max,
        )
        assert (figures["mean"], figures["std"]) == (stats.mean, stats.std())
        assert sum(figures["histogram"]["counts"]) == stats.count


def test_describe_offset_count_and_byteorder_choose_the_elements(tmp_path: Path) -> None:
    file = tmp_path / "numbers"
    foreign = "big" if sys.byteorder == "little" else "little"
    swapped = array("i", [10, 20, 30, 40])
    swapped.byteswap()
    file.write_bytes(b"abc" + swapped.tobytes())
    arguments = ("--typecode", "i", "--offset", "0x3", "--byteorder", foreign)
    assert described(*arguments, file)[0]["sum"] == 100
    assert described(*arguments, "--count", 2, file)[0]["sum"] == 30


def test_describe_a_file_of_several_windows_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    values = array("d", [i / 3 for i in range(70_000)])
    file = tmp_path / "numbers"
    file.write_bytes(b"header" + values.tobytes())
    monkeypatch.setattr(_describe, "WINDOW_BYTES", 1 << 16)
    arguments = ["describe", "--json", "--typecode", "d", "--offset", "6", str(file)]
    assert _describe.main(arguments) == 0
    figures = json.loads(capsys.readouterr().out)
    stats = ao.Stats(values)
    assert (figures["sum"], figures["var"]) == (stats.sum, stats.var())


def test_describe_a_long_file_draws_a_sample(tmp_path: Path) -> None:
    length = 3 * _describe.SAMPLE + 17
    file = write(tmp_path / "numbers", "i", range(length))
    histogram = described("--typecode", "i", file)[0]["histogram"]
    assert histogram["of"] == length
    assert sum(histogram["counts"]) == histogram["sampled"] == _describe.SAMPLE
    assert max(histogram["counts"]) < 1.2 * min(histogram["counts"])
    assert (histogram["edges"][0], histogram["edges"][-1]) == (0, length)
    assert "a sample of 131,072 of" in run("describe", "--typecode", "i", file).stdout


@pytest.mark.parametrize(
    ("code", "values", "edges", "counts"),
    [
        ("B", [1, 1, 3], [1, 2, 3, 4], [2, 0, 1]),
        ("d", [5.0] * 3, [5.0, 5.0], [3]),
        ("b", [-128, 127], [*range(-128, 128, 16), 128], [1, *[0] * 14, 1]),
        ("f", [float("nan"), 1.0, float("inf")], [1.0, 1.0], [1]),
    ],
)
def test_describe_histogram_has_bins_that_suit_the_data(
    tmp_path: Path, code: str, values: list[Any], edges: list[Any], counts: list[int]
) -> None:
    (figures,) = described("--typecode", code, write(tmp_path / "numbers", code, values))
    assert figures["histogram"]["edges"] == edges
    assert figures["histogram"]["counts"] == counts
    assert figures["histogram"]["left_out"] == len(values) - sum(counts)


def test_describe_extreme_and_odd_values_are_valid_json(tmp_path: Path) -> None:
    largest = sys.float_info.max
    (figures,) = described("--typecode", "d", write(tmp_path / "a", "d", [-largest, largest, 0.0]))
    assert sum(figures["histogram"]["counts"]) == 3
    assert figures["var"] == "inf"
    (figures,) = described("--typecode", "d", write(tmp_path / "b", "d", [float("nan")] * 2))
    assert figures["min"] == figures["mean"] == "nan"
    assert figures["histogram"] is None


def test_describe_several_files_sums_them_up_and_goes_on_after_an_error(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", "B", b"ab"), write(tmp_path / "two", "B", b"cd")
    finished = run("describe", one, tmp_path / "missing", two)
    assert finished.returncode == 1
    assert "All 2 files: 4 elements" in finished.stdout
    assert "missing: No such file" in finished.stderr


@pytest.mark.parametrize(
    ("content", "arguments", "pattern"),
    [
        (b"", [], "the file is empty"),
        (b"12345", ["--typecode", "i"], "5 bytes are no multiple of the 4 bytes .* 1 left over"),
        (b"1234", ["--offset", "4"], "the offset, 4, is not within the file of 4 bytes"),
        (b"1234", ["--count", "5"], "--count asks for 5 elements, there are 4"),
    ],
)
def test_describe_unfitting_files_are_refused_clearly(
    tmp_path: Path, content: bytes, arguments: list[str], pattern: str
) -> None:
    file = tmp_path / "numbers"
    file.write_bytes(content)
    finished = run("describe", *arguments, file)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr.startswith(f"arrayops describe: {file}: ")
    with pytest.raises(_describe.DescribeError, match=pattern):
        raise _describe.DescribeError(finished.stderr)


@pytest.mark.parametrize("typecode", ["bB", "", "hHiI", "u"])
def test_describe_typecode_is_one_letter_of_the_list(typecode: str) -> None:
    finished = run("describe", "--typecode", typecode, "file")
    assert finished.returncode == 2
    assert "invalid choice" in finished.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_describe_a_named_pipe_does_not_wait_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    finished = run("describe", tmp_path / "pipe")
    assert finished.returncode == 1
    assert "not a regular file" in finished.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="names of other systems are no mere bytes")
def test_describe_a_file_of_any_name_shows_it_on_one_line(tmp_path: Path) -> None:
    file = os.fsencode(tmp_path) + b"/[red]:smile:\xff\n\x1b.bin"
    Path(os.fsdecode(file)).write_bytes(b"abc")
    for encoding in ("utf-8:strict", "ascii:strict"):
        finished = run("describe", os.fsdecode(file), PYTHONIOENCODING=encoding)
        assert finished.returncode == 0, finished.stderr
        assert r"[red]:smile:\udcff\n\x1b.bin: 3 elements" in finished.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_describe_to_a_full_disk_says_so(tmp_path: Path) -> None:
    file = write(tmp_path / "numbers", "B", b"aab")
    with Path("/dev/full").open("w") as full:
        finished = subprocess.run(
            [sys.executable, "-m", "arrayops", "describe", file],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert finished.returncode == 1
    assert finished.stderr.startswith("arrayops describe: cannot write: ")
    assert "Traceback" not in finished.stderr


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may read anything"
)
def test_describe_an_unreadable_file_says_so(tmp_path: Path) -> None:
    file = write(tmp_path / "numbers", "B", b"aab")
    file.chmod(0)
    finished = run("describe", file)
    assert finished.returncode == 1
    assert "Permission denied" in finished.stderr


def test_describe_a_file_that_shrinks_is_an_error(tmp_path: Path) -> None:
    file = write(tmp_path / "numbers", "B", b"aab")
    layout = _describe.Layout("B", 0, None, swapped=False)
    with file.open("rb") as opened, pytest.raises(_describe.DescribeError, match="shorter"):
        list(_describe.windows(opened, layout, 0, 4))


def test_describe_a_number_on_an_edge_is_in_the_bin_that_begins_there(tmp_path: Path) -> None:
    (figures,) = described("--typecode", "d", write(tmp_path / "numbers", "d", range(17)))
    assert figures["histogram"]["edges"] == list(range(17))
    assert figures["histogram"]["counts"] == [1] * 15 + [2]


def test_describe_close_numbers_have_labels_that_differ(tmp_path: Path) -> None:
    values = [1e6 + i / 1000 for i in range(900)]
    shown = run("describe", "--typecode", "d", write(tmp_path / "numbers", "d", values)).stdout
    labels = [line.split()[0] for line in shown.splitlines() if line.rstrip().endswith("█")]
    assert len(labels) == len(set(labels)) > 1


def test_describe_on_a_narrow_terminal_cuts_nothing(tmp_path: Path) -> None:
    file = write(tmp_path / "numbers", "d", [0.1, 0.2, 0.2])
    shown = run("describe", "--typecode", "d", file, FORCE_COLOR="1", COLUMNS="30").stdout
    assert "…" not in shown


def test_describe_in_a_process_without_rich_prints_plain_text(tmp_path: Path) -> None:
    (tmp_path / "rich.py").write_text("raise ImportError")
    file = write(tmp_path / "numbers", "B", b"aab")
    finished = run("describe", file, PYTHONPATH=str(tmp_path))
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.splitlines()[1] == "  sum                 292"


@pytest.mark.parametrize("arguments", [["--typecode", "x"], ["--offset", "-1"], ["--count", "a"]])
def test_describe_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    finished = run("describe", *arguments, "file")
    assert finished.returncode == 2
    assert arguments[0] in finished.stderr


def test_describe_a_folder_or_nothing_at_all_is_clear(tmp_path: Path) -> None:
    assert run("describe", tmp_path).returncode == 1
    assert "describe" in run().stdout
    assert run("--version").stdout == f"arrayops {ao.__version__}\n"


def test_describe_without_rich_prints_the_same_in_plain_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(write(tmp_path / "numbers", "B", b"aab"))
    texts: list[str] = []
    for rich in (None, _terminal.rich):
        monkeypatch.setattr(_terminal, "rich", rich)
        assert _describe.main(["describe", file]) == 0
        texts.append(capsys.readouterr().out)
    for text in texts:
        words = text.split()
        assert {"sum", "292", "mean", "97.33333333333333", "variance"} <= set(words)
        assert "█" * _bars.BAR in text


def test_describe_to_an_ascii_output_draws_with_ascii(tmp_path: Path) -> None:
    file = write(tmp_path / "numbers", "B", b"aab")
    finished = run("describe", file, PYTHONIOENCODING="ascii")
    assert finished.returncode == 0, finished.stderr
    assert "####" in finished.stdout


def test_describe_into_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    file = write(tmp_path / "numbers", "B", b"aab")
    command = [sys.executable, "-m", "arrayops", "describe", *[str(file)] * 3000]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.parametrize("has_rich", [False, True])
def test_progress_appears_on_a_terminal_after_a_while_only(
    has_rich: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(_terminal, "rich", _terminal.rich if has_rich else None)
    for is_terminal, patience, drawn in ((False, 0, False), (True, 9, False), (True, 0, True)):
        monkeypatch.setattr(sys.stderr, "isatty", lambda is_terminal=is_terminal: is_terminal)
        monkeypatch.setattr(_terminal, "PATIENCE_SECONDS", patience)
        with _terminal.Terminal().progress("name", 100) as advance:
            advance(50)
            advance(50)
        assert bool(capsys.readouterr().err) == drawn
