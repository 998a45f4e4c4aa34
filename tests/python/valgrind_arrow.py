"""Runs imports of columns made by hand under valgrind, and counts the errors of this extension.

    python tests/python/valgrind_arrow.py [TIMES]

An error counts if a function of the extension module is on its stack: reads and writes of memory
that is not there (any more), decisions by memory never written, definite leaks. CPython's own are
none of our business.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

PROGRAM = Path(__file__).with_name("arrow_imports.py")
OURS = "_arrayops"
SHOWN = 5
# valgrind knows no AVX-512, and is slow: one thread, whose blocks come in order.
ENVIRONMENT = {
    "ARRAYOPS_CPU_LEVEL": "v3",
    "ARRAYOPS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONMALLOC": "malloc",
}


def main() -> int:
    """Run valgrind; return the exit code."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        print("valgrind is not installed")
        return 2
    times = sys.argv[1] if len(sys.argv) > 1 else "500"
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        done = subprocess.run(
            [
                valgrind,
                "--quiet",
                "--leak-check=full",
                "--show-leak-kinds=definite",
                "--errors-for-leak-kinds=definite",
                "--num-callers=60",
                "--error-limit=no",
                "--xml=yes",
                f"--xml-file={report}",
                sys.executable,
                PROGRAM,
                times,
                "--by-hand",
            ],
            check=False,
            env=os.environ | ENVIRONMENT,
        )
        errors = ET.parse(report).getroot().findall("error")  # noqa: S314 (valgrind wrote it)
    ours = [error for error in errors if OURS in "".join(error.itertext())]
    for error in ours[:SHOWN]:
        print(described(error), end="\n\n")
    print(
        f"valgrind: {len(ours)} errors with {OURS} on the stack, {len(errors) - len(ours)} others"
    )
    return 1 if ours or done.returncode else 0


def described(error: ET.Element) -> str:
    """Return what happened, and where."""
    what = error.findtext("what") or error.findtext("xwhat/text")
    frames = [
        f"    {frame.findtext('fn', '?')} ({Path(frame.findtext('obj', '?')).name})"
        for frame in error.iterfind("stack/frame")
    ]
    return "\n".join([str(what), *frames])


if __name__ == "__main__":
    sys.exit(main())
