"""Who may do what: bearer tokens (RFC 6750), compared in constant time."""

from __future__ import annotations

from enum import Enum
from hmac import compare_digest

from otel_worker.api.message import Request
from otel_worker.errors import NotConfigured, PermissionDenied, Unauthenticated
from otel_worker.settings import Settings

# A browser cannot set headers on a WebSocket, so it offers two subprotocols: this one and "bearer.<token>".
WEBSOCKET_SUBPROTOCOL = "otel-worker"
_BEARER_SUBPROTOCOL = "bearer."


class Access(Enum):
    """What a route needs."""

    OPEN = "open"
    INGEST = "ingest"
    READ = "read"
    SCRAPE = "scrape"
    ADMIN = "admin"


def authenticate(settings: Settings, request: Request) -> frozenset[Access]:
    """Return what the request's token allows.

    Raises NotConfigured when the collector has no AUTH_TOKEN, and Unauthenticated for no token or an
    unknown one.
    """
    if not settings.auth_token:
        raise NotConfigured(
            "this collector has no AUTH_TOKEN, so it serves nothing; set one with "
            "`wrangler secret put AUTH_TOKEN`, or in .dev.vars for local runs"
        )
    token = _bearer_token(request).encode("utf-8", "replace")
    allowed: frozenset[Access] = frozenset()
    # Every token is compared, whatever came before, so that the time says nothing.
    for known, access in (
        (settings.metrics_token, frozenset({Access.SCRAPE})),
        (settings.read_token, frozenset({Access.READ, Access.SCRAPE})),
        (settings.ingest_token, frozenset({Access.INGEST})),
        (settings.auth_token, frozenset({Access.READ, Access.SCRAPE, Access.INGEST, Access.ADMIN})),
    ):
        matches = compare_digest(token, known.encode())
        if matches and known:
            allowed |= access
    if not allowed:
        raise Unauthenticated("send the collector's token as `Authorization: Bearer <token>`")
    return allowed


def authorize(allowed: frozenset[Access], access: Access) -> None:
    """Raise PermissionDenied when the token does not allow what the route needs."""
    if access not in allowed:
        raise PermissionDenied(f"this token does not allow {access.value}; use AUTH_TOKEN")


def offered_subprotocols(request: Request) -> list[str]:
    """Return the WebSocket subprotocols the client offers (RFC 6455, section 4.2.1)."""
    header = request.header("Sec-WebSocket-Protocol") or ""
    return [name.strip() for name in header.split(",")]


def _bearer_token(request: Request) -> str:
    """Return the token of the Authorization header or, for a WebSocket, of a subprotocol; "" without one."""
    scheme, _, token = (request.header("Authorization") or "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    if (request.header("Upgrade") or "").lower() == "websocket":
        for name in offered_subprotocols(request):
            if name.startswith(_BEARER_SUBPROTOCOL):
                return name.removeprefix(_BEARER_SUBPROTOCOL)
    return ""
