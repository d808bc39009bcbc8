"""The tool `get_trace_errors`: what failed in a trace, and where it began."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from mcp_types import CallToolResult
from pydantic import Field

from otel_worker_cli.analysis.failures import Failure, find_failures
from otel_worker_cli.mcp.bounds import Budget
from otel_worker_cli.mcp.collector import Collector
from otel_worker_cli.mcp.document import Document, to_result
from otel_worker_cli.mcp.fields import Offset, TraceId
from otel_worker_cli.mcp.span_parts import RaisedException, show_exceptions
from otel_worker_cli.mcp.trace_facts import Trace, TraceAnswer, read_trace
from otel_worker_cli.mcp.untrusted import Texts
from otel_worker_cli.terminal.formats import format_duration

_NAME_BYTES = 120
_SERVICE_BYTES = 60
_MESSAGE_BYTES = 500
_MAX_ANCESTORS = 8
_MAX_EXCEPTIONS = 3


class Ancestor(Document):
    """A span above a failed one."""

    span_id: str
    service: str
    name: str


class FailedSpan(Document):
    """A failed span; `isOrigin`: nothing below it failed, so look here first."""

    span_id: str
    service: str
    name: str
    kind: str
    is_origin: bool
    start_offset_nano: int = Field(description="From the start of the trace.")
    duration_nano: int
    duration: str
    status_message: str
    exceptions: list[RaisedException] = Field(
        description="A few; get_span_details has all, with their stacks."
    )
    ancestors: list[Ancestor] = Field(description="From the top down to its parent; of many the nearest.")


class FailedSpans(Document):
    """Origins first, then those above them, each by their start."""

    errors: list[FailedSpan]


class ErrorsAnswer(TraceAnswer):
    """The failed spans of a trace."""

    failed_span_count: int
    origin_count: int
    untrusted_telemetry: FailedSpans


class ErrorTools:
    """The tool over a collector."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    async def get_trace_errors(
        self, trace_id: TraceId, offset: Offset = 0
    ) -> Annotated[CallToolResult, ErrorsAnswer]:
        """Show what failed in a trace, the spans where a failure began first, with what they say about it."""
        return to_result(_answer(await read_trace(self._collector, trace_id), offset))


def _answer(trace: Trace, offset: int) -> ErrorsAnswer:
    texts = Texts()
    failures = find_failures(trace.tree)
    shown = Budget().fill(_rows(trace, failures[offset:], texts))
    answer = ErrorsAnswer.model_validate(
        {
            **trace.head,
            "failed_span_count": len(failures),
            "origin_count": sum(failure.is_origin for failure in failures),
            "untrusted_telemetry": FailedSpans(errors=shown),
            "cut_texts": texts.cut_count or None,
        }
    )
    following = offset + len(shown)
    if following < len(failures):
        answer.leave_out(f"Call again with offset={following}.")
    trace.mind_the_rest(answer)
    return answer


def _rows(trace: Trace, failures: list[Failure], texts: Texts) -> Iterator[FailedSpan]:
    for failure in failures:
        span = trace.tree.nodes[failure.place].span
        exceptions = list(show_exceptions(span.document["events"], texts))
        yield FailedSpan(
            span_id=texts.show(span.span_id, 16),
            service=texts.show(span.service, _SERVICE_BYTES),
            name=texts.show(span.name, _NAME_BYTES),
            kind=texts.show(span.kind, 16),
            is_origin=failure.is_origin,
            start_offset_nano=span.start_unix_nano - trace.summary.start_unix_nano,
            duration_nano=span.duration_nano,
            duration=format_duration(span.duration_nano),
            status_message=texts.show(str(span.document["status"]["message"]), _MESSAGE_BYTES),
            exceptions=exceptions[:_MAX_EXCEPTIONS],
            ancestors=_ancestors(trace, failure.place, texts),
        )


def _ancestors(trace: Trace, place: int, texts: Texts) -> list[Ancestor]:
    spans = [trace.tree.nodes[above].span for above in trace.tree.path_to(place)[:-1]]
    return [
        Ancestor(
            span_id=texts.show(span.span_id, 16),
            service=texts.show(span.service, _SERVICE_BYTES),
            name=texts.show(span.name, _NAME_BYTES),
        )
        for span in spans[-_MAX_ANCESTORS:]
    ]
