"""A table that is written line by line, so that a list of any length takes no memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from otel_worker_cli.terminal.colours import DIM

_GAP = "  "
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of so many cells; numbers stand on the right."""

    title: str
    cells: int
    is_number: bool = False


class Columns:
    """Columns of known widths, and a last one that takes what is left."""

    def __init__(self, columns: Sequence[Column], last: str, width: int | None) -> None:
        """`width` is that of the terminal; None: nothing is cut."""
        self._columns = columns
        self._last = last
        self._width = width

    def heading(self) -> Text:
        """Return the line of titles."""
        titles = [Text(column.title, DIM) for column in self._columns]
        return self.line([*titles, Text(self._last, DIM)])

    def line(self, cells: Sequence[Text]) -> Text:
        """Return a line; a cell that is too wide for its column moves the others."""
        line = Text()
        for column, cell in zip(self._columns, cells[:-1], strict=True):
            padding = " " * max(0, column.cells - cell.cell_len)
            line.append(padding if column.is_number else "").append_text(cell)
            line.append("" if column.is_number else padding).append(_GAP)
        line.append_text(cells[-1])
        return cut(line, self._width)


def cut(text: Text, width: int | None) -> Text:
    """Return a text of at most `width` cells, with an ellipsis where something is missing."""
    if width is None or text.cell_len <= width:
        return text
    text = text.copy()
    text.truncate(max(0, width - 1), overflow="crop")
    return text.append(_ELLIPSIS)
