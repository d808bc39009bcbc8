"""The application: one request in, one response out, whatever happens."""

from __future__ import annotations

import logging

from otel_worker.api.auth import Access, authenticate, authorize
from otel_worker.api.cors import allow_origin, answer_preflight, is_preflight
from otel_worker.api.message import Request, Response, WebSocketUpgrade, json_response
from otel_worker.api.router import Collector, Router
from otel_worker.api.routes import ROUTES
from otel_worker.errors import OtelWorkerError
from otel_worker.otlp.response import JSON, encode_status, media_type_of

_log = logging.getLogger(__name__)
_router = Router(ROUTES)
_OPEN_PATHS = frozenset(route.path for route in ROUTES if route.access is Access.OPEN)


async def handle(collector: Collector, request: Request) -> Response | WebSocketUpgrade:
    """Answer a request; never raises.

    The token is checked before anything else of the request is read or said, even whether a path exists.
    """
    if is_preflight(request):
        return answer_preflight(collector.settings, request)
    response = await _respond(collector, request)
    if isinstance(response, WebSocketUpgrade):
        return response
    return allow_origin(collector.settings, request, response)


async def _respond(collector: Collector, request: Request) -> Response | WebSocketUpgrade:
    try:
        if request.path in _OPEN_PATHS:
            route, values = _router.find(request)
        else:
            allowed = authenticate(collector.settings, request)
            route, values = _router.find(request)
            authorize(allowed, route.access)
        return await route.handler(collector, request, *values)
    except OtelWorkerError as error:
        if error.status == 500:
            _log.exception("%s %s failed", request.method, request.path)
        return error_response(request, error)
    except Exception:
        _log.exception("%s %s failed", request.method, request.path)
        return error_response(request, OtelWorkerError("an internal error; the collector's log says more"))


def error_response(request: Request, error: OtelWorkerError) -> Response:
    """Return an error as the API promises it: google.rpc.Status to OTLP clients, else one JSON shape."""
    headers = error.headers
    if error.retry_after_seconds is not None:
        headers += (("Retry-After", str(error.retry_after_seconds)),)
    # Only telemetry is posted here: an exporter with a wrong path in its endpoint has to read the answer too.
    if request.method == "POST":
        media_type = media_type_of(request.header("Content-Type")) or JSON
        return Response(error.status, encode_status(media_type, error), media_type, headers)
    return json_response({"error": {"code": error.code, "message": error.message}}, error.status, headers)
