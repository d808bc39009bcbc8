"""The sample trace of `otel-worker send`: an order in a shop, whose payment fails and is tried again."""

from __future__ import annotations

import secrets

from otel_worker.model import Event, Resource, Scope, Span, SpanExtras, SpanGroup, TracePart

SHOP, PAYMENTS = "sample-shop", "sample-payments"

_MILLISECOND_NANO = 1_000_000
_INTERNAL, _SERVER, _CLIENT = 1, 2, 3
_ERROR = 2
_SAMPLED = 1


def sample_trace(end_unix_nano: int) -> TracePart:
    """Return a trace of its own, by two services, that ends at this moment."""
    start = end_unix_nano - 184 * _MILLISECOND_NANO
    root, cart, first, second, failed, done = (secrets.token_hex(8) for _ in range(6))

    def span(span_id: str, parent: str, name: str, kind: int, at: int, duration: int, **more: object) -> Span:
        reason = str(more.pop("reason", ""))
        event = Event(start + (at + duration) * _MILLISECOND_NANO, "exception", {"exception.message": reason})
        return Span(
            span_id,
            parent,
            name,
            kind,
            start + at * _MILLISECOND_NANO,
            duration * _MILLISECOND_NANO,
            _ERROR if reason else 0,
            _SAMPLED,
            {key.replace("__", "."): value for key, value in more.items()},  # type: ignore[misc]
            SpanExtras(status_message=reason, events=[event]) if reason else None,
        )

    shop = [
        span(
            root, "", "POST /orders", _SERVER, 0, 184, http__route="/orders", http__response__status_code=201
        ),
        span(cart, root, "SELECT carts", _CLIENT, 4, 21, db__system__name="sqlite"),
        span(first, root, "POST /payments", _CLIENT, 30, 62, http__response__status_code=503),
        span(second, root, "POST /payments", _CLIENT, 110, 66, http__response__status_code=200),
    ]
    payments = [
        span(failed, first, "charge card", _SERVER, 35, 52, reason="the bank did not answer"),
        span(done, second, "charge card", _SERVER, 114, 57, payment__provider="sample-bank"),
    ]
    scope = Scope("otel-worker send")
    groups = [
        SpanGroup(Resource({"service.name": SHOP}), scope, shop),
        SpanGroup(Resource({"service.name": PAYMENTS}), scope, payments),
    ]
    return TracePart(secrets.token_hex(16), groups)
