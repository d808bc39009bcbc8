"""Spans for people: lines of a list, and all that is known of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import compress
from typing import Any

import msgspec
from rich.text import Text

from otel_worker_cli.client.span import ReadSpan
from otel_worker_cli.terminal.colours import DIM, ERROR, HEADING, service_style
from otel_worker_cli.terminal.columns import Column, Columns
from otel_worker_cli.terminal.escape import visible
from otel_worker_cli.terminal.formats import format_age, format_duration, format_time

# The columns, and from which width of the terminal on there is room for them beside the name.
_COLUMNS = (
    (0, Column("SPAN", 16)),
    (100, Column("PARENT", 16)),
    (70, Column("AT", 10, is_number=True)),
    (0, Column("DURATION", 9, is_number=True)),
    (100, Column("KIND", 8)),
)


class SpanLines:
    """Writes the spans of a trace line by line; the first one is the beginning that others are told from."""

    def __init__(self, width: int | None) -> None:
        """`width` is that of the terminal; None: nothing is cut."""
        self._is_shown = [width is None or width >= least for least, _ in _COLUMNS]
        columns = [column for _, column in compress(_COLUMNS, self._is_shown)]
        self._columns = Columns(columns, "SERVICE AND NAME", width)
        self._start_unix_nano: int | None = None

    def heading(self) -> Text:
        """Return the line of titles."""
        return self._columns.heading()

    def line(self, span: ReadSpan) -> Text:
        """Return the line of a span."""
        if self._start_unix_nano is None:
            self._start_unix_nano = span.start_unix_nano
        name = visible(span.name) or "(no name)"
        label = Text.assemble((visible(span.service), service_style(span.service)), " ")
        if span.is_error:
            label.append("✗ ", ERROR)
        label.append(name, ERROR if span.is_error else "")
        offset_nano = span.start_unix_nano - self._start_unix_nano
        cells = [
            Text(visible(span.span_id)),
            Text(visible(span.parent_span_id) or "-", DIM),
            Text(("+" if offset_nano > 0 else "") + format_duration(offset_nano) if offset_nano else "0"),
            Text(format_duration(span.duration_nano) if span.has_end else "no end"),
            Text(visible(span.kind).lower()),
        ]
        return self._columns.line([*compress(cells, self._is_shown), label])


def span_details(span: ReadSpan, now_unix_nano: int) -> Iterator[Text]:
    """Yield all that is known of a span, a line for each attribute, event and link."""
    document = span.document
    yield Text.assemble("Span ", (visible(span.span_id), HEADING), " ", visible(span.name) or "(no name)")
    yield _fact("Trace", visible(str(document.get("traceId", ""))))
    yield _fact("Parent", visible(span.parent_span_id) or "none")
    yield _fact("Service", Text(visible(span.service), service_style(span.service)))
    yield _fact("Kind", visible(span.kind).lower())
    age = format_age(span.start_unix_nano, now_unix_nano)
    yield _fact("Started", f"{format_time(span.start_unix_nano)} ({age})")
    yield _fact("Duration", format_duration(span.duration_nano) if span.has_end else "sent without an end")
    status = document.get("status", {})
    told = " ".join(part for part in (str(status.get("code", "")), str(status.get("message", ""))) if part)
    yield _fact("Status", Text(visible(told), ERROR if span.is_error else ""))
    if document.get("traceState"):
        yield _fact("State", visible(str(document["traceState"])))
    scope = document.get("scope", {})
    if scope.get("name"):
        yield _fact("Scope", visible(f"{scope['name']} {scope.get('version', '')}".rstrip()))
    yield from _attributes("Attributes", document.get("attributes", {}))
    yield from _attributes("Scope attributes", scope.get("attributes", {}))
    yield from _attributes("Resource", document.get("resource", {}).get("attributes", {}))
    yield from _events(span)
    yield from _links(document)
    yield from _dropped(document)


def _events(span: ReadSpan) -> Iterator[Text]:
    for event in span.document.get("events", ()):
        after = format_duration(int(event["timeUnixNano"]) - span.start_unix_nano)
        yield Text.assemble(("Event ", HEADING), visible(event["name"]), (f" after {after}", DIM))
        yield from _values(event.get("attributes", {}))


def _links(document: Mapping[str, Any]) -> Iterator[Text]:
    for link in document.get("links", ()):
        target = visible(f"{link['spanId']} in trace {link['traceId']}")
        yield Text.assemble(("Link ", HEADING), f"to span {target}")
        yield from _values(link.get("attributes", {}))


def _dropped(document: Mapping[str, Any]) -> Iterator[Text]:
    for field, noun in (("Attributes", "attributes"), ("Events", "events"), ("Links", "links")):
        count = document.get(f"dropped{field}Count", 0)
        if count:
            yield Text(f"{count:,} {noun} were dropped by whoever sent the span", DIM)


def _attributes(title: str, attributes: Mapping[str, Any]) -> Iterator[Text]:
    if attributes:
        yield Text(title, HEADING)
        yield from _values(attributes)


def _values(attributes: Mapping[str, Any]) -> Iterator[Text]:
    width = min(40, max((len(visible(key)) for key in attributes), default=0))
    for key, value in attributes.items():
        told = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        yield Text.assemble(f"  {visible(key):<{width}}  ", visible(told))


def _fact(title: str, value: Text | str) -> Text:
    return Text.assemble((f"  {title:<10}", DIM), value)
