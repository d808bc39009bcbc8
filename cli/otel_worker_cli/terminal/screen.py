"""The two streams of a command: results for people or for programs on one, what happens on the other."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from otel_worker_cli.terminal.colours import ERROR, wants_colour
from otel_worker_cli.terminal.escape import to_json, visible_lines

DEFAULT_COLUMNS = 100
MIN_COLUMNS = 20

PEOPLE, JSON, JSON_LINES = "people", "json", "jsonl"


class Screen:
    """Where a command writes: `form` is PEOPLE, JSON or JSON_LINES."""

    def __init__(self, form: str = PEOPLE, colour: str = "auto") -> None:
        """`colour` is auto, always or never."""
        for stream in (sys.stdout, sys.stderr):
            # A terminal that knows no UTF-8 shows the codes of what it lacks.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        self.form = form
        self.is_terminal = sys.stdout.isatty()
        self.columns = terminal_columns()
        self._output = _console(sys.stdout, wants_colour(colour, sys.stdout), self.columns)
        self.messages = _console(sys.stderr, wants_colour(colour, sys.stderr), self.columns)

    @property
    def for_people(self) -> bool:
        return self.form == PEOPLE

    @property
    def cut_columns(self) -> int | None:
        """The width to cut lines at; None: nobody sees them wrapped, and `grep` wants them whole."""
        return self.columns if self.is_terminal else None

    def show(self, text: Text | str = "") -> None:
        """Write a line for people; what is in it has to be visible already."""
        self._output.print(text, soft_wrap=True, markup=False, highlight=False, emoji=False)

    def note(self, text: str) -> None:
        """Say what happens, on the other stream."""
        line = visible_lines(text)
        self.messages.print(Text(line), soft_wrap=True, highlight=False)

    def complain(self, text: str) -> None:
        """Say on the other stream what is wrong, where the command goes on."""
        line = Text.assemble(("Error: ", ERROR), visible_lines(text))
        self.messages.print(line, soft_wrap=True, highlight=False)

    def write_document(self, document: Any) -> None:
        """Write one JSON document, on one line."""
        self._output.file.write(to_json(document) + "\n")

    def finish(self) -> None:
        """Write what is still held back; raises BrokenPipeError here rather than at the very end."""
        sys.stdout.flush()

    async def write_list(
        self,
        documents: AsyncIterable[Any],
        show: Callable[[Any], None],
        *,
        around: tuple[str, str] = ("[", "]"),
        live: bool = False,
    ) -> int:
        """Write each document as it comes: in a JSON array, as JSON lines, or with `show` for people.

        Returns how many there were. `around` is the JSON before and behind them; `live` lines are written at
        once.
        """
        count = 0
        for_json = self.form == JSON
        async for document in documents:
            if self.for_people:
                show(document)
            elif for_json:
                # Not before there is something: what fails has written nothing.
                self._output.file.write(f"{',' if count else around[0]}{to_json(document)}\n")
            else:
                self.write_document(document)
            count += 1
            if live:
                sys.stdout.flush()
        if for_json:
            self._output.file.write(("" if count else around[0]) + around[1] + "\n")
        return count


class _Console(Console):
    """A console of rich that leaves a closed pipe to whoever runs the command."""

    def on_broken_pipe(self) -> None:
        """Raise what rich would end the process for."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def terminal_columns(environment: Mapping[str, str] = os.environ) -> int:
    """Return the width of the terminal, also while the output goes to a pager."""
    columns = environment.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and len(columns) < 6 and int(columns):
        return max(int(columns), MIN_COLUMNS)
    for stream in _streams():
        with contextlib.suppress(OSError, ValueError):
            found = os.get_terminal_size(stream.fileno()).columns
            if found:
                return max(found, MIN_COLUMNS)
    return DEFAULT_COLUMNS


def _streams() -> Iterable[TextIO]:
    return [stream for stream in (sys.stdout, sys.stderr, sys.stdin) if stream is not None]


def _console(stream: TextIO, colours: bool, columns: int) -> Console:
    return _Console(
        file=stream,
        width=columns,
        color_system="256" if colours else None,
        force_terminal=colours or stream.isatty(),
        # Decided already; rich would ask the environment again.
        no_color=not colours,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
