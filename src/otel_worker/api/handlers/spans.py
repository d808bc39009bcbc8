"""Single spans of a trace: get, delete."""

from __future__ import annotations

from otel_worker.api.message import Request, Response, json_response
from otel_worker.api.parameters import parse_span_id, parse_trace_id
from otel_worker.api.router import Collector
from otel_worker.errors import NotFound
from otel_worker.render import render_spans
from otel_worker.store import delete
from otel_worker.store.read import read_summaries
from otel_worker.store.span_pages import read_span


async def get_span(collector: Collector, request: Request, trace_id: str, span_id: str) -> Response:
    """GET /v1/traces/{traceId}/spans/{spanId}."""
    trace_id, span_id = parse_trace_id(trace_id), parse_span_id(span_id)
    part = await read_span(collector.database, trace_id, span_id)
    if part is None:
        if not await read_summaries(collector.database, [trace_id]):
            raise NotFound(f"there is no trace {trace_id}")
        raise _no_span(trace_id, span_id)
    (span,) = render_spans(part)
    return json_response(span)


async def delete_span(collector: Collector, request: Request, trace_id: str, span_id: str) -> Response:
    """DELETE /v1/traces/{traceId}/spans/{spanId}."""
    trace_id, span_id = parse_trace_id(trace_id), parse_span_id(span_id)
    if not await delete.delete_span(collector.database, trace_id, span_id):
        raise _no_span(trace_id, span_id)
    return Response(204)


def _no_span(trace_id: str, span_id: str) -> NotFound:
    return NotFound(f"there is no span {span_id} in trace {trace_id}")
