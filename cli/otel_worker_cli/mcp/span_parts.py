"""The parts of a span as answers show them: attributes, events, links and exceptions, within bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from otel_worker_cli.mcp.bounds import Budget
from otel_worker_cli.mcp.document import Document
from otel_worker_cli.mcp.untrusted import Texts

_KEY_BYTES = 200
_NAME_BYTES = 200
_TYPE_BYTES = 150
_MESSAGE_BYTES = 500


class Attribute(Document):
    """A key and its value: an array or a map is JSON as text. Without a value it was left unset."""

    key: str
    value: str | bool | int | float | None = None


class SpanEvent(Document):
    """Something that happened during a span."""

    name: str
    offset_nano: int
    attributes: list[Attribute]
    left_out_attributes: int | None = None


class SpanLink(Document):
    """Another span that this one has to do with; it may be of another trace."""

    trace_id: str
    span_id: str


class RaisedException(Document):
    """An exception that a span recorded."""

    type: str | None = None
    message: str | None = None


def show_attributes(attributes: Mapping[str, Any], texts: Texts, text_bytes: int) -> Iterator[Attribute]:
    """Yield attributes in their order."""
    for key, value in attributes.items():
        yield Attribute(key=texts.show(str(key), _KEY_BYTES), value=_show_value(value, texts, text_bytes))


def show_events(
    events: list[dict[str, Any]], start_unix_nano: int, texts: Texts, text_bytes: int
) -> Iterator[SpanEvent]:
    """Yield events in their order, each with as many attributes as two long texts take."""
    for event in events:
        attributes = Budget(2 * text_bytes).fill(show_attributes(event["attributes"], texts, text_bytes))
        yield SpanEvent(
            name=texts.show(str(event["name"]), _NAME_BYTES),
            offset_nano=int(event["timeUnixNano"]) - start_unix_nano,
            attributes=attributes,
            left_out_attributes=len(event["attributes"]) - len(attributes) or None,
        )


def show_links(links: list[dict[str, Any]], texts: Texts) -> Iterator[SpanLink]:
    """Yield links in their order."""
    for link in links:
        yield SpanLink(
            trace_id=texts.show(str(link["traceId"]), 32), span_id=texts.show(str(link["spanId"]), 16)
        )


def show_exceptions(events: list[dict[str, Any]], texts: Texts) -> Iterator[RaisedException]:
    """Yield what OpenTelemetry's conventions call an exception, without the stack trace."""
    for event in events:
        if event["name"] == "exception":
            attributes = event["attributes"]
            kind, message = attributes.get("exception.type"), attributes.get("exception.message")
            yield RaisedException(
                type=None if kind is None else texts.show(str(kind), _TYPE_BYTES),
                message=None if message is None else texts.show(str(message), _MESSAGE_BYTES),
            )


def _show_value(value: Any, texts: Texts, text_bytes: int) -> str | bool | int | float | None:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return texts.show(value if isinstance(value, str) else msgspec.json.encode(value).decode(), text_bytes)
