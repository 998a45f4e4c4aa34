"""The measuring process of the earlier package arrayops 1.0.0.

Its import name is arrayops too, so it lives in an environment of its own. This program answers
one JSON request a line on standard input with one JSON line on standard output, so that its
samples take their turns among the others'.
"""

from __future__ import annotations

import importlib
import json
import sys
from array import array
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from workspace import Snippet, Workspace, make_values


def _values(request: dict[str, Any]) -> array[Any]:
    typecode: str = request["typecode"]
    if "values" in request:
        values = array(typecode, request["values"])
    else:
        values = make_values(typecode, request["length"])
    if typecode == "q" and array("l").itemsize == values.itemsize:
        # The package has no "q"; where "l" is as wide, it is the same type.
        return array("l", values.tobytes())
    return values


def main() -> None:
    """Serve requests until the input ends."""
    names = {"ao": importlib.import_module("arrayops")}
    workspace = None
    for line in sys.stdin:
        request = json.loads(line)
        answer: object = None
        if request["do"] == "version":
            answer = version("arrayops")
        elif request["do"] == "load":
            workspace = None  # frees the memory of the last row first
            workspace = Workspace(_values(request), names, lambda values: {"a": values})
        elif workspace is not None:
            snippet = Snippet(request["code"], request["operand"])
            if request["do"] == "run":
                answer = asdict(workspace.run(snippet))
            else:
                answer = workspace.sample(snippet, request["number"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
