"""Traces: list, get, delete."""

from __future__ import annotations

from urllib.parse import urlencode

from otel_worker.api.message import Request, Response, json_response
from otel_worker.api.parameters import (
    format_cursor,
    parse_cursor,
    parse_limit,
    parse_query,
    parse_time,
    parse_trace_id,
)
from otel_worker.api.router import Collector
from otel_worker.errors import InvalidParameter, NotFound
from otel_worker.otlp.json_encoder import encode_traces_json
from otel_worker.otlp.protobuf_encoder import encode_traces_protobuf
from otel_worker.otlp.response import JSON, PROTOBUF
from otel_worker.render import render_spans, render_summary
from otel_worker.store import delete, listing
from otel_worker.store.blocks import summarize_part
from otel_worker.store.listing import MAX_UNIX_NANO, TraceQuery
from otel_worker.store.read import read_trace

DEFAULT_LIMIT = 20
MAX_LIMIT = 1000

_LIST_PARAMETERS = frozenset({"limit", "start", "end", "time", "cursor"})
_GET_PARAMETERS = frozenset({"format"})


async def list_traces(collector: Collector, request: Request) -> Response:
    """GET /v1/traces: summaries, newest first, with a Link to the next page."""
    parameters = parse_query(request.query, _LIST_PARAMETERS)
    if "end" in parameters and "time" in parameters:
        raise InvalidParameter("time", parameters["time"], "left out when end is given: they are the same")
    end_name = "time" if "time" in parameters else "end"
    query = TraceQuery(
        limit=parse_limit(parameters.get("limit", ""), DEFAULT_LIMIT, MAX_LIMIT),
        start_unix_nano=parse_time("start", parameters.get("start", ""), 0),
        end_unix_nano=parse_time(end_name, parameters.get(end_name, ""), MAX_UNIX_NANO),
        after=parse_cursor(parameters.get("cursor", "")),
    )
    page = await listing.list_traces(collector.database, query)
    headers: tuple[tuple[str, str], ...] = ()
    if page.next is not None:
        target = urlencode({**parameters, "cursor": format_cursor(page.next)})
        headers = (("Link", f'</v1/traces?{target}>; rel="next"'),)
    return json_response([render_summary(head) for head in page.heads], headers=headers)


async def get_trace(collector: Collector, request: Request, trace_id: str) -> Response:
    """GET /v1/traces/{traceId}: summary and spans, or TracesData when OTLP is asked for."""
    trace_id = parse_trace_id(trace_id)
    output = parse_query(request.query, _GET_PARAMETERS).get("format")
    if output not in (None, "otlp"):
        raise InvalidParameter("format", output, "otlp, or left out")
    trace = await read_trace(collector.database, trace_id)
    if trace is None:
        raise NotFound(f"there is no trace {trace_id}")
    if PROTOBUF in (request.header("Accept") or "").lower():
        return Response(200, encode_traces_protobuf(trace), PROTOBUF)
    if output == "otlp":
        return Response(200, encode_traces_json(trace), JSON)
    return json_response({**render_summary(summarize_part(trace)), "spans": render_spans(trace)})


async def delete_trace(collector: Collector, request: Request, trace_id: str) -> Response:
    """DELETE /v1/traces/{traceId}."""
    trace_id = parse_trace_id(trace_id)
    if not await delete.delete_trace(collector.database, trace_id):
        raise NotFound(f"there is no trace {trace_id}")
    return Response(204)
