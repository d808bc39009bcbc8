"""Cross-origin requests: pages of other origins that send or read telemetry (WHATWG Fetch, "CORS")."""

from __future__ import annotations

from dataclasses import replace

from otel_worker.api.message import Request, Response
from otel_worker.settings import Settings

# What exporters and the API's readers send; a preflight that asks for more is told no by their absence.
_ALLOWED_HEADERS = "authorization, content-type, content-encoding, accept"
_ALLOWED_METHODS = "GET, POST, DELETE"
# What a page may read of an answer besides its body.
_EXPOSED_HEADERS = "Link, Retry-After, Search-Incomplete"
# Browsers ask again after two hours at the latest, whatever is said here.
_MAX_AGE_SECONDS = 7200


def is_preflight(request: Request) -> bool:
    """Tell whether a browser asks for permission; such a request never carries a token."""
    return request.method == "OPTIONS" and request.header("Access-Control-Request-Method") is not None


def answer_preflight(settings: Settings, request: Request) -> Response:
    """Return the permission for an origin in CORS_ORIGINS; for others a 204 that permits nothing."""
    headers = _origin_headers(settings, request)
    if headers:
        headers = (
            *headers,
            ("Access-Control-Allow-Methods", _ALLOWED_METHODS),
            ("Access-Control-Allow-Headers", _ALLOWED_HEADERS),
            ("Access-Control-Max-Age", str(_MAX_AGE_SECONDS)),
        )
    return Response(204, headers=(*headers, ("Vary", "Origin")))


def allow_origin(settings: Settings, request: Request, response: Response) -> Response:
    """Return the response with what lets a page of an allowed origin read it, errors included."""
    if not settings.cors_origins:
        return response
    headers = _origin_headers(settings, request)
    return replace(response, headers=(*response.headers, *headers, ("Vary", "Origin")))


def _origin_headers(settings: Settings, request: Request) -> tuple[tuple[str, str], ...]:
    """Return the headers that name the request's origin as allowed, or none."""
    origin = request.header("Origin")
    if origin is None or not settings.cors_origins & {"*", origin}:
        return ()
    return (
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Expose-Headers", _EXPOSED_HEADERS),
    )
