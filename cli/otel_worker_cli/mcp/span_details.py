"""The tool `get_span_details`: all that a few spans have."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import Field

from otel_worker_cli.client.span import ReadSpan
from otel_worker_cli.mcp.bounds import HEAD_BYTES, MAX_ANSWER_BYTES, Budget
from otel_worker_cli.mcp.collector import Collector
from otel_worker_cli.mcp.document import Answer, Document, to_result
from otel_worker_cli.mcp.fields import SpanId, TraceId
from otel_worker_cli.mcp.moments import show_time
from otel_worker_cli.mcp.span_parts import (
    Attribute,
    SpanEvent,
    SpanLink,
    show_attributes,
    show_events,
    show_links,
)
from otel_worker_cli.mcp.untrusted import Texts
from otel_worker_cli.terminal.formats import format_duration

MAX_SPANS = 20

# What is in a span in any case, without its texts: braces, names of members, ids, numbers.
_SKELETON_BYTES = 650


class LeftOut(Document):
    """So many of a span are not shown."""

    attributes: int
    events: int
    links: int
    resource_attributes: int


class SpanDetails(Document):
    """A span with its resource."""

    span_id: str
    parent_span_id: str
    service: str
    name: str
    kind: str
    status: str
    status_message: str
    start_time: str
    start_time_unix_nano: str
    duration_nano: int
    duration: str
    has_no_end: bool | None = None
    scope: str
    attributes: list[Attribute]
    events: list[SpanEvent]
    links: list[SpanLink]
    resource_attributes: list[Attribute]
    left_out: LeftOut | None = None


class FoundSpans(Document):
    """In the order in which they were asked for."""

    spans: list[SpanDetails]


class SpanDetailsAnswer(Answer):
    """A few spans of a trace."""

    trace_id: str
    not_found: list[str] | None = Field(default=None, description="Ids of no span of this trace.")
    untrusted_telemetry: FoundSpans


class SpanDetailsTools:
    """The tool over a collector."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    async def get_span_details(
        self,
        trace_id: TraceId,
        span_ids: Annotated[
            list[SpanId],
            Field(min_length=1, max_length=MAX_SPANS, description="16 hex digits each. Fewer get more room."),
        ],
    ) -> Annotated[CallToolResult, SpanDetailsAnswer]:
        """Show a few spans with all they have: attributes, events such as exceptions, links, resource."""
        # Each once, in the order in which they are asked for.
        ids = list(dict.fromkeys(span_id.lower() for span_id in span_ids))
        found = await self._collector.read_spans(trace_id.lower(), ids)
        spans = [span for span in found if span is not None]
        if not spans:
            raise ToolError(
                f"Trace {trace_id.lower()} has none of these spans, or does not exist: get_trace_topology "
                "lists the spans of a trace, search_traces the traces."
            )
        missing = [span_id for span_id, span in zip(ids, found, strict=True) if span is None]
        return to_result(_answer(trace_id.lower(), spans, missing))


def _answer(trace_id: str, spans: list[ReadSpan], missing: list[str]) -> SpanDetailsAnswer:
    texts = Texts()
    span_bytes = (MAX_ANSWER_BYTES - HEAD_BYTES) // len(spans)
    shown = [_details(span, texts, span_bytes) for span in spans]
    answer = SpanDetailsAnswer(
        trace_id=trace_id,
        not_found=missing or None,
        untrusted_telemetry=FoundSpans(spans=shown),
        cut_texts=texts.cut_count or None,
    )
    if texts.cut_count or any(span.left_out for span in shown):
        fewer = "Ask for fewer spans at once: each gets more room. " if len(shown) > 1 else ""
        answer.leave_out(f"{fewer}`otel-worker spans get` shows people a span whole.")
    return answer


def _details(span: ReadSpan, texts: Texts, span_bytes: int) -> SpanDetails:
    """Return a span in `span_bytes` of JSON: attributes get half of the room, events most of the rest."""
    document = span.document
    # Quotes and backslashes take two bytes in JSON. Six texts are there in any case.
    short_bytes = min(300, (span_bytes - _SKELETON_BYTES) // 12)
    long_bytes = span_bytes // 8
    budget = Budget(span_bytes - _SKELETON_BYTES)
    named = {
        name: texts.show(text, short_bytes)
        for name, text in (
            ("service", span.service),
            ("name", span.name),
            ("status_message", str(document["status"]["message"])),
            ("scope", f"{document['scope']['name']} {document['scope']['version']}".strip()),
        )
    }
    for text in named.values():
        budget.charge(text)
    resource = document["resource"]["attributes"]
    attributes = budget.fill_share(0.5, show_attributes(document["attributes"], texts, long_bytes))
    events = budget.fill_share(0.75, show_events(document["events"], span.start_unix_nano, texts, long_bytes))
    resource_attributes = budget.fill_share(0.75, show_attributes(resource, texts, long_bytes))
    links = budget.fill(show_links(document["links"], texts))
    left_out = LeftOut(
        attributes=len(document["attributes"]) - len(attributes),
        events=len(document["events"]) - len(events),
        links=len(document["links"]) - len(links),
        resource_attributes=len(resource) - len(resource_attributes),
    )
    return SpanDetails(
        **named,
        span_id=texts.show(span.span_id, 16),
        parent_span_id=texts.show(span.parent_span_id, 16),
        kind=texts.show(span.kind, 16),
        status=texts.show(str(document["status"]["code"]), 16),
        start_time=show_time(span.start_unix_nano),
        start_time_unix_nano=str(span.start_unix_nano),
        duration_nano=span.duration_nano,
        duration=format_duration(span.duration_nano),
        has_no_end=None if span.has_end else True,
        attributes=attributes,
        events=events,
        links=links,
        resource_attributes=resource_attributes,
        left_out=left_out if any(left_out.model_dump().values()) else None,
    )
