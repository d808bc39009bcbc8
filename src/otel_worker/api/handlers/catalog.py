"""The names for menus: services, their operations, attributes and their values."""

from __future__ import annotations

from urllib.parse import unquote

from otel_worker.api.message import Request, Response, json_response
from otel_worker.api.parameters import parse_limit, parse_query
from otel_worker.api.router import Collector
from otel_worker.store import catalog

# All there can be of the attributes, which are the most.
MAX_NAMES = catalog.MAX_ATTRIBUTES
DEFAULT_VALUES = 100
MAX_VALUES = 1_000

_PARAMETERS = frozenset({"limit"})


async def list_services(collector: Collector, request: Request) -> Response:
    """GET /v1/services: an array of names, sorted."""
    limit = _limit_of(request, MAX_NAMES, MAX_NAMES)
    return json_response(await catalog.list_services(collector.database, limit))


async def list_operations(collector: Collector, request: Request, service: str) -> Response:
    """GET /v1/services/{service}/operations: an array of span names, sorted; empty for an unknown service."""
    limit = _limit_of(request, MAX_NAMES, MAX_NAMES)
    return json_response(await catalog.list_operations(collector.database, unquote(service), limit))


async def list_attributes(collector: Collector, request: Request) -> Response:
    """GET /v1/attributes: an array of the keys of span and resource attributes, sorted."""
    limit = _limit_of(request, MAX_NAMES, MAX_NAMES)
    return json_response(await catalog.list_attributes(collector.database, limit))


async def list_values(collector: Collector, request: Request, key: str) -> Response:
    """GET /v1/attributes/{key}/values: `{"value", "count"}`, the most frequent first, of the newest spans."""
    limit = _limit_of(request, DEFAULT_VALUES, MAX_VALUES)
    values = await catalog.list_values(collector.database, unquote(key), limit)
    return json_response([{"value": value, "count": count} for value, count in values])


def _limit_of(request: Request, default: int, maximum: int) -> int:
    return parse_limit(parse_query(request.query, _PARAMETERS).get("limit", ""), default, maximum)
