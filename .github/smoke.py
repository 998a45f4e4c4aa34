#!/usr/bin/env python3
"""Install one built distribution of arrayops into an empty environment and use it.

Given a folder, it takes the one wheel there that fits this Python; else the file it is given.
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
print("arrayops", ao.__version__, "works on", sys.version)
"""


def main() -> None:
    """Do it for the folder or the file named on the command line."""
    distribution = Path(sys.argv[1]).resolve(strict=True)
    if distribution.is_dir():
        wanted = ["--no-index", "--only-binary=:all:", f"--find-links={distribution}", "arrayops"]
    else:
        wanted = [str(distribution)]
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder, "environment")
        venv.create(environment, symlinks=os.name != "nt", with_pip=True)
        python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        for arguments in (
            ["-m", "pip", "--disable-pip-version-check", "install", *wanted],
            ["-I", "-W", "error", "-c", USE],
        ):
            subprocess.run([python, *arguments], check=True, cwd=folder)  # noqa: S603 (our own)


if __name__ == "__main__":
    main()
