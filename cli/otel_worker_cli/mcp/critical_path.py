"""The tool `get_critical_path`: where the time of a trace went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated

from mcp_types import CallToolResult
from pydantic import Field

from otel_worker_cli.analysis.critical_path import Segment, find_critical_path, find_main_root
from otel_worker_cli.mcp.bounds import HEAD_BYTES, MAX_ANSWER_BYTES, Budget
from otel_worker_cli.mcp.collector import Collector
from otel_worker_cli.mcp.document import Document, to_result
from otel_worker_cli.mcp.fields import Root, TraceId
from otel_worker_cli.mcp.trace_facts import ServiceNames, Trace, TraceAnswer, read_trace
from otel_worker_cli.mcp.untrusted import Texts
from otel_worker_cli.terminal.formats import format_duration

_NAME_BYTES = 120
_MAX_OPERATIONS = 20
_OPERATIONS_BYTES = 8_000


class OperationTime(Document):
    """The time on the path of all spans of one service and name."""

    service: int
    name: str
    segment_count: int
    duration_nano: int
    duration: str
    percent: float


class PathSegment(Document):
    """A part of the path, in which this span and none of those below it was the reason to wait."""

    span_id: str
    service: int
    name: str
    start_offset_nano: int = Field(description="From the start of the root of this path.")
    duration_nano: int
    duration: str
    percent: float


class Path(Document):
    """Operations with the most time first; segments by time."""

    root_name: str
    services: list[str] = Field(description="service is a place in it, from 0.")
    operations: list[OperationTime]
    segments: list[PathSegment]


class CriticalPathAnswer(TraceAnswer):
    """The critical path below one root: its segments add up to the duration of the root."""

    root_span_id: str
    root_duration_nano: int
    root_duration: str
    other_root_count: int = Field(description="Spans without a parent here that this path is not about.")
    segment_count: int
    left_out_nano: int = Field(description="Of the segments that are not shown.")
    untrusted_telemetry: Path


class CriticalPathTools:
    """The tool over a collector."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    async def get_critical_path(
        self, trace_id: TraceId, root_span_id: Root = None
    ) -> Annotated[CallToolResult, CriticalPathAnswer]:
        """Show where the time of a trace went: the chain of spans that its duration consists of.

        Only what is on it makes the trace faster when it becomes faster. Each moment belongs to one span.
        """
        trace = await read_trace(self._collector, trace_id)
        root = find_main_root(trace.tree) if root_span_id is None else trace.find(root_span_id)
        return to_result(_answer(trace, root))


def _answer(trace: Trace, root: int) -> CriticalPathAnswer:
    path = find_critical_path(trace.tree, root)
    whole_nano = sum(segment.duration_nano for segment in path)
    texts, budget = Texts(), Budget(MAX_ANSWER_BYTES - HEAD_BYTES - _OPERATIONS_BYTES)
    services = ServiceNames(texts, budget)
    operations = Budget(_OPERATIONS_BYTES).fill(_operations(trace, path, services, texts))
    longest_first = sorted(path, key=lambda segment: (-segment.duration_nano, segment.start_unix_nano))
    origin_unix_nano = path[0].start_unix_nano if path else 0
    shown = budget.fill(
        _segment(trace, segment, origin_unix_nano, whole_nano, services, texts) for segment in longest_first
    )
    shown.sort(key=lambda segment: segment.start_offset_nano)
    span = trace.tree.nodes[root].span
    answer = CriticalPathAnswer.model_validate(
        {
            **trace.head,
            "root_span_id": texts.show(span.span_id, 16),
            "root_duration_nano": whole_nano,
            "root_duration": format_duration(whole_nano),
            "other_root_count": len(trace.tree.roots) - (root in trace.tree.roots),
            "segment_count": len(path),
            "left_out_nano": whole_nano - sum(segment.duration_nano for segment in shown),
            "untrusted_telemetry": Path(
                root_name=texts.show(span.name, _NAME_BYTES),
                services=services.shown,
                operations=operations,
                segments=shown,
            ),
            "cut_texts": texts.cut_count or None,
        }
    )
    if len(shown) < len(path):
        answer.leave_out(
            "These are the longest segments; call again with root_span_id set to a span whose part you want."
        )
    trace.mind_the_rest(answer)
    return answer


def _operations(
    trace: Trace, path: Sequence[Segment], services: ServiceNames, texts: Texts
) -> list[OperationTime]:
    """Return the operations with the most time on the path, a few of them."""
    whole_nano = sum(segment.duration_nano for segment in path)
    nanos: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for segment in path:
        span = trace.tree.nodes[segment.place].span
        nanos[span.service, span.name].append(segment.duration_nano)
    longest_first = sorted(nanos.items(), key=lambda item: (-sum(item[1]), item[0]))
    return [
        OperationTime(
            service=services.number_of(service),
            name=texts.show(name, _NAME_BYTES),
            segment_count=len(durations),
            duration_nano=sum(durations),
            duration=format_duration(sum(durations)),
            percent=_percent(sum(durations), whole_nano),
        )
        for (service, name), durations in longest_first[:_MAX_OPERATIONS]
    ]


def _segment(
    trace: Trace,
    segment: Segment,
    origin_unix_nano: int,
    whole_nano: int,
    services: ServiceNames,
    texts: Texts,
) -> PathSegment:
    span = trace.tree.nodes[segment.place].span
    return PathSegment(
        span_id=texts.show(span.span_id, 16),
        service=services.number_of(span.service),
        name=texts.show(span.name, _NAME_BYTES),
        start_offset_nano=segment.start_unix_nano - origin_unix_nano,
        duration_nano=segment.duration_nano,
        duration=format_duration(segment.duration_nano),
        percent=_percent(segment.duration_nano, whole_nano),
    )


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1)
