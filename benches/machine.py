"""The machine a run was measured on, and the time that importing a package takes."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from results import Imported

IMPORT_PROBE = """
import json, sys, time
before = set(sys.modules)
start = time.perf_counter()
{statement}
seconds = time.perf_counter() - start
brought = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(json.dumps([seconds, sorted(brought)]))
"""


def describe_machine() -> dict[str, str]:
    """Return what is known of processor, memory, system and interpreter."""
    facts = {
        "Processor": _processor(),
        "Cores": str(_cores()),
        "Caches": _caches(),
        "Memory": _memory(),
        "System": f"{platform.system()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
    }
    return {name: fact for name, fact in facts.items() if fact}


def _cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def _processor() -> str:
    facts: dict[str, str] = {}
    for line in _read("/proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), value.strip())
    if "model name" not in facts:
        return platform.processor() or platform.machine()
    return f"{facts['model name']} (family {facts.get('cpu family')}, model {facts.get('model')})"


def _caches() -> str:
    found: list[str] = []
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = (_read(f"{folder}/{it}").strip() for it in ("level", "type", "size"))
        if kind in {"Data", "Unified"}:
            found.append(f"L{level} {size.replace('K', ' KiB')}")
    return ", ".join(found)


def _memory() -> str:
    for line in _read("/proc/meminfo").splitlines():
        if line.startswith("MemTotal"):
            return f"{int(line.split()[1]) / 2**20:.0f} GiB"
    return ""


def time_imports(packages: list[str], starts: int) -> list[Imported]:
    """Time interpreter starts with and without an import, taking turns."""
    programs = {"": IMPORT_PROBE.format(statement="pass")}
    programs |= {
        package: IMPORT_PROBE.format(statement=f"import {package}") for package in packages
    }
    walls: dict[str, list[float]] = {name: [] for name in programs}
    insides: dict[str, list[float]] = {name: [] for name in programs}
    others: dict[str, list[str]] = {}
    for index in range(starts + 1):
        for name, program in programs.items():
            start = perf_counter()
            done = subprocess.run(  # noqa: S603 - the programs above
                [sys.executable, "-I", "-c", program], stdout=subprocess.PIPE, check=True
            )
            wall = perf_counter() - start
            if index:  # the first round fills the caches
                inside, others[name] = json.loads(done.stdout)
                walls[name].append(wall)
                insides[name].append(inside)
    empty = statistics.median(walls[""])
    return [
        Imported(
            package,
            statistics.median(walls[package]) - empty,
            _quartile_range(walls[package]),
            statistics.median(insides[package]),
            [name for name in others[package] if name != package],
        )
        for package in packages
    ]


def _quartile_range(values: list[float]) -> float:
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return high - low
