"""A progress bar on stderr, where a person watches; nothing elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from otel_worker_cli.terminal.screen import Screen


class Report(Protocol):
    """Tells how far the work is, and in words what is done."""

    def __call__(self, done: float, words: str) -> None: ...


@contextmanager
def shown_progress(
    screen: Screen, title: str, total: float | None, *, results_follow: bool = False
) -> Iterator[Report]:
    """Yield what reports the progress; `total` None: nobody knows how much there is.

    With `results_follow` the results are written meanwhile: on one terminal they would mix.
    """
    is_in_the_way = results_follow and screen.is_terminal
    if is_in_the_way or not screen.messages.is_terminal or screen.messages.is_dumb_terminal:
        yield lambda done, words: None
        return
    bar = [SpinnerColumn()] if total is None else [BarColumn(bar_width=None)]
    times = [TimeElapsedColumn()] if total is None else [TimeElapsedColumn(), TimeRemainingColumn()]
    with Progress(
        TextColumn("{task.description}"), *bar, TextColumn("{task.fields[words]}"), *times,
        console=screen.messages, transient=True,
    ) as progress:  # fmt: skip
        task = progress.add_task(title, total=total, words="")
        yield lambda done, words: progress.update(task, completed=done, words=words)
