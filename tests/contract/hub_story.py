"""What the cases of the hub contract export and hear; each case keeps to traces and a day of its own."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

_FIRST_DAY_NANO = 1_577_836_800_000_000_000  # 2020
_DAY_NANO = 86_400_000_000_000
_ERROR = 2
_numbers = itertools.count(1)


class SpanOf(NamedTuple):
    """A span of the trace with this number; `span` gives its id."""

    trace: int
    span: int = 1
    service: str = "shop"
    name: str = "work"
    is_error: bool = False
    at_ms: int = 0
    for_nano: int = 1_000_000


class Story:
    """The traces of one case."""

    def __init__(self) -> None:
        self._number = next(_numbers)
        self._start_unix_nano = _FIRST_DAY_NANO + self._number * _DAY_NANO

    def trace_id(self, trace: int) -> str:
        return f"{self._number + 1000:08x}{trace:024x}"

    def ids(self, *spans: SpanOf) -> list[list[str]]:
        """Return [trace id, span id] of each span, as spanAdded names them."""
        return [[self.trace_id(span.trace), f"{span.span:016x}"] for span in spans]

    def body(self, *spans: SpanOf) -> bytes:
        """Return an export request in OTLP JSON."""
        return json.dumps({"resourceSpans": [self._resource_spans(span) for span in spans]}).encode()

    def query(self, conditions: dict[str, str]) -> dict[str, str]:
        """Return the parameters of the list of this case's traces."""
        end_unix_nano = self._start_unix_nano + _DAY_NANO - 1
        return {"start": str(self._start_unix_nano), "end": str(end_unix_nano), "limit": "1000", **conditions}

    def _resource_spans(self, span: SpanOf) -> dict[str, Any]:
        start_unix_nano = self._start_unix_nano + span.trace * 1_000_000_000 + span.at_ms * 1_000_000
        attributes = [{"key": "service.name", "value": {"stringValue": span.service}}]
        fields = {
            "traceId": self.trace_id(span.trace),
            "spanId": f"{span.span:016x}",
            "name": span.name,
            "startTimeUnixNano": str(start_unix_nano),
            "endTimeUnixNano": str(start_unix_nano + span.for_nano),
            "status": {"code": _ERROR if span.is_error else 0},
        }
        return {"resource": {"attributes": attributes}, "scopeSpans": [{"spans": [fields]}]}


class Message(NamedTuple):
    """A message of the hub."""

    kind: str
    details: Any = None
    message_id: str | None = None


def read_frame(frame: str) -> list[Message]:
    """Return the messages of a frame."""
    decoded = json.loads(frame)
    messages = decoded if isinstance(decoded, list) else [decoded]
    assert all(set(message) <= {"type", "details", "messageId"} for message in messages), frame
    return [Message(each["type"], each.get("details"), each.get("messageId")) for each in messages]


def new_spans(messages: Iterable[Message]) -> list[list[str]]:
    """Return [trace id, span id] of all spans that the messages call new."""
    return [ids for each in messages if each.kind == "spanAdded" for ids in each.details["newSpans"]]


def updates(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Return the summaries in the messages."""
    return [each.details for each in messages if each.kind == "traceUpdated"]


def updated(messages: Iterable[Message]) -> list[str]:
    """Return the trace ids of the summaries in the messages."""
    return [str(summary["traceId"]) for summary in updates(messages)]
