"""What `describe` shows with the package rich installed."""

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from arrayops._bars import BAR, bins

if TYPE_CHECKING:
    from arrayops._describe import Histogram

FRAME = 12  # characters of a line beside its texts


class _Output(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command: `Console` would end the process."""
        raise BrokenPipeError


def show(title: str, rows: list[tuple[str, str]], histogram: "Histogram | None") -> None:
    """Print figures, and a histogram where there is one."""
    console = _Output(highlight=False)
    # As plain text it is never cut to the width of a terminal.
    if not console.is_terminal:
        console = _Output(highlight=False, width=200)
    figures = Table(box=None, show_header=False, padding=(0, 1))
    figures.add_column()
    figures.add_column(overflow="fold")
    for name, value in rows:
        figures.add_row(Text(name, "cyan"), Text(value))
    console.print(Text(title, "bold"), soft_wrap=True)
    console.print(figures)
    if histogram:
        bars = Table(
            title=Text(f"histogram of {histogram.title}", "italic"),
            title_justify="left",
            box=box.SIMPLE,
            show_header=False,
            padding=(0, 1),
        )
        bars.add_column(justify="right", no_wrap=True)
        bars.add_column(justify="right", no_wrap=True)
        bars.add_column(no_wrap=True)
        lines = list(bins(histogram, BAR))
        taken = sum(max(len(line[i]) for line in lines) for i in (0, 1)) + FRAME
        width = max(1, min(BAR, console.width - taken))
        for edge, count, bar in bins(histogram, width):
            bars.add_row(Text(edge), Text(count), Text(bar, "green"))
        console.print(bars)


class Bar:
    """A bar of progress, which goes when the work is done."""

    def __init__(self, name: str, total: int) -> None:
        """Draw nothing yet."""
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
        self.bar = Progress(
            *columns, TransferSpeedColumn(), console=Console(stderr=True), transient=True
        )
        self.task = self.bar.add_task(name, total=total)
        self.is_drawn = False

    def draw(self, done: int) -> None:
        """Show how many bytes are done."""
        if not self.is_drawn:
            self.bar.start()
            self.is_drawn = True
        self.bar.update(self.task, completed=done)

    def close(self) -> None:
        """Take it away."""
        if self.is_drawn:
            self.bar.stop()
