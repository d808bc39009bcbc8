"""The tool `get_trace_topology`: the shape of a trace at about 200 bytes a span."""

from __future__ import annotations

from typing import Annotated

from mcp_types import CallToolResult
from pydantic import Field

from otel_worker_cli.mcp.bounds import Budget
from otel_worker_cli.mcp.collector import Collector
from otel_worker_cli.mcp.document import Document, to_result
from otel_worker_cli.mcp.fields import Offset, Root, TraceId
from otel_worker_cli.mcp.trace_facts import ServiceNames, Trace, TraceAnswer, read_trace
from otel_worker_cli.mcp.untrusted import Texts
from otel_worker_cli.terminal.formats import format_duration
from otel_worker_cli.terminal.span_tree import Mark

_NAME_BYTES = 120
_MARKS = {
    Mark.ORPHAN: "parentMissing",
    Mark.CYCLE: "ancestorsInCircle",
    Mark.BEFORE_PARENT: "startsBeforeParent",
    Mark.NO_END: "hasNoEnd",
}
# The usual ones go without saying.
_UNSAID_KINDS = ("INTERNAL", "UNSPECIFIED")


class TopologySpan(Document):
    """One span. What is not there is false or 0: `error`, `marks`, `kind` of an internal one."""

    span_id: str
    parent_span_id: str | None = None
    depth: int
    service: int = Field(description="Its place in services, from 0.")
    name: str
    kind: str | None = None
    start_offset_nano: int = Field(description="From the start of the trace.")
    duration_nano: int
    duration: str
    error: bool | None = None
    marks: list[str] | None = Field(default=None, description="What is unusual about it.")
    hidden_below: int | None = Field(default=None, description="So many spans below it are not shown.")


class TopologySpans(Document):
    """Each span behind its parent, and those of one parent by their start."""

    services: list[str]
    spans: list[TopologySpan]


class TopologyAnswer(TraceAnswer):
    """The shape of a trace."""

    shown_span_count: int
    matching_span_count: int = Field(description="What was asked for: offset counts within it.")
    untrusted_telemetry: TopologySpans


class TopologyTools:
    """The tool over a collector."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    async def get_trace_topology(
        self,
        trace_id: TraceId,
        root_span_id: Root = None,
        max_depth: Annotated[
            int | None, Field(ge=0, le=10_000, description="0: only the spans at the top.")
        ] = None,
        offset: Offset = 0,
    ) -> Annotated[CallToolResult, TopologyAnswer]:
        """Show the tree of a trace: who called whom, when, for how long, and what failed; no attributes.

        Of a large trace look at max_depth=2 first, and then below one span with root_span_id. Go on with
        get_span_details of a few spanIds.
        """
        trace = await read_trace(self._collector, trace_id)
        root = None if root_span_id is None else trace.find(root_span_id)
        return to_result(topology_answer(trace, root, max_depth, offset))


def topology_answer(
    trace: Trace, root: int | None = None, max_depth: int | None = None, offset: int = 0
) -> TopologyAnswer:
    """Return the answer for the span at `root` and all below it, `max_depth` levels; None: everything."""
    texts, budget = Texts(), Budget()
    services = ServiceNames(texts, budget)
    nodes = trace.tree.nodes
    start, stop = (0, len(nodes)) if root is None else (root, trace.tree.ends[root])
    lowest = None if max_depth is None else max_depth + (0 if root is None else nodes[root].depth)
    places = [place for place in range(start, stop) if lowest is None or nodes[place].depth <= lowest]
    rows = budget.fill(_row(trace, place, lowest, services, texts) for place in places[offset:])
    answer = TopologyAnswer.model_validate(
        {
            **trace.head,
            "shown_span_count": len(rows),
            "matching_span_count": len(places),
            "cut_texts": texts.cut_count or None,
            "untrusted_telemetry": TopologySpans(services=services.shown, spans=rows),
        }
    )
    following = offset + len(rows)
    if following < len(places):
        answer.leave_out(
            f"Call again with offset={following}, or with max_depth, or with root_span_id for what is below "
            "one span; get_critical_path and get_trace_errors find what is slow and what failed."
        )
    trace.mind_the_rest(answer)
    return answer


def _row(trace: Trace, place: int, lowest: int | None, services: ServiceNames, texts: Texts) -> TopologySpan:
    node = trace.tree.nodes[place]
    span = node.span
    hidden = trace.tree.ends[place] - place - 1 if lowest is not None and node.depth >= lowest else 0
    return TopologySpan(
        span_id=texts.show(span.span_id, 16),
        parent_span_id=texts.show(span.parent_span_id, 16) or None,
        depth=node.depth,
        service=services.number_of(span.service),
        name=texts.show(span.name, _NAME_BYTES),
        kind=None if span.kind in _UNSAID_KINDS else texts.show(span.kind, 16),
        start_offset_nano=span.start_unix_nano - trace.summary.start_unix_nano,
        duration_nano=span.duration_nano,
        duration=format_duration(span.duration_nano),
        error=True if span.is_error else None,
        marks=[_MARKS[mark] for mark in node.marks] or None,
        hidden_below=hidden or None,
    )
