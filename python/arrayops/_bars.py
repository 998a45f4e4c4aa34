"""Histograms as lines of text."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arrayops._describe import Histogram

BAR = 40  # characters


def bins(histogram: "Histogram") -> Iterator[tuple[str, str, str]]:
    """Yield for each bin its lower edge, its count, and a bar."""
    most = max(histogram.counts)
    for edge, count in zip(histogram.edges, histogram.counts, strict=False):
        shown = f"{edge:,}" if isinstance(edge, int) else f"{edge:.6g}"
        yield shown, f"{count:,}", _bar(count / most)


def _bar(share: float) -> str:
    """Draw a bar, in eighths of a character where the output can show them."""
    eighths = round(share * BAR * 8)
    if share and not eighths:
        eighths = 1
    full, rest = divmod(eighths, 8)
    bar = "█" * full + " ▏▎▍▌▋▊▉"[rest : rest + 1].strip()
    try:
        bar.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "#" * (full + (rest > 0))
    return bar
