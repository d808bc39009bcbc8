"""The waterfall of a trace: its spans as a tree, and beside it their bars on a common time axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from rich.style import Style
from rich.text import Text

from otel_worker_cli.terminal.colours import DIM, ERROR, WARNING, service_styles
from otel_worker_cli.terminal.columns import cut
from otel_worker_cli.terminal.escape import visible
from otel_worker_cli.terminal.formats import format_duration
from otel_worker_cli.terminal.span_tree import KEPT_LEVELS, Mark, Node

ERROR_SIGN = "✗"
_DURATION_CELLS = 9
_MIN_NAME_CELLS, _MIN_BAR_CELLS = 12, 4
# Of the columns, in percent: the names may take so much, however long they are.
_MAX_NAME_PERCENT = 50
# A tick needs room for its label and for some space to the next one.
_CELLS_A_TICK = 14


@dataclass(frozen=True, slots=True)
class Axis:
    """The time that the bars are drawn on; `length_nano` is at least 1."""

    start_unix_nano: int
    length_nano: int
    cells: int


@dataclass(frozen=True, slots=True)
class Layout:
    """How wide the columns are, and the time axis."""

    name_cells: int
    axis: Axis
    levels: int
    """So many levels of the tree are drawn; deeper ones are moved together."""


def lay_out(nodes: Sequence[Node], columns: int) -> Layout:
    """Return the columns for these spans, at least one, in a terminal of this width."""
    start = min(node.span.start_unix_nano for node in nodes)
    end = max(node.span.last_unix_nano for node in nodes)
    free = columns - _DURATION_CELLS - 2
    most = max(_MIN_NAME_CELLS, min(columns * _MAX_NAME_PERCENT // 100, free - _MIN_BAR_CELLS - 1))
    levels = max(1, min(most // 4, KEPT_LEVELS))
    styles: dict[str, Style] = {}
    widest = max(_label(node, levels, styles).cell_len for node in nodes)
    name_cells = max(_MIN_NAME_CELLS, min(widest, most))
    bar_cells = max(_MIN_BAR_CELLS, free - name_cells)
    return Layout(name_cells, Axis(start, max(1, end - start), bar_cells), levels)


def waterfall(nodes: Sequence[Node], columns: int) -> Iterator[Text]:
    """Yield the lines: the axis, a row for each span, and what the signs in them mean."""
    if not nodes:
        return
    layout = lay_out(nodes, columns)
    styles = service_styles(node.span.service for node in nodes)
    yield cut(Text(" " * (layout.name_cells + 1) + axis_labels(layout.axis), DIM), columns)
    for node in nodes:
        yield cut(_row(node, layout, styles), columns)
    for mark in Mark:
        if any(mark in node.marks for node in nodes):
            yield from _wrapped(f"{mark.sign} {mark.meaning}", columns)


def axis_labels(axis: Axis) -> str:
    """Return the times along the axis; the first on its left end, the last on its right end."""
    steps = max(1, min(4, axis.cells // _CELLS_A_TICK))
    line = [" "] * axis.cells
    for step in range(steps + 1):
        label = format_duration(axis.length_nano * step // steps) if step else "0"
        place = axis.cells * step // steps
        place = max(0, min(place - (len(label) // 2 if step else 0), axis.cells - len(label)))
        line[place : place + len(label)] = label
    return "".join(line[: axis.cells])


def bar(axis: Axis, start_unix_nano: int, end_unix_nano: int) -> str:
    """Return the cells of a bar, half a cell being the smallest part of it.

    What takes no time is a line, so that nothing is invisible. Nothing is drawn outside of the axis.
    """
    halves = axis.cells * 2
    first = (start_unix_nano - axis.start_unix_nano) * halves // axis.length_nano
    beyond = -((axis.start_unix_nano - end_unix_nano) * halves // axis.length_nano)
    first = max(0, min(first, halves - 1))
    beyond = max(first + 1, min(beyond, halves))
    if end_unix_nano <= start_unix_nano:
        return " " * (first // 2) + "│"
    cells = [" "] * (first // 2)
    for cell in range(first // 2, (beyond + 1) // 2):
        has_left, has_right = first <= 2 * cell, beyond > 2 * cell + 1
        cells.append("█" if has_left and has_right else "▌" if has_left else "▐")
    return "".join(cells)


def _wrapped(text: str, columns: int) -> Iterator[Text]:
    for line in wrap(text, columns, subsequent_indent="  "):
        yield Text(line, DIM)


def _row(node: Node, layout: Layout, styles: Mapping[str, Style]) -> Text:
    span = node.span
    style = ERROR if span.is_error else styles[span.service]
    line = cut(_label(node, layout.levels, styles), layout.name_cells)
    line.pad_right(layout.name_cells - line.cell_len + 1)
    drawn = bar(layout.axis, span.start_unix_nano, span.end_unix_nano)
    line.append(drawn.ljust(layout.axis.cells), style)
    duration = format_duration(span.duration_nano) if span.has_end else "no end"
    return line.append(f" {duration:>{_DURATION_CELLS}}", ERROR if span.is_error else "")


def _label(node: Node, levels: int, styles: Mapping[str, Style]) -> Text:
    span = node.span
    # A style of the text itself would be one of all its parts.
    label = Text().append(_guides(node, levels), DIM)
    if span.is_error:
        label.append(f"{ERROR_SIGN} ", ERROR)
    for mark in node.marks:
        label.append(f"{mark.sign} ", WARNING)
    style = styles.get(span.service, "")
    if node.parent is None or node.parent.service != span.service:
        label.append(f"{visible(span.service)} ", style)
    return label.append(visible(span.name) or "(no name)", ERROR if span.is_error else "")


def _guides(node: Node, levels: int) -> str:
    """Return the lines of the tree; of a deep one how many levels are left out, and the last ones."""
    skipped, last = "", node.last
    if node.depth > levels:
        skipped = f"{node.depth - levels + 1}» "
        last = last[len(last) - levels + 1 :]
    if not last:
        return skipped
    above = "".join("  " if is_last else "│ " for is_last in last[:-1])
    return f"{skipped}{above}{'└╴' if last[-1] else '├╴'}"
