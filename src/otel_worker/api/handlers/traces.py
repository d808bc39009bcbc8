"""Traces: list and delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from otel_worker.api.message import Request, Response, json_response
from otel_worker.api.parameters import (
    format_cursor,
    parse_attribute,
    parse_cursor,
    parse_duration,
    parse_limit,
    parse_repeatable_query,
    parse_time,
    parse_trace_id,
)
from otel_worker.api.router import Collector
from otel_worker.errors import InvalidParameter, NotFound
from otel_worker.render import render_summary
from otel_worker.store import delete, listing
from otel_worker.store.conditions import SpanConditions
from otel_worker.store.listing import MAX_UNIX_NANO, TracePage, TraceQuery

DEFAULT_LIMIT = 20
MAX_LIMIT = 1000

# Each one is a part of the SQL statement.
MAX_ATTRIBUTES = 8

_LIST_PARAMETERS = frozenset(
    {
        "limit", "start", "end", "time", "cursor",
        "service", "name", "status", "attr", "link", "minDuration", "maxDuration",
    }
)  # fmt: skip
_REPEATABLE = frozenset({"attr"})


async def list_traces(collector: Collector, request: Request) -> Response:
    """GET /v1/traces: summaries of the traces that match, newest first, with a Link to the next page."""
    parameters = parse_repeatable_query(request.query, _LIST_PARAMETERS, _REPEATABLE)
    page = await listing.list_traces(collector.database, _to_query(parameters))
    headers: list[tuple[str, str]] = []
    if page.next is not None:
        target = urlencode({**parameters, "cursor": format_cursor(page.next)}, doseq=True)
        headers.append(("Link", f'</v1/traces?{target}>; rel="next"'))
    if page.searched_back_to_unix_nano is not None:
        headers.append(("Search-Incomplete", _describe_limit(page)))
    return json_response([render_summary(head) for head in page.heads], headers=tuple(headers))


def _describe_limit(page: TracePage) -> str:
    """Return what a client is told when the page is not full although there may be more."""
    return f"searched back to {page.searched_back_to_unix_nano}; the next page goes on from there"


def _to_query(parameters: Mapping[str, Sequence[str]]) -> TraceQuery:
    """Return the query that the parameters ask for; raises InvalidParameter."""

    def one(name: str) -> str:
        return parameters[name][0] if name in parameters else ""

    if "end" in parameters and "time" in parameters:
        raise InvalidParameter("time", one("time"), "left out when end is given: they are the same")
    end_name = "time" if "time" in parameters else "end"
    shortest_nano = parse_duration("minDuration", one("minDuration"), 0)
    longest_nano = parse_duration("maxDuration", one("maxDuration"), MAX_UNIX_NANO)
    if longest_nano < shortest_nano:
        wanted = f"at least minDuration, which is {one('minDuration')}"
        raise InvalidParameter("maxDuration", one("maxDuration"), wanted)
    return TraceQuery(
        limit=parse_limit(one("limit"), DEFAULT_LIMIT, MAX_LIMIT),
        start_unix_nano=parse_time("start", one("start"), 0),
        end_unix_nano=parse_time(end_name, one(end_name), MAX_UNIX_NANO),
        after=parse_cursor(one("cursor")),
        conditions=_to_conditions(
            one("service"), one("name"), one("status"), one("link"), parameters.get("attr", ())
        ),
        shortest_nano=shortest_nano,
        longest_nano=longest_nano,
    )


def _to_conditions(
    service: str, name: str, status: str, link: str, attributes: Sequence[str]
) -> SpanConditions:
    if status not in ("", "error"):
        raise InvalidParameter("status", status, "error, or left out")
    if len(attributes) > MAX_ATTRIBUTES:
        raise InvalidParameter("attr", attributes[-1], f"given at most {MAX_ATTRIBUTES} times")
    return SpanConditions(
        service=service or None,
        name=name or None,
        error=status == "error",
        attributes=tuple(parse_attribute(attribute) for attribute in attributes if attribute),
        linked_trace_id=parse_trace_id(link, "link") if link else None,
    )


async def delete_trace(collector: Collector, request: Request, trace_id: str) -> Response:
    """DELETE /v1/traces/{traceId}."""
    trace_id = parse_trace_id(trace_id)
    if not await delete.delete_trace(collector.database, trace_id):
        raise NotFound(f"there is no trace {trace_id}")
    return Response(204)
