"""One trace: whole, or page by page, as JSON or as OTLP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from otel_worker.api.message import Request, Response
from otel_worker.api.parameters import parse_limit, parse_query, parse_trace_id
from otel_worker.api.router import Collector
from otel_worker.errors import InvalidParameter, NotFound
from otel_worker.model import TracePart
from otel_worker.otlp.json_encoder import encode_traces_json
from otel_worker.otlp.protobuf_encoder import encode_traces_protobuf
from otel_worker.otlp.response import JSON, PROTOBUF
from otel_worker.render import render_spans, render_summary
from otel_worker.store.blocks import encode_json, summarize_part
from otel_worker.store.listing import MAX_UNIX_NANO
from otel_worker.store.read import read_summaries
from otel_worker.store.span_pages import SpanPage, SpanPosition, read_span_page

# What one answer holds, as it is stored; an isolate has 128 MB for all its requests, and a span takes several
# times its size while it is written as JSON.
MAX_TRACE_SPANS = 10_000
MAX_TRACE_BYTES = 8_000_000
DEFAULT_LIMIT = 1_000
MAX_LIMIT = 10_000

_GET_PARAMETERS = frozenset({"format"})
_LIST_PARAMETERS = frozenset({"format", "limit", "cursor"})
_CURSOR = re.compile(r"([0-9]{1,19})-([0-9a-f]{16})", re.ASCII)


async def get_trace(collector: Collector, request: Request, trace_id: str) -> Response:
    """GET /v1/traces/{traceId}: summary and spans, or TracesData when OTLP is asked for.

    Of a very large trace these are the first spans, with a Link to the page of the next ones.
    """
    trace_id = parse_trace_id(trace_id)
    parameters = parse_query(request.query, _GET_PARAMETERS)
    otlp = _otlp_of(request, parameters)
    page = await read_span_page(collector.database, trace_id, MAX_TRACE_SPANS, MAX_TRACE_BYTES)
    if page is None:
        raise NotFound(f"there is no trace {trace_id}")
    headers = _link_to_next(trace_id, page, parameters)
    if otlp is not None:
        return _otlp_response(page.part, otlp, headers)
    head = summarize_part(page.part)
    if page.next is not None:
        summaries = await read_summaries(collector.database, [trace_id])
        # Unless it was deleted in between.
        head = summaries[trace_id].head if trace_id in summaries else head
    summary = encode_json(render_summary(head))
    body = b'%s,"spans":%s}' % (summary.removesuffix(b"}"), _encode_spans(page.part))
    return Response(200, body, JSON, headers)


async def list_spans(collector: Collector, request: Request, trace_id: str) -> Response:
    """GET /v1/traces/{traceId}/spans: the spans by start, with a Link to the next page; or TracesData."""
    trace_id = parse_trace_id(trace_id)
    parameters = parse_query(request.query, _LIST_PARAMETERS)
    otlp = _otlp_of(request, parameters)
    limit = parse_limit(parameters.get("limit", ""), DEFAULT_LIMIT, MAX_LIMIT)
    after = _parse_cursor(parameters.get("cursor", ""))
    page = await read_span_page(collector.database, trace_id, limit, MAX_TRACE_BYTES, after)
    if page is None:
        if after is None:
            raise NotFound(f"there is no trace {trace_id}")
        page = SpanPage(TracePart(trace_id, []), None)
    headers = _link_to_next(trace_id, page, parameters)
    if otlp is not None:
        return _otlp_response(page.part, otlp, headers)
    return Response(200, _encode_spans(page.part), JSON, headers)


def _encode_spans(part: TracePart) -> bytes:
    """Return the spans as a JSON array, encoded one by one: as objects together they take far more memory."""
    return b"[%s]" % b",".join(map(encode_json, render_spans(part)))


def _otlp_of(request: Request, parameters: Mapping[str, str]) -> str | None:
    """Return the encoding in which OTLP is asked for, or None for the API's own JSON."""
    output = parameters.get("format")
    if output not in (None, "otlp"):
        raise InvalidParameter("format", output, "otlp, or left out")
    if PROTOBUF in (request.header("Accept") or "").lower():
        return PROTOBUF
    return JSON if output else None


def _otlp_response(part: TracePart, media_type: str, headers: tuple[tuple[str, str], ...]) -> Response:
    encode = encode_traces_protobuf if media_type == PROTOBUF else encode_traces_json
    return Response(200, encode(part), media_type, headers)


def _link_to_next(
    trace_id: str, page: SpanPage, parameters: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return the Link header, if there is a next page."""
    if page.next is None:
        return ()
    target = urlencode({**parameters, "cursor": _format_cursor(page.next)})
    return (("Link", f'</v1/traces/{trace_id}/spans?{target}>; rel="next"'),)


def _parse_cursor(text: str) -> SpanPosition | None:
    """Return the position of a cursor made by `_format_cursor`; "" is the beginning."""
    if not text:
        return None
    match = _CURSOR.fullmatch(text)
    if match is None or int(match[1]) > MAX_UNIX_NANO:
        raise InvalidParameter("cursor", text, 'taken from the Link header of the page before, rel="next"')
    return SpanPosition(int(match[1]), match[2])


def _format_cursor(position: SpanPosition) -> str:
    return f"{position.start_unix_nano}-{position.span_id}"
