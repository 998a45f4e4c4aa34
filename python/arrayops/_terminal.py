"""What `describe` shows: tables, bars and progress, by rich where it is installed."""

import contextlib
import sys
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from arrayops._bars import BAR, bins

if TYPE_CHECKING:
    from arrayops._describe import Histogram

rich: Any
try:
    from arrayops import _rich
except ImportError:
    rich = None
else:
    rich = _rich


def printable(name: str) -> str:
    """Return a file's name as any terminal can show it, on one line."""
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in name
    )
    encoding = sys.stdout.encoding or "ascii"
    return shown.encode(encoding, "backslashreplace").decode(encoding)


PATIENCE_SECONDS = 0.5  # work that takes no longer is done without a word


class Terminal:
    """Standard output for results, standard error for progress."""

    def show(self, title: str, rows: list[tuple[str, str]], histogram: "Histogram | None") -> None:
        """Print figures, and a histogram where there is one."""
        if rich:
            rich.show(title, rows, histogram)
            return
        print(title)
        width = max((len(name) for name, _ in rows), default=0)
        for name, value in rows:
            print(f"  {name:<{width}}  {value}")
        if histogram:
            print(f"  histogram of {histogram.title}")
            lines = list(bins(histogram, BAR))
            widths = [max(len(line[i]) for line in lines) for i in (0, 1)]
            for edge, count, bar in lines:
                print(f"  {edge:>{widths[0]}}  {count:>{widths[1]}}  {bar}".rstrip())
        print()

    @contextlib.contextmanager
    def progress(self, name: str, total: int) -> Generator[Callable[[int], None]]:
        """Give a function that takes the bytes done; draw a bar if the work is long."""
        if not sys.stderr.isatty():
            yield lambda _elements: None
            return
        drawn = rich.Bar(name, total) if rich else _PlainBar(name, total)
        begun = time.monotonic()
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            if time.monotonic() - begun >= PATIENCE_SECONDS:
                drawn.draw(done)

        try:
            yield advance
        finally:
            drawn.close()


class _PlainBar:
    def __init__(self, name: str, total: int) -> None:
        self.name, self.total, self.is_drawn = name, total, False

    def draw(self, done: int) -> None:
        filled = BAR * done // max(self.total, 1)
        bar = "#" * filled + "." * (BAR - filled)
        sys.stderr.write(f"\r{self.name:.30} [{bar}] {100 * done // max(self.total, 1):3d} %")
        sys.stderr.flush()
        self.is_drawn = True

    def close(self) -> None:
        if self.is_drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
