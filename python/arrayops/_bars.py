"""Histograms as lines of text."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arrayops._describe import Histogram

BAR = 40  # characters


def bins(histogram: "Histogram", width: int) -> Iterator[tuple[str, str, str]]:
    """Yield for each bin its lower edge, its count, and a bar of at most so many characters."""
    most = max(histogram.counts)
    digits = _digits(histogram.edges)
    for edge, count in zip(histogram.edges, histogram.counts, strict=False):
        shown = f"{edge:,}" if isinstance(edge, int) else f"{edge:.{digits}g}"
        yield shown, f"{count:,}", _bar(count / most, width)


def _digits(edges: list[float]) -> int:
    """Return how many significant digits tell the edges of bins apart, at least six."""
    for digits in range(6, 17):
        shown = {f"{edge:.{digits}g}" for edge in edges}
        if len(shown) == len(set(edges)):
            return digits
    return 17


def _bar(share: float, width: int) -> str:
    """Draw a bar, in eighths of a character where the output can show them."""
    eighths = round(share * width * 8)
    if share and not eighths:
        eighths = 1
    full, rest = divmod(eighths, 8)
    bar = "█" * full + " ▏▎▍▌▋▊▉"[rest : rest + 1].strip()
    try:
        bar.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "#" * (full + (rest > 0))
    return bar
