"""Traces for people: lines of the list, and the head of one trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from rich.text import Text

from otel_worker_cli.client.model import TraceSummary
from otel_worker_cli.client.span import ReadSpan
from otel_worker_cli.terminal.colours import DIM, ERROR, HEADING, service_style, service_styles
from otel_worker_cli.terminal.columns import Column, Columns, cut
from otel_worker_cli.terminal.escape import visible
from otel_worker_cli.terminal.formats import format_age, format_count, format_duration, format_time

# Below, a trace takes two lines: its id alone has 32 characters, and has to stay whole to be copied.
MIN_TABLE_CELLS = 100

_COLUMNS = (
    Column("TRACE", 32),
    Column("DURATION", 9, is_number=True),
    Column("SPANS", 5, is_number=True),
    Column("ERRORS", 6, is_number=True),
)


class TraceLines:
    """Writes traces line by line, as a table or, where that is too narrow, in two lines each."""

    def __init__(self, width: int | None, time_title: str, time_of: Callable[[TraceSummary], str]) -> None:
        """`width` is that of the terminal; None: nothing is cut. `time_of` says when, as text."""
        self._width = width
        time_column = Column(time_title, 10, is_number=True)
        self._table = Columns([time_column, *_COLUMNS], "SERVICE AND NAME", width)
        self._is_table = width is None or width >= MIN_TABLE_CELLS
        self._time_of = time_of

    def heading(self) -> Iterator[Text]:
        """Yield the titles, of a table."""
        if self._is_table:
            yield self._table.heading()

    def lines(self, trace: TraceSummary) -> Iterator[Text]:
        """Yield the line or the lines of a trace."""
        time = self._time_of(trace)
        duration = format_duration(trace.duration_nano)
        errors = Text(str(trace.error_count), ERROR) if trace.error_count else Text("-", DIM)
        if self._is_table:
            cells = [time, visible(trace.trace_id), duration, f"{trace.span_count:,}"]
            yield self._table.line([*map(Text, cells), errors, root_of(trace)])
            return
        counts = format_count(trace.span_count, "span")
        facts = Text.assemble(f"{duration}, {counts}")
        if trace.error_count:
            facts.append(", ").append(format_count(trace.error_count, "error"), ERROR)
        yield cut(root_of(trace), self._width)
        yield cut(Text.assemble("  ", facts, (f", {time}", DIM)), self._width)
        yield Text(f"  {visible(trace.trace_id)}", DIM)


def root_of(trace: TraceSummary) -> Text:
    """Return service and name of the root, and how many other services there are."""
    text = Text.assemble(
        (visible(trace.root_service), service_style(trace.root_service)),
        " ",
        visible(trace.root_name) or "(no name)",
    )
    others = len(set(trace.services) - {trace.root_service})
    return text.append(f" +{format_count(others, 'service')}", DIM) if others else text


def trace_head(
    trace: TraceSummary, spans: Sequence[ReadSpan], width: int, now_unix_nano: int
) -> Iterator[Text]:
    """Yield what is said above the waterfall of a trace."""
    yield Text.assemble("Trace ", (visible(trace.trace_id), HEADING))
    age = format_age(trace.start_unix_nano, now_unix_nano)
    yield cut(_fact("Started", f"{age}, {format_time(trace.start_unix_nano)}"), width)
    yield _fact("Duration", format_duration(trace.duration_nano))
    counted = Text(f"{trace.span_count:,}")
    if trace.error_count:
        counted.append(", ").append(f"{trace.error_count:,} with an error", ERROR)
    yield _fact("Spans", counted)
    counts = Counter(span.service for span in spans)
    styles = service_styles(span.service for span in spans)
    services = Text("  ").join(
        Text.assemble((visible(service), styles[service]), (f" {count:,}", DIM))
        for service, count in counts.items()
    )
    yield cut(_fact("Services", services), width)


def _fact(title: str, value: Text | str) -> Text:
    return Text.assemble((f"  {title:<10}", DIM), value)
