"""The application: one request in, one response out, whatever happens."""

from __future__ import annotations

import logging

from otel_worker.api.auth import Access, authenticate, authorize
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
    if request.method == "POST" and request.path.startswith("/v1/"):
        media_type = media_type_of(request.header("Content-Type")) or JSON
        body = encode_status(media_type, error.grpc_code, error.message)
        return Response(error.status, body, media_type, error.headers)
    return json_response(
        {"error": {"code": error.code, "message": error.message}}, error.status, error.headers
    )
