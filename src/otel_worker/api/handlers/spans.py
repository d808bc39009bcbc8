"""The spans of a trace: list, get, delete."""

from __future__ import annotations

from otel_worker.api.message import Request, Response, json_response
from otel_worker.api.parameters import parse_span_id, parse_trace_id
from otel_worker.api.router import Collector
from otel_worker.errors import NotFound
from otel_worker.model import TracePart
from otel_worker.render import render_spans
from otel_worker.store import delete
from otel_worker.store.read import read_trace


async def list_spans(collector: Collector, request: Request, trace_id: str) -> Response:
    """GET /v1/traces/{traceId}/spans: all spans, by start."""
    return json_response(render_spans(await _find_trace(collector, parse_trace_id(trace_id))))


async def get_span(collector: Collector, request: Request, trace_id: str, span_id: str) -> Response:
    """GET /v1/traces/{traceId}/spans/{spanId}."""
    trace_id, span_id = parse_trace_id(trace_id), parse_span_id(span_id)
    for span in render_spans(await _find_trace(collector, trace_id)):
        if span["spanId"] == span_id:
            return json_response(span)
    raise _no_span(trace_id, span_id)


async def delete_span(collector: Collector, request: Request, trace_id: str, span_id: str) -> Response:
    """DELETE /v1/traces/{traceId}/spans/{spanId}."""
    trace_id, span_id = parse_trace_id(trace_id), parse_span_id(span_id)
    if not await delete.delete_span(collector.database, trace_id, span_id):
        raise _no_span(trace_id, span_id)
    return Response(204)


async def _find_trace(collector: Collector, trace_id: str) -> TracePart:
    trace = await read_trace(collector.database, trace_id)
    if trace is None:
        raise NotFound(f"there is no trace {trace_id}")
    return trace


def _no_span(trace_id: str, span_id: str) -> NotFound:
    return NotFound(f"there is no span {span_id} in trace {trace_id}")
