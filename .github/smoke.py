#!/usr/bin/env python3
"""Install one built distribution of arrayops into an empty environment and use it.

Given a folder, it takes the one wheel there that fits this Python; else the file it is given. With
--extras, it also installs each extra, which must bring along its package and nothing else.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

USE = """
from array import array
from importlib import metadata, resources
import sys, sysconfig

import arrayops as ao

assert ao.__version__ == metadata.version("arrayops"), ao.__version__
assert resources.files("arrayops").joinpath("py.typed").is_file()
assert any("sboms" in file.parts for file in metadata.files("arrayops")), "no SBOM"
if sysconfig.get_config_var("Py_GIL_DISABLED"):
    assert not sys._is_gil_enabled(), "importing arrayops turned the GIL on"

assert ao.sum(array("b", [127] * 1000)) == 127_000
assert ao.sum(array("d", [1e16, 1.0, -1e16])) == 1.0
assert ao.map(array("h", [1, 2, 3]), lambda x: x * x) == array("h", [1, 4, 9])
import arrayops.arrow as aoa

assert aoa.from_arrow(aoa.to_arrow(array("h", [1, 2]))).tolist() == [1, 2]
print("arrayops", ao.__version__, "works on", sys.version)
"""


WITHOUT_NUMPY = """
try:
    import arrayops.numpy
except ModuleNotFoundError as error:
    assert "pip install arrayops[numpy]" in str(error), error
else:
    raise AssertionError("NumPy is not there")
"""
# What an extra brings along, and what works with it.
EXTRAS = {
    "numpy": """
import numpy as np, arrayops.numpy as aon

assert aon.sum(np.array([127] * 1000, "int8")) == 127_000
result = aon.map(np.arange(100.0), lambda x: x + 1)
assert type(result) is np.ndarray and result[-1] == 100.0, result
assert aon.filter(np.arange(100), lambda x: x > 97).tolist() == [98, 99]
""",
    "arrow": """
import pyarrow as pa, arrayops as ao, arrayops.arrow as aoa

column = pa.chunked_array([[1, None], [2]])
assert ao.sum(column) == 3
assert pa.array(aoa.map(column, lambda x: x + 1)).to_pylist() == [2, None, 3]
""",
}


class Environment:
    """An empty environment, and what is run in it."""

    def __init__(self, folder: str) -> None:
        """Make one in a folder."""
        self.folder = folder
        environment = Path(folder, "environment")
        venv.create(environment, symlinks=os.name != "nt", with_pip=True)
        self.python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def run(self, *arguments: str) -> str:
        """Run its Python and return what it prints."""
        finished = subprocess.run(  # noqa: S603 (our own)
            [self.python, *arguments],
            check=True,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        return finished.stdout

    def install(self, *wanted: str) -> set[str]:
        """Install packages; return the names of all that were not there before."""
        pip = ("-m", "pip", "--disable-pip-version-check")
        before = set(self.run(*pip, "list", "--format=freeze").split())
        self.run(*pip, "install", *wanted)
        added = set(self.run(*pip, "list", "--format=freeze").split()) - before
        return {line.partition("==")[0] for line in added}


def main() -> None:
    """Do it for the folder or the file named on the command line."""
    extras = "--extras" in sys.argv
    distribution = Path(sys.argv[-1]).resolve(strict=True)
    if distribution.is_dir():
        wanted = ["--no-index", "--only-binary=:all:", f"--find-links={distribution}", "arrayops"]
    else:
        wanted = [str(distribution)]
    for extra in (None, *(EXTRAS if extras else ())):
        with tempfile.TemporaryDirectory() as folder:
            environment = Environment(folder)
            added = environment.install(*wanted)
            assert added == {"arrayops"}, f"installing arrayops also installs {added}"
            print(environment.run("-I", "-W", "error", "-c", USE), end="")
            if extra != "numpy":
                environment.run("-I", "-W", "error", "-c", WITHOUT_NUMPY)
            if extra is not None:
                added = environment.install("--only-binary=:all:", f"arrayops[{extra}]")
                expected = {"arrow": "pyarrow"}.get(extra, extra)
                assert added == {expected}, f"the extra {extra} installs {added}"
                environment.run("-I", "-W", "error", "-c", EXTRAS[extra])
                print(f"arrayops[{extra}] works with {expected} and nothing else")


if __name__ == "__main__":
    main()
