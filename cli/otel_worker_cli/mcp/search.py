"""The tool `search_traces`: summaries of the traces that match, newest first."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp_types import CallToolResult
from pydantic import Field

from otel_worker_cli.client import TraceSummary
from otel_worker_cli.client.pages import Parameters
from otel_worker_cli.mcp.bounds import Budget
from otel_worker_cli.mcp.collector import Collector, FoundTraces
from otel_worker_cli.mcp.document import Answer, Document, to_result
from otel_worker_cli.mcp.fields import Moment, Name
from otel_worker_cli.mcp.moments import show_time
from otel_worker_cli.mcp.untrusted import Texts
from otel_worker_cli.terminal.formats import format_duration

MAX_TRACES = 100

_NAME_BYTES = 200
_SHOWN_SERVICES = 5

Condition = Annotated[str, Field(min_length=1, max_length=2_000)]
Duration = Annotated[str, Field(max_length=30, description='Of the whole trace, such as "250ms" or "1.5s".')]


class TraceRow(Document):
    """One trace; `services` has a few of them."""

    trace_id: str
    root_service: str
    root_name: str
    services: list[str]
    service_count: int
    start_time: str
    start_time_unix_nano: str
    duration: str
    duration_nano: int
    span_count: int
    error_count: int


class FoundRows(Document):
    """Traces, newest first."""

    traces: list[TraceRow]


class SearchAnswer(Answer):
    """The traces that match."""

    next_cursor: str | None = Field(default=None, description="For the same call again: what follows.")
    untrusted_telemetry: FoundRows


class SearchTools:
    """The tool over a collector."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    async def search_traces(
        self,
        service: Name | None = None,
        operation: Annotated[Name | None, Field(description="The whole name of a span.")] = None,
        status: Annotated[
            Literal["error"] | None, Field(description="Only traces with a failed span.")
        ] = None,
        min_duration: Duration | None = None,
        max_duration: Duration | None = None,
        attributes: Annotated[
            list[Condition] | None,
            Field(
                max_length=8,
                description="Conditions on attributes of a span or its resource: key=value, key!=value, "
                'key>=500, key~part of a text, "key exists". No quotes, no patterns.',
            ),
        ] = None,
        start: Moment = None,
        end: Moment = None,
        limit: Annotated[int, Field(ge=1, le=MAX_TRACES)] = 20,
        cursor: Annotated[
            str | None, Field(max_length=500, description="nextCursor of an answer to the same search.")
        ] = None,
    ) -> Annotated[CallToolResult, SearchAnswer]:
        """Find traces, newest first, without their spans. All conditions have to hold for one span of it.

        Without conditions: the newest traces. Go on with get_trace_topology of a traceId.
        """
        asked = {
            "service": service,
            "name": operation,
            "status": status,
            "minDuration": min_duration,
            "maxDuration": max_duration,
            "start": start and self._collector.moment(start),
            "end": end and self._collector.moment(end),
            "cursor": cursor,
        }
        parameters = [(name, value) for name, value in asked.items() if value]
        parameters += [("attr", condition) for condition in attributes or ()]
        return to_result(await self._read(parameters, limit))

    async def _read(self, parameters: Parameters, limit: int) -> SearchAnswer:
        """Return the answer with as many traces as there is room for, and the cursor behind these."""
        while True:
            answer = _answer(await self._collector.search_traces(parameters, limit), limit)
            shown = len(answer.untrusted_telemetry.traces)
            if not answer.truncated or answer.next_cursor or shown == 0:
                return answer
            limit = shown


def _answer(found: FoundTraces, limit: int) -> SearchAnswer:
    """Return the answer. What there is no room for is left out without a cursor: then fewer are asked for."""
    texts = Texts()
    rows = Budget().fill(_row(summary, texts) for summary in found.summaries)
    answer = SearchAnswer(cut_texts=texts.cut_count or None, untrusted_telemetry=FoundRows(traces=rows))
    if len(rows) < len(found.summaries):
        answer.leave_out("Call again with a smaller limit.")
    elif found.cursor:
        answer.next_cursor = found.cursor
        why = "" if len(rows) >= limit else "The search stopped after much work, so there may be older ones. "
        answer.leave_out(f"{why}Call again with the same arguments and cursor=nextCursor, or narrow it down.")
    return answer


def _row(summary: TraceSummary, texts: Texts) -> TraceRow:
    return TraceRow(
        trace_id=texts.show(summary.trace_id, 32),
        root_service=texts.show(summary.root_service, _NAME_BYTES),
        root_name=texts.show(summary.root_name, _NAME_BYTES),
        services=[texts.show(service, _NAME_BYTES) for service in summary.services[:_SHOWN_SERVICES]],
        service_count=len(summary.services),
        start_time=show_time(summary.start_unix_nano),
        start_time_unix_nano=str(summary.start_unix_nano),
        duration=format_duration(summary.duration_nano),
        duration_nano=summary.duration_nano,
        span_count=summary.span_count,
        error_count=summary.error_count,
    )
