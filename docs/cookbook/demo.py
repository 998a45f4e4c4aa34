"""The demonstration: runs the programs of the cookbook, one after the other.

    python docs/cookbook/demo.py

Those that need a library which is not installed are left out. Options are passed on to each of
them; --help shows them. The exit code is 0 if every result is the same as plain Python's.
"""

from __future__ import annotations

import importlib
import importlib.util
import statistics
import sys
import time

# Each program, and the libraries it needs.
PROGRAMS: dict[str, tuple[str, ...]] = {
    "binary_parsing": (),
    "etl_pipeline": (),
    "streaming_statistics": (),
    "numpy_in_out": ("numpy",),
    "parquet_pipeline": ("pyarrow",),
    "polars_column": ("polars",),
    "duckdb_result": ("duckdb", "nanoarrow"),
}


def main() -> int:
    """Run the programs and sum up; return the exit code."""
    start = time.perf_counter()
    missing = {name: libraries for name in PROGRAMS if (libraries := missing_libraries(name))}
    programs = [importlib.import_module(name) for name in PROGRAMS if name not in missing]
    tables = [program.main() for program in programs]
    seconds = time.perf_counter() - start

    ratios = sorted(ratio for table in tables for ratio in table.ratios)
    differing = sum(table.differing for table in tables)
    for name, libraries in missing.items():
        print(f"{name}.py was left out: it needs {libraries}.")
    print(f"{len(programs)} programs, {len(ratios)} results, {seconds:.0f} seconds.")
    print(
        f"Compared with plain Python: {ratios[0]:.1f} to {ratios[-1]:,.0f} times as fast, "
        f"{statistics.median(ratios):.1f} times in the middle."
    )
    if differing:
        print(f"{differing} results DIFFER from plain Python's. Please report this as a bug.")
        return 1
    print("Every result is the same as plain Python's, to the bit.")
    return 0


def missing_libraries(program: str) -> str:
    """Name the libraries that a program needs and that are not installed."""
    return " and ".join(name for name in PROGRAMS[program] if not importlib.util.find_spec(name))


if __name__ == "__main__":
    sys.exit(main())
