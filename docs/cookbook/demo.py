"""The demonstration: runs the three programs of the cookbook, one after the other.

    python docs/cookbook/demo.py

Options are passed on to each of them; --help shows them. The exit code is 0 if every result is the
same as plain Python's.
"""

from __future__ import annotations

import statistics
import sys
import time

import binary_parsing
import etl_pipeline
import streaming_statistics


def main() -> int:
    """Run the programs and sum up; return the exit code."""
    start = time.perf_counter()
    programs = (binary_parsing, etl_pipeline, streaming_statistics)
    tables = [program.main() for program in programs]
    seconds = time.perf_counter() - start

    ratios = sorted(ratio for table in tables for ratio in table.ratios)
    differing = sum(table.differing for table in tables)
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


if __name__ == "__main__":
    sys.exit(main())
